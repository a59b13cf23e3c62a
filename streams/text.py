"""Titles in normal form: what stays of a title when spelling, markup and typography are taken away.

`normalize` is the one fold all comparisons use: lower-case words separated by single spaces, accents
gone from Latin and Greek letters only, every other script kept. The structure of a title (subtitle, notes,
announcements) is read by `streams.matching.titles`.

The rules follow what is known from bib-dedupe (prep_title), fuzzycat, S2APLER, sandcrawler and
cometadata; each constant names its source where it has one.
"""

from __future__ import annotations

import re
import unicodedata

from streams.latex import looks_like_latex, strip_latex, strip_markup

__all__ = [
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


def word_set(text: str) -> frozenset[str]:
    """The words of a text as a set: the form word lists are written in."""
    return frozenset(text.split())


STOPWORDS = word_set(
    "a an and are as at be by de der des die das den dem do does for from how in into is it its la le les of on or ou "
    "over per some that the their this through to toward towards under un une und using via was we what when where which "
    "who why with within et el en los las del para por sur dans aus bei zur zum im von mit uber fur il lo gli della di "
    "e y i o da dos em no na s t new about after between during not can"
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


def fold(text: str) -> str:
    """Lower case; accents off Latin and Greek; symbols and lone Greek letters by name."""
    text = text.lower() if text.isascii() else _fold_unicode(text)
    return text.translate(_FOLD)


def _fold_unicode(text: str) -> str:
    text = unicodedata.normalize("NFKD", text.lower())
    text = _MARKED.sub(r"\1", text)
    text = unicodedata.normalize("NFC", text)
    text = _STRAY_MARKS.sub("", text)
    return _LONE_GREEK.sub(lambda m: f" {_GREEK_NAMES[m.group(1)]} ", text)


def read_numerals(text: str) -> str:
    """Roman numerals beside a cue or at the end, and number words, as digits."""
    if _MAYBE_NUMERAL.search(text):
        text = _CUED_ROMAN.sub(lambda m: m.group(1) + _ROMAN.get(m.group(2), m.group(2)), text)
        text = _FINAL_ROMAN.sub(lambda m: _ROMAN.get(m.group(1), m.group(1)), text)
    return _SPELLED.sub(lambda m: _NUMBER_WORDS[m.group(1)], text)


def words_of(folded: str) -> str:
    """The words of folded text, separated by single spaces."""
    return " ".join((_ASCII_WORD if folded.isascii() else _WORD).findall(folded))


def normalize(text: str) -> str:
    r"""The words of a text in normal form, separated by single spaces; `""` where it has none.

    >>> normalize("The $\alpha$-Divergence, Part II")
    'the alpha divergence part 2'
    """
    return words_of(read_numerals(fold(plain(text))))


def fold_words(text: str) -> str:
    """The words of a text, folded, with no reading of numerals: for names of people and journals."""
    return words_of(fold(text if text.isascii() else plain(text)))


def compact(normal: str) -> str:
    """A normal form without its spaces: equal for `data base` and `database`, `H^s` and `Hs`."""
    return normal.replace(" ", "")


def informative(normal: str) -> list[str]:
    """The words of a normal form that say what it is about, in order."""
    return [word for word in normal.split(" ") if word and word not in STOPWORDS]
