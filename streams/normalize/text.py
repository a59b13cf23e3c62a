"""Titles in normal form: the words that remain when spelling, markup and typography are taken away.

`normalize` is the one fold all comparisons use: lower-case words separated by single spaces, accents
gone from Latin and Greek letters only, every other script kept. The structure of a title (subtitle, notes,
announcements) is read by `streams.matching.titles`.

The rules follow bib-dedupe (prep_title), fuzzycat, S2APLER, sandcrawler and
cometadata; each constant names its source where it has one.
"""

from __future__ import annotations

import re
import unicodedata

from streams.normalize.han import fold_han, has_han
from streams.normalize.latex import looks_like_latex, strip_latex, strip_markup
from streams.normalize.signs import read_signs

__all__ = [
    "NUMERALS",
    "SEPARATE",
    "STOPWORDS",
    "compact",
    "fold",
    "fold_words",
    "informative",
    "normalize",
    "plain",
    "read_numerals",
    "word_set",
    "words_of",
]

_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\ufe00-\ufe0f\ufffd]")
_RAISED_MINUS = re.compile("\u207b(?![\u2070\u00b9\u00b2\u00b3\u2074-\u2079])")
# A hyphen at a line's end splits a word; one inside a line joins two.
_LINE_HYPHEN = re.compile(r"(?<=[a-z])[-\u2010]\s*\n\s*(?=[a-z])")
# Marks are stripped only after Latin and Greek letters: й is not и (Radarr#8173), が is not か.
_MARKED = re.compile("([A-Za-z\u0131\u0370-\u03ff\u00c6\u00d8\u00e6\u00f8])[\u0300-\u036f]+")
_STRAY_MARKS = re.compile("[\u0300-\u036f]+(?![\u0400-\u052f])")
_SPECIAL = {
    "ø": "o", "ł": "l", "ß": "ss", "æ": "ae", "œ": "oe", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "ħ": "h", "ŋ": "n",
    "∞": " infinity ", "∂": " partial ", "√": " sqrt ", "∑": " sum ", "∏": " prod ", "∫": " int ", "∇": " nabla ",
    "×": " x ", "'": None, "\u2019": None, "\u2018": None, "`": None, "\u00b4": None, "\u02bc": None,
    "\u2032": None, "\u02bb": None, "\u201b": None, "&": " and ", "\u02b9": None, "·": " ",
}  # fmt: skip
_FOLD = str.maketrans(_SPECIAL)
_GREEK_NAMES = dict(
    zip(
        "αβγδεζηθικλμνξοπρςστυφχψω",
        [
            "alpha",
            "beta",
            "gamma",
            "delta",
            "epsilon",
            "zeta",
            "eta",
            "theta",
            "iota",
            "kappa",
            "lambda",
            "mu",
            "nu",
            "xi",
            "omicron",
            "pi",
            "rho",
            "sigma",
            "sigma",
            "tau",
            "upsilon",
            "phi",
            "chi",
            "psi",
            "omega",
        ],
        strict=True,
    )
)
# A Greek letter alone is a symbol and reads as its name; two together are a Greek word and stay.
_LONE_GREEK = re.compile("(?<![\u0370-\u03ff\u1f00-\u1fff])([α-ω])(?![\u0370-\u03ff\u1f00-\u1fff])")
# A short run of Greek letters beside Latin ones is symbols, too: αβ T cells.
_GREEK_PAIR = re.compile("(?<![\u0370-\u03ff\u1f00-\u1fff])([α-ω])([α-ω])(?![\u0370-\u03ff\u1f00-\u1fff])")
# Letters and digits, and the vowel signs of the Indic, Thai and Arabic scripts, which are marks to Unicode. A point
# between two numbers is a part of one number.
_WORD = re.compile(
    "(?:[^\\W_]|[\u0300-\u036f\u064b-\u065f\u0900-\u0dff\u0e31-\u0e4e])+(?:(?<=[0-9])[.][0-9](?:[^\\W_])*)?"
)
_ASCII_WORD = re.compile("[a-z0-9]+(?:(?<=[0-9])[.][0-9][a-z0-9]*)?")
_LETTERS = re.compile("[a-z]+")
SEPARATE = bytes(code if chr(code).isalnum() else 32 for code in range(128)) + bytes(range(128, 256))
"""Makes blanks of all that is no letter or digit in ASCII; to translate bytes costs a tenth of translating text."""

