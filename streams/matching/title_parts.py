"""The number of a part, volume or sequel in a title, and whether the title says that the number is one.

A number is a part's where a word says so (`Part II`, `Vol. 3`, `zweiter Teil`), where it is in brackets at the end (`(8)`), or
where it is a Roman numeral that ends the title or its main part. A number that ends a title with no such word is `bare`: a sequel
(`Studies of reefs 2`), a quantity (`surfaces of genus 8`) or a footnote mark.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from streams.normalize.text import word_set

__all__ = ["CLOSED_CUES", "CUES", "NUMERALS_OF_PARTS", "ORDINALS", "PartNumber", "part_number"]


class PartNumber(NamedTuple):
    """The numbers of a part in order, separated by spaces (`3 2` for volume 3, part 2), and the bare number at the end."""

    part: str = ""
    bare: str = ""


_NUMERALS = "i ii iii iv v vi vii viii ix x xi xii xiii xiv xv xvi xvii xviii xix xx xxi xxii xxiii xxiv xxv"
_ROMAN = {numeral: str(number) for number, numeral in enumerate(_NUMERALS.split(), 1)}
NUMERALS_OF_PARTS = frozenset(_ROMAN)
"""Roman numerals that may number a part, in lower case."""
_WORDS = {
    word: str(number)
    for number, words in enumerate(
        (
            "one first 1st premier première erster erste primer primera primeiro primeira prima první pierwsza первая первый",
            "two second 2nd deuxième seconde zweiter zweite zweites segundo segunda seconda secondo вторая второй",
            "three third 3rd troisième dritter dritte drittes tercero tercera tercer terceira terceiro terza terzo третья",
            "four fourth 4th quatrième vierter vierte cuarta cuarto quarta quarto четвертая",
            "five fifth 5th cinquième fünfter fünfte quinta quinto пятая", "six sixth 6th sixième sechster sechste sexta",
            "seven seventh 7th septième siebter siebte", "eight eighth 8th huitième achter achte",
            "nine ninth 9th neuvième neunter", "ten tenth 10th dixième zehnter", "eleven eleventh", "twelve twelfth",
        ),
        1,
    )
    for word in words.split()
}  # fmt: skip
ORDINALS = frozenset(_WORDS)
"""Number words that number a part before a word for it: `second report`."""
_EAST = {sign: str(number) for number, sign in enumerate("一二三四五六七八九十", 1)} | {"上": "1", "中": "2", "下": "3"}

# Words that say that the number behind them is a part's; the second only where nothing but a mark follows the number.
CUES = word_set(
    "part parts pt pts teil teile tl parte partie deel díl část rész часть volume volumes vol vols band bd tome tomo "
    "том fascicle fascicule fasc heft chapter chap kapitel chapitre capítulo capitulo lieferung installment "
    "instalment episode"
)
CLOSED_CUES = word_set(
    "no nr num number paper report article study book lecture lesson module unit issue iss supplement suppl round "
    "wave series ser folge mitteilung bericht communication ch cap kap del dil osa ч т"
)
# Before a Roman numeral that numbers no part: World War II, type II, factor V, copper (II).
_KINDS = word_set(
    "war wars type types phase phases stage class grade group level generation angiotensin photosystem factor complex "
    "polymerase vatican topoisomerase collagen interleukin kingdom charles henry george james john paul pius louis "
    "frederick elizabeth leo innocent boniface alexander gregory clement napoleon title diabetes bipolar model models "
    "mark apple pentium windows copper iron cobalt nickel zinc mercury lead tin gold palladium platinum manganese "
    "chromium ruthenium rhodium iridium silver cadmium vanadium uranium titanium molybdenum cation anion ion ions hiv "
    "htlv trial cuprous panel"
)
_AROUND = "()[]#.,:;?!*\"'“”‘’"
_DASHES = frozenset(("-", "–", "—", "--", ":", ".", ";"))
_DIGITS = re.compile(r"\d{1,3}[a-d]")
_NUMBERS = {
    **_ROMAN,
    **{numeral.upper(): number for numeral, number in _ROMAN.items()},
    **{letter: letter.lower() for letter in "ABCDEFGH"},
}
_BEGINNING = frozenset("0123456789IVXivxABCDEFGH([#")
_GLUED = re.compile(r"\b(?:pt|vol|no|nr|bd|ch|t|teil|part)\.(?P<number>\d{1,3}|[ivx]+)\b(?![.\d])", re.IGNORECASE)
_HYPHENED = re.compile(r"[^\W\d_]{4}-(?P<number>II|III|IV|VI{1,3}|IX)(?=[.:;]|\s[-–]|$)")
_SPELLED = re.compile(
    r"\b(?:part|teil|parte|partie)\s+(?P<number>one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|eins|zwei|drei)\b",
    re.IGNORECASE,
)
_NTH = re.compile(
    rf"\b(?P<nth>{'|'.join(word for word in _WORDS if len(word) > 2)}|\d{{1,2}}(?:\.|e|er|ère|ème|ª|º))\s+"
    r"(?:part|teil|partie|parte|paper|article|report|communication|volume|band|tome|folge|mitteilung|series|série|часть|"
    r"instal?lment|abteilung)\b(?=\s*(?:[.:;,)\]—–]|$))",
    re.IGNORECASE,
)
_EASTERN = re.compile(
    r"(?:その|第)\s*(\d{1,3}|[一二三四五六七八九十])(?:\s*(?:部分|部|報|报|巻|卷|篇|编|編|章|回|講|讲|集|辑))?|"
    r"[（(]([上中下一二三四五六七八九十])[)）]\W*$"
)
_MAYBE = re.compile(r"[\dIVX](?![a-z])")
_PART_WORD = re.compile(
    r"\b(?:part|teil|parte|partie|article|folge|series|volume|mitteilung|communication|paper|report)\b", re.IGNORECASE
)
_NONE = PartNumber()


def part_number(text: str) -> PartNumber:
    """Return the number of the part, volume or sequel that a title names, or the bare number at its end."""
    part = bare = ""
    if _MAYBE.search(text) or " ii" in text or "(ii" in text or " iv" in text:
        part, bare = _among_words(text)
        if not part and _INSIDE.search(text) and (found := _GLUED.search(text) or _HYPHENED.search(text)):
            part = _value(found["number"])
    if not part and _may_have_part_word(text) and _PART_WORD.search(text):
        named = _SPELLED.search(text) or _NTH.search(text)
        part = _value(named[1].rstrip(".ªº")) if named else _letter(text)
    if not part and not text.isascii() and ("第" in text or "その" in text or text[-1:] == ")"):
        eastern = _EASTERN.search(text)
        part = _value(eastern[1] or eastern[2]) if eastern else ""
    return PartNumber(part) if part else PartNumber("", bare) if bare else _NONE


def _may_have_part_word(text: str) -> bool:
    """Tell whether a text has letters of one of the words of `_PART_WORD`, as these are usually written."""
    return (
        "art" in text or "ART" in text or "eil" in text or "aper" in text or "eport" in text or "eries" in text
        or "olume" in text or "unication" in text or "olge" in text
    )  # fmt: skip


_INSIDE = re.compile(r"[.-][\divxIVX]+(?!\w)")


def _value(number: str) -> str:
    low = number.lower()
    return (
        _ROMAN.get(low) or _WORDS.get(low) or _EAST.get(low) or re.sub(r"^0+(?=\d)|(?<=\d)(?:e|er|ère|ème)$", "", low)
    )


_LETTERED = re.compile(r"\b(?:[Pp]art|PART|[Tt]eil|[Pp]arte|[Pp]artie) ([A-H]|[a-h](?=\s?[.:;)]|$))(?![\w'’])")


def _letter(text: str) -> str:
    found = _LETTERED.search(text)
    return found[1].lower() if found else ""


def _among_words(text: str) -> tuple[str, str]:
    """Return the numbers of parts among the words of a title, and the number that ends it where no word explains it."""
    words = (text.replace("—", " — ") if "—" in text else text).split(" ")
    cued: dict[str, None] = {}
    roman = ""
    last = len(words) - 1
    while last and not words[last].strip(_AROUND):
        last -= 1
    for at, word in enumerate(words):
        if word[:1] not in _BEGINNING:
            continue
        core = word.strip(_AROUND)
        number = _NUMBERS.get(core)
        if number is None:
            if not (core.isdecimal() and len(core) < 4) and not _DIGITS.fullmatch(core):
                continue
            number = core.lstrip("0") or "0"
        is_roman = core.lower() in _ROMAN
        before = words[at - 1] if at else ""
        cue = before.strip(_AROUND).lower()
        closed = at == last or word[-1] in ".:;,)]" or words[at + 1] in _DASHES
        if cue in CUES or (closed and cue in CLOSED_CUES):
            if at > 2 and _is_series(words[at + 1 : at + 4]):
                continue
            cued[number] = None
        elif is_roman and not roman and closed and word[-1] != "," and _numbers_title(words, at, core, cue):
            roman = number
        elif at == last and word[0] == "(" and core.isdecimal() and at:
            roman = roman or number
    if cued or roman:
        return " ".join(list(cued)[:3]) or roman, ""
    bare = words[last].strip(_AROUND)
    return "", (bare.lstrip("0") or "0") if last and bare.isdecimal() and bare.isascii() and len(bare) < 4 else ""


def _is_series(behind: list[str]) -> bool:
    """Tell whether the words behind a number name a series: `Vol. 3 of Studies in reefs`."""
    if behind[:1] != ["of"]:
        return False
    named = behind[2:] if behind[1:2] == ["the"] else behind[1:]
    return bool(named) and named[0][:1].isupper() and named[0].strip(_AROUND).lower() not in _ROMAN


def _numbers_title(words: list[str], at: int, numeral: str, cue: str) -> bool:
    """Tell whether a Roman numeral at the end of a title or of its main part numbers it."""
    if at == 0:
        return words[0][-1] in ".:"
    before = words[at - 1]
    marked = before[-1:] in ",.:;–—-" or words[at][0] == "("
    if cue in _KINDS or (words[at][0] == "(" and len(cue) < 3):
        return False
    return len(numeral) > 1 or (marked and numeral.isupper())
