"""Titles in normal form: what stays of a title when spelling, markup and typography are taken away.

`normalize` is the one fold all comparisons use: lower-case words separated by single spaces, accents
gone from Latin and Greek letters only, every other script kept. `title_forms` reads a title's structure:
main title and subtitle, lead-ins, language tags, the kind of derived work it announces.

The rules follow what is known from bib-dedupe (prep_title), fuzzycat, S2APLER, sandcrawler and
cometadata; each constant names its source where it has one.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import msgspec

from streams.latex import looks_like_latex, strip_latex, strip_markup

__all__ = ["TitleForms", "compact", "fold_words", "informative", "normalize", "plain", "title_forms"]

_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\ufe00-\ufe0f\ufffd]")
# A hyphen at a line's end splits a word; one inside a line joins two.
_LINE_HYPHEN = re.compile(r"(?<=[a-z])[-\u2010]\s*\n\s*(?=[a-z])")
# Marks are stripped only after Latin and Greek letters: й is not и (Radarr#8173), が is not か.
_MARKED = re.compile("([A-Za-z\u0131\u0370-\u03ff\u00c6\u00d8\u00e6\u00f8])[\u0300-\u036f]+")
_STRAY_MARKS = re.compile("[\u0300-\u036f]+(?![\u0400-\u052f])")
_SPECIAL = {
    "ø": "o", "ł": "l", "ß": "ss", "æ": "ae", "œ": "oe", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "ħ": "h", "ŋ": "n",
    "∞": " infinity ", "∂": " partial ", "√": " sqrt ", "∑": " sum ", "∏": " prod ", "∫": " int ", "∇": " nabla ",
    "×": " x ", "'": None, "\u2019": None, "\u2018": None, "`": None, "\u00b4": None, "\u02bc": None, "\u02b9": None,
    "\u2032": None, "\u02bb": None, "\u201b": None, "&": " and ", "ʹ": None, "·": " ",
}  # fmt: skip
_FOLD = str.maketrans(_SPECIAL)
_GREEK_NAMES = dict(
    zip(
        "αβγδεζηθικλμνξοπρςστυφχψω",
        "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma sigma tau upsilon "
        "phi chi psi omega".split(),
        strict=True,
    )
)
# A Greek letter alone is a symbol and reads as its name; two together are a Greek word and stay.
_LONE_GREEK = re.compile("(?<![\u0370-\u03ff\u1f00-\u1fff])([α-ω])(?![\u0370-\u03ff\u1f00-\u1fff])")
# Letters and digits, and the vowel signs of the Indic, Thai and Arabic scripts, which are marks to Unicode.
_WORD = re.compile("(?:[^\\W_]|[\u0300-\u036f\u064b-\u065f\u0900-\u0dff\u0e31-\u0e4e])+")
_ASCII_WORD = re.compile("[a-z0-9]+")

_ROMAN = {
    "i": "1", "ii": "2", "iii": "3", "iv": "4", "v": "5", "vi": "6", "vii": "7", "viii": "8", "ix": "9", "x": "10",
    "xi": "11", "xii": "12", "xiii": "13", "xiv": "14", "xv": "15", "xvi": "16", "xvii": "17", "xviii": "18", "xix": "19",
    "xx": "20",
}  # fmt: skip
_NUMBER_WORDS = {
    "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9",
    "ten": "10", "eleven": "11", "twelve": "12",
}  # fmt: skip  # source: bib-dedupe prep_title
_CUES = "part|pt|parts|teil|parte|partie|volume|vol|band|chapter|chap|section|sect|phase|series|ser|type|no|number|paper|report|study|case|book|level|stage|class|group|generation|grade"  # noqa: E501
_CUED_ROMAN = re.compile(rf"\b((?:{_CUES})\.?\s+)([ivx]+)\b")
# At the end of a title or of its main part: "... equations II", "... singularities. V. Survey", "... (III)".
_FINAL_ROMAN = re.compile(r"(?<=[\w)\]}.:,;\s(-])\b([iv]+|[ivx]{2,})\b(?=\s*[.:;)\]]|\s*$|,\s)")
_SPELLED = re.compile(r"\b(one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)\b")
_MAYBE_NUMERAL = re.compile(r"\b[ivx]+\b")

STOPWORDS = frozenset(
    "a an and are as at be by de der des die das den dem do does for from how in into is it its la le les of on or ou "
    "over per some that the their this through to toward towards under un une und using via was we what when where which "
    "who why with within et el en los las del para por sur dans aus bei zur zum im von mit uber fur il lo gli della di "
    "e y i o da dos em no na s t new about after between during not can".split()
)


def plain(text: str) -> str:
    """Text as a person reads it: no tags, entities or LaTeX, NFKC, single spaces; case and punctuation kept."""
    if "&" in text or "<" in text:
        text = strip_markup(text)
    if looks_like_latex(text):
        text = strip_latex(text)
    if "\n" in text:
        text = _LINE_HYPHEN.sub("", text)
    if not text.isascii():
        text = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text))
    return " ".join(text.split())


def _fold(text: str) -> str:
    """Lower case; accents off Latin and Greek; symbols and lone Greek letters by name."""
    text = text.lower() if text.isascii() else _fold_unicode(text)
    return text.translate(_FOLD)


def _fold_unicode(text: str) -> str:
    text = unicodedata.normalize("NFKD", text.lower())
    text = _MARKED.sub(r"\1", text)
    text = unicodedata.normalize("NFC", text)
    text = _STRAY_MARKS.sub("", text)
    return _LONE_GREEK.sub(lambda m: f" {_GREEK_NAMES[m.group(1)]} ", text)


def _numerals(text: str) -> str:
    """Roman numerals beside a cue or at the end, and number words, as digits."""
    if _MAYBE_NUMERAL.search(text):
        text = _CUED_ROMAN.sub(lambda m: m.group(1) + _ROMAN.get(m.group(2), m.group(2)), text)
        text = _FINAL_ROMAN.sub(lambda m: _ROMAN.get(m.group(1), m.group(1)), text)
    return _SPELLED.sub(lambda m: _NUMBER_WORDS[m.group(1)], text)


def _words(folded: str) -> str:
    return " ".join((_ASCII_WORD if folded.isascii() else _WORD).findall(folded))


def normalize(text: str) -> str:
    """The words of a text in normal form, separated by single spaces; `""` where it has none.

    >>> normalize("The $\\\\alpha$-Divergence of  Schr\\\\\\"odinger Operators, Part II")
    'the alpha divergence of schrodinger operators part 2'
    """
    return _words(_numerals(_fold(plain(text))))


def fold_words(text: str) -> str:
    """The words of a text, folded, with no reading of numerals: for names of people and journals."""
    return _words(_fold(text if text.isascii() else plain(text)))


def compact(normal: str) -> str:
    """A normal form without its spaces: equal for `data base` and `database`, `H^s` and `Hs`."""
    return normal.replace(" ", "")


def informative(normal: str) -> list[str]:
    """The words of a normal form that say what it is about, in order."""
    return [word for word in normal.split(" ") if word and word not in STOPWORDS]


class TitleForms(msgspec.Struct, frozen=True):
    """A title's parts in normal form.

    `main` and `rest` are the words before and after the subtitle's mark. `derived` is the kind of derived
    work the title announces (`corrects`, `comments_on`, `replies_to`, `retracts`, `reviews`, `supplements`), `""` for none; the
    announcement itself is no part of the words, so an erratum has the words of what it corrects.
    `translated` marks a title in brackets (PubMed: translated into English), `tagged` a trailing language tag,
    `ordinal` the number in the announcement (`Additional file 2: of ...`).
    """

    main: str
    rest: str = ""
    derived: str = ""
    translated: bool = False
    tagged: bool = False
    ordinal: str = ""

    @property
    def whole(self) -> str:
        """Main title and subtitle."""
        return f"{self.main} {self.rest}" if self.rest and self.main else self.main or self.rest


_LANGUAGES = (
    "afrikaans|arabic|bulgarian|catalan|chinese|croatian|czech|danish|dutch|english|estonian|finnish|flemish|french|"
    "german|greek|hebrew|hungarian|icelandic|indonesian|italian|japanese|korean|latin|latvian|lithuanian|norwegian|"
    "persian|polish|portuguese|romanian|russian|serbian|slovak|slovene|slovenian|spanish|swedish|thai|turkish|ukrainian"
)
_LANGUAGE_TAG = re.compile(
    rf"\s*[\[(]\s*(?:(?:article|text|original|paper|abstract)\s+)?(?:in\s+)?(?:{_LANGUAGES})(?:\s*[,;/&]\s*(?:{_LANGUAGES}))*"
    r"(?:\s+(?:article|text|transl\w*))?\s*[\])]\s*\.?\s*$",
    re.IGNORECASE,
)
_VERSION_TAG = re.compile(
    r"\s*\[(?:version|v)\s*\d+[^\]]*\]\s*$", re.IGNORECASE
)  # F1000: [version 1; peer review: ...]
# What indexers add to a title in brackets: [Review] [33 refs], [Erratum appears in ...], [see comment], [corrected].
_NOTE = (
    r"(?:\d+ refs?\.?|review|structured abstract|(?:published )?errat(?:um|a)[^\]]*|corrected[^\]]*|see comments?[^\]]*|"
    r"comment(?:ary)?(?: (?:in|on))?[^\]]*|retraction in[^\]]*|reprint[^\]]*|letter|editorial|summary for patients[^\]]*|"
    r"preprint|author'?s? (?:accepted )?(?:manuscript|version)|postprint|extended (?:version|abstract)|full version|in press|"
    r"open access|pdf|abstract(?: only)?|conference abstract|meeting abstract|conference paper|with discussion|discussion \d+[^\]]*)"
)
_TRAILING_NOTE = re.compile(rf"(?:\s*\.?\s*[\[(]\s*{_NOTE}\s*[\])])+\s*\.?\s*$", re.IGNORECASE)
_LEAD_IN = re.compile(
    r"^\s*(?:\[(?:html|pdf|book|ps|citation|c|b)\]\s*)+|^\s*(?:original (?:research )?(?:article|paper|contribution|investigation)|"
    r"research (?:article|paper)|regular (?:article|paper)|full paper|short communication|technical note|case report|"
    r"invited (?:review|paper|article)|special issue(?: article)?|retracted(?: article)?|withdrawn|article|clinical research|"
    r"original research|rapid communication|title|abstract(?: no\.?)? ?[a-z]{0,2}\d*)\s*[:\u2014]\s+|"
    r"^\s*\[?(?:retracted|withdrawn)(?: article)?\]\s*",
    re.IGNORECASE,
)
# A title that announces a work about another work. Each kind is a relation of streams.records.
_DERIVED: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern, re.IGNORECASE))
    for kind, pattern in (
        (
            "retracts",
            r"^\W*(?:retraction|withdrawal|expression of concern|notice of (?:retraction|withdrawal)|retraction not(?:e|ice)|retraction statement)\s*(?:to|of|for|note|:|\u2014|-|regarding)+\W*",
        ),  # noqa: E501
        (
            "corrects",
            r"^\W*(?:(?:author|publisher|editorial)s?['\u2019]?s?\s+)?(?:erratum|errata|corrigend(?:um|a)|addend(?:um|a))\b\s*(?:(?:to|for|in|on|of|zu)\b\s*)?\W*",
        ),  # noqa: E501
        (
            "corrects",
            r"^\W*(?:(?:author|publisher|editorial)s?['\u2019]?s?\s+)?corrections?\s*(?:to\b|:|\u2014|--| - )\s*(?:the article\b)?\W*",
        ),  # noqa: E501
        (
            "corrects",
            r"\s*[:\-\u2013\u2014(\[.]\s*(?:an? )?(?:erratum|errata|corrigend(?:um|a)|addend(?:um|a)|correction)\W*$",
        ),
        (
            "replies_to",
            r"^\W*(?:(?:the )?authors?['\u2019]?s?['\u2019]?\s+|in )?(?:reply|response|rejoinder|replies)\s*(?:to (?:the )?(?:comments?|letters?|editors?|discussion\w*|critique|criticism|commentary|reviewers?|referees?)\b[^:\"]{0,40}?(?:\bon\b|\bby\b|\bregarding\b|:|$)|to:|:)\W*",
        ),  # noqa: E501
        (
            "replies_to",
            r"\s*[:\-\u2013\u2014(\[?.]\s*(?:an? |the )?(?:authors?['\u2019]?s?['\u2019]?\s+)?(?:reply|response|rejoinder|replies)(?: to .{0,60}| and epilogue)?\W*$",
        ),  # noqa: E501
        (
            "comments_on",
            r"^\W*(?:(?:a |some )?(?:comments?|commentary|letter|remarks?|discussion)\s*(?:on the article|on the paper|on|to|about|regarding)?\s*:|(?:a )?comment(?:s|ary)?\s+on\b|discussion of\b|re\s*:)\W*",
        ),  # noqa: E501
        (
            "comments_on",
            r"\s*[:\-\u2013\u2014(\[?.]\s*(?:an? |invited |editorial )?(?:comments?|commentary|discussion)(?: on .{0,60})?\W*$",
        ),  # noqa: E501
        (
            "reviews",
            r"^\W*(?:book reviews?|reviews? of|faculty of 1000 evaluation for|(?:peer|referee) (?:review|report) (?:of|for|on)|recommendation of|decision letter for|(?:reviewer|referee) report for)\s*:?\W*",
        ),  # noqa: E501
        (
            "supplements",
            r"^\W*(?:additional files?\s*\w*\s*:?\s*(?:of|from)|supplement(?:ary|al)\s+(?:materials?|information|data|files?|tables?|figures?|online)\b[^:]{0,30}?(?:for|to|from|of|:)|supporting information\b[^:]{0,20}?(?:for|to|:)|(?:replication )?(?:data|code|dataset|replication (?:data|package|materials?))\s*(?:for|from|to|of)?\s*:|appendix to|MOESM\d+ of)\W*",
        ),  # noqa: E501
    )
)
# A subtitle begins at a colon, a dash between spaces, a full stop or question mark before a new sentence.
_SUBTITLE = re.compile(
    r"\s*:\s+|\s+[-\u2010-\u2015]+\s+|\s*\u2014\s*|(?<=[\w)\]]{3})\.\s+(?=\S{2})|\?\s+(?=\S)|\s*;\s+|\s+/\s+|\s*\|\s+|："
)  # noqa: E501
_BRACKETED = re.compile(r"^\s*\[(.{12,})\]\s*\.?\s*$")

_NUMBER = re.compile(r"\d+")


def _derived(text: str) -> tuple[str, str]:
    for kind, pattern in _DERIVED:
        stripped, hits = pattern.subn("", text, count=1)
        if hits:
            return kind, stripped
    return "", text


_DERIVED_HINTS = (
    "errat", "corrig", "correct", "addend", "retract", "withdraw", "concern", "repl", "respon", "rejoin", "comment", "letter",
    "remark", "discuss", "re:", "re :", "review", "1000 eval", "report", "recommend", "decision", "additional", "supple", "supporting",
    "data", "code", "appendix", "moesm",
)  # fmt: skip


@lru_cache(maxsize=4096)
def title_forms(title: str, subtitle: str = "") -> TitleForms:
    """A title, and the subtitle where the source gives it apart, in normal form."""
    text = plain(title)
    translated = False
    if text.startswith("["):
        inner = _BRACKETED.match(text)
        if inner:
            translated, text = True, inner.group(1)
    tagged = False
    if text[-1:] in ("]", ")", "."):
        noted = _TRAILING_NOTE.sub("", text)
        stripped = _LANGUAGE_TAG.sub("", noted)
        tagged = stripped != noted
        text = _TRAILING_NOTE.sub("", _VERSION_TAG.sub("", stripped)) or text
        if tagged and text.startswith("["):
            text = text.strip("[] ")
            translated = True
    text = _LEAD_IN.sub("", text, count=1) or text
    derived = ordinal = ""
    lower = text.lower()
    if any(hint in lower for hint in _DERIVED_HINTS):
        derived, stripped = _derived(text)
        if derived:
            number = _NUMBER.search(text[: len(text) - len(stripped)])
            ordinal = number.group() if number else ""
            text = stripped or text
    main, rest = _split(text, subtitle)
    return TitleForms(main, rest, derived, translated, tagged, ordinal)


def _split(text: str, subtitle: str) -> tuple[str, str]:
    # Folded and with its numerals read before it is cut: the V of "... singularities. V. Survey" is a 5.
    text = _numerals(_fold(text))
    cut = _SUBTITLE.search(text, 3)
    main = _words(text[: cut.start()] if cut else text)
    rest = _words(text[cut.end() :]) if cut else ""
    if subtitle:
        extra = normalize(subtitle)
        if extra and extra not in f"{main} {rest}":
            rest = f"{rest} {extra}".strip()
    return (main, rest) if main else (rest, "")