_ROMAN = {
    "i": "1", "ii": "2", "iii": "3", "iv": "4", "v": "5", "vi": "6", "vii": "7", "viii": "8", "ix": "9", "x": "10",
    "xi": "11", "xii": "12", "xiii": "13", "xiv": "14", "xv": "15", "xvi": "16", "xvii": "17", "xviii": "18", "xix": "19",
    "xx": "20",
}  # fmt: skip
_UNITS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11,
    "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19,
}  # fmt: skip  # source: bib-dedupe prep_title, to twelve
_TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip
_CUES = "part|pt|parts|teil|parte|partie|volume|vol|band|chapter|chap|section|sect|phase|series|ser|type|no|number|paper|report|study|case|book|level|stage|class|group|generation|grade"  # noqa: E501
_CUED_ROMAN = re.compile(rf"\b((?:{_CUES})\.?\s+)([ivx]+)\b")
# At the end of a title or of its main part: "... equations II", "... singularities. V. Survey", "... (III)".
_FINAL_ROMAN = re.compile(r"(?<=[\w)\]}.:,;\s(-])\b([iv]+|[ivx]{2,})\b(?=\s*[.:;)\]]|\s*$|,\s)")
# "sixty-eight" is a number, the beginning of "twenty-first" is none.
_SPELLED = re.compile(
    rf"\b(?:(?<!ty[-\s])({'|'.join(_TENS)})(?:[-\s](one|two|three|four|five|six|seven|eight|nine)\b|(?![-\s](?:first|second|third|\w+t[hy])\b))|"
    rf"({'|'.join(_UNITS)}))\b"
)
NUMERALS = frozenset((*_ROMAN, *_UNITS, *_TENS))
"""The words of which a folded text has one if it has a numeral."""
_NUMERALS = frozenset(word.encode() for word in NUMERALS)


def word_set(text: str) -> frozenset[str]:
    """Return the words of a text as a set, the form in which word lists are written."""
    return frozenset(text.split())


STOPWORDS = word_set(
    "a an and are as at be by de der des die das den dem do does for from how in into is it its la le les of on or ou "
    "over per some that the their this through to toward towards under un une und using via was we what when where which "
    "who why with within et el en los las del para por sur dans aus bei zur zum im von mit uber fur il lo gli della di "
    "e y i o da dos em no na s t new about after between during not can"
)


def plain(text: str) -> str:
    """Return a text as a person reads it: no tags, entities or LaTeX, NFKC, single spaces; case and punctuation kept."""
    if "&" in text or "<" in text:
        text = strip_markup(text)
    if looks_like_latex(text):
        text = strip_latex(text)
    if "\n" in text:
        text = _LINE_HYPHEN.sub("", text)
    if not text.isascii():
        # A raised minus is a charge; as a plain one it would be a hyphen.
        text = unicodedata.normalize("NFKC", _INVISIBLE.sub("", _RAISED_MINUS.sub("(-)", text)))
    if text.isprintable() and "  " not in text:
        return text.strip()
    return " ".join(text.split())


def fold(text: str) -> str:
    """Return a text in lower case, without accents on Latin and Greek, with signs, symbols and lone Greek letters by name."""
    return _fold_letters(read_signs(text))


def _fold_letters(text: str) -> str:
    if not text.isascii():
        return _fold_unicode(text).translate(_FOLD)
    text = text.lower()
    return text.translate(_FOLD) if "'" in text or "&" in text or "`" in text else text


def _fold_unicode(text: str) -> str:
    text = unicodedata.normalize("NFKD", text.lower())
    text = _MARKED.sub(r"\1", text)
    text = unicodedata.normalize("NFC", text)
    text = _STRAY_MARKS.sub("", text)
    if has_han(text):
        text = fold_han(text)
    text = _LONE_GREEK.sub(lambda m: f" {_GREEK_NAMES[m.group(1)]} ", text)
    if _GREEK_PAIR.search(text):
        text = _GREEK_PAIR.sub(lambda m: f" {_GREEK_NAMES[m.group(1)]} {_GREEK_NAMES[m.group(2)]} ", text)
    return text


def read_numerals(text: str) -> str:
    """Return a folded text with Roman numerals beside a cue or at the end, and number words, as digits."""
    words = text.encode().translate(SEPARATE).split() if text.isascii() else map(str.encode, _LETTERS.findall(text))
    if _NUMERALS.isdisjoint(words):
        return text
    text = _CUED_ROMAN.sub(lambda m: m.group(1) + _ROMAN.get(m.group(2), m.group(2)), text)
    text = _FINAL_ROMAN.sub(lambda m: _ROMAN.get(m.group(1), m.group(1)), text)
    return _SPELLED.sub(_spelled, text)


def _spelled(match: re.Match[str]) -> str:
    tens, unit, alone = match.groups()
    return str(_TENS[tens] + _UNITS.get(unit, 0)) if tens else str(_UNITS[alone])


def words_of(folded: str) -> str:
    """Return the words of folded text, separated by single spaces; a decimal number is one word."""
    if not folded.isascii():
        return " ".join(_WORD.findall(folded))
    # Most titles have no point but the one at their end.
    if "." not in folded[:-1]:
        return b" ".join(folded.encode().translate(SEPARATE).split()).decode()
    return " ".join(_ASCII_WORD.findall(folded))


def normalize(text: str) -> str:
    r"""Return the words of a text in normal form, separated by single spaces; `""` where it has none.

    >>> normalize(r"The $\alpha$-Divergence, Part II")
    'the alpha divergence part 2'
    """
    return words_of(read_numerals(fold(plain(text))))


def fold_words(text: str) -> str:
    """Return the words of a text, folded, without reading numerals: for names of people and journals."""
    return words_of(_fold_letters(text if text.isascii() else plain(text)))


def compact(normal: str) -> str:
    """Return a normal form without its spaces: equal for `data base` and `database`, `H^s` and `Hs`."""
    return normal.replace(" ", "")


def informative(normal: str) -> list[str]:
    """Return the words of a normal form that are no stop words, in order."""
    return [word for word in normal.split(" ") if word and word not in STOPWORDS]
