"""Signs that distinguish two titles, as words: C and C++, D and D*, e+p and e-p, B-tree and B+-tree, 2.4 and 24.

Punctuation is no part of a title's normal form, so a sign that distinguishes must become a word first. Which signs do is
a convention of a field, so each convention is a row of its own. Where sources lose a sign as often as they keep
it, the more frequent form is read without a sign: `Na+` as `Na`, `CD4+` as `CD4`, but `CD4(-)` as `CD4 minus`; the
electron in `e-p` as in `ep`, but the positron in `e+p` as `e plus p`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

__all__ = ["SIGNS", "Sign", "read_signs", "signs_in"]

_Words = str | Callable[[re.Match[str]], str]


class Sign(NamedTuple):
    """A convention: text that must occur, the pattern, the words it is read as; an example, and how the example is read."""

    occurs: str
    pattern: re.Pattern[str]
    words: _Words
    example: str
    reads: str


_GREEK = "alpha|beta|gamma|delta|eta|theta|kappa|lambda|mu|nu|xi|pi|rho|sigma|tau|phi|chi|psi|omega"
# A symbol: one letter that is no part of a word, or a Greek letter's name, behind which LaTeX leaves a blank.
_SYMBOL = rf"(?<![A-Za-z0-9'])(?P<one>[A-Za-zα-ωΑ-Ω]|(?:{_GREEK})(?=\W)\s?)"
_CHARGED = r"(?<![A-Za-z0-9])(?P<one>(?i:e|mu|tau|pi|k|w)|μ|τ|π)"
_PARTICLE = r"(?:(?i:e|mu|tau|pi|k|w|p|n|d|a|x|nu|gamma)|μ|τ|π|ν|γ)(?![A-Za-z])"
# H+ and K+ of biology, where the sign is often lost: K+ channel, H+-ATPase.
_ION = (
    r"[-\s/,]*(?:K\b|Na|Cl\b|ATP|PP|channel|current|transport|exchang|efflux|influx|pump|gradient|symport|antiport|coupl|"
    r"ions?\b|uptake|secret|leak|homeo|concentr|conduct)"
)
# Where the letter numbers a thing of a kind, the star is that of a footnote.
_NO_FOOTNOTE = "".join(
    f"(?<!{word} )" for word in ("itamin", "epatitis", "[Pp]art", "[Tt]ype", "[Gg]roup", "lass", "art")
)


def _without_commas(match: re.Match[str]) -> str:
    return match[0].replace(",", "")


def _without_points(match: re.Match[str]) -> str:
    return match[0].replace(".", " ")


def _genotype(match: re.Match[str]) -> str:
    return f" {'plus' if match[1] == '+' else 'minus'} {'plus' if match[2] == '+' else 'minus'} "


def _prime(match: re.Match[str]) -> str:
    """Read an apostrophe as a prime, unless a mark before it may have opened a quotation that it closes."""
    return match[0] if "'" in match.string[: match.start()] else f"{match['one']} prime "


def _sign(occurs: str, pattern: str, words: _Words, example: str, reads: str) -> Sign:
    return Sign(occurs, re.compile(pattern), words, example, reads)


# The order counts: text that an earlier row has replaced is hidden from later rows.
SIGNS: tuple[Sign, ...] = (
    _sign(".", r"\d+(?:\.\d+){2,}", _without_points, "version 1.2.3", "version 1 2 3"),
    _sign(".", r"(?<![\w.])(?<!\d )\.(?=\d)", "0.", "p < .05", "p 0.05"),
    _sign(".", r"(?<=\d)\.0+(?![\d.])", "", "3.0 T magnets", "3 t magnets"),
    _sign("\u00b7", r"(?<=\d)\u00b7(?=\d)", ".", "p < 0·05", "p 0.05"),
    _sign(",", r"(?<![\d,.])\d{1,3}(?:,\d{3})+(?!\d)", _without_commas, "1,573 cases", "1573 cases"),
    _sign("/", r"(?<=\w)\(?([+-])/([+-])\)?(?!\w)", _genotype, "p53-/- mice", "p53 minus minus mice"),
    _sign(
        "+", r"(?<![A-Za-z0-9])([A-Za-z])\+\+(?![+A-Za-z])", r"\1 plus plus ", "C++11 threads", "c plus plus 11 threads"
    ),
    _sign("+", r"(?<![A-Za-z0-9])(\d+|[A-Za-z])\s?\+\s?(?=\d)", r"\1 plus ", "2+1 dimensions", "2 plus 1 dimensions"),
    # A particle with its antiparticle: the signs say no more than the pair does, and many leave them out.
    _sign(
        "+",
        rf"{_CHARGED}\s?(?:\+\s?(?P=one)\s?(?:-|\u2212|\(-\))|(?:-|\u2212|\(-\))\s?(?P=one)\s?\+)(?!\w)",
        r"\g<one> \g<one> ",
        "e+e- annihilation",
        "e e annihilation",
    ),
    _sign(
        "+", rf"{_CHARGED}\s?(?:\+|\(\+\))\s?(?={_PARTICLE})", r"\g<one> plus ", "e+p scattering", "e plus p scattering"
    ),
    _sign("+", rf"(?<![A-Za-z0-9])([HKhk])(?:\+|\(\+\))(?![\w+])(?!{_ION})", r"\1 plus ", "H+ on D2", "h plus on d2"),
    _sign(
        "+",
        rf"(?<![A-Za-z0-9])([A-GIJL-Za-gijl-zα-ω]|(?:{_GREEK})\s?)(?:\+|\(\+\))(?=$|[^\w+]|trees?\b)",
        r"\1 plus ",
        "B+-trees",
        "b plus trees",
    ),
    _sign("(-)", rf"(?<![A-Za-z])([A-Za-zα-ω]|(?:{_GREEK})\s?)\(-\)", r"\1 ", "e(-)p scattering", "e p scattering"),
    _sign(
        "(-)", r"(?<![A-Za-z0-9])(Cl|Br|F|I|OH|HCO3|NO[23]|SO4|PO4|S?CN)\(-\)", r"\1 ", "Cl(-) channels", "cl channels"
    ),
    _sign("(-)", r"(?<=[A-Za-z0-9])\(-\)|(?<!\w)\(-\)-?", " minus ", "(-)-menthol", "minus menthol"),
    _sign(
        "- ",
        r"(?<![A-Za-z0-9])(CD\d{1,3}[a-z]?|HER2)- (?!(?:and|or|to|und|oder|et|ou|y|e)\b)",
        r"\1 minus ",
        "CD4- cells",
        "cd4 minus cells",
    ),
    _sign("*", rf"{_NO_FOOTNOTE}{_SYMBOL}(?:\*|\(\*\))(?![\w*])", r"\g<one> star ", "C*-algebras", "c star algebras"),
    _sign("*", r"(?<![A-Za-z0-9])([A-Z][a-z])\*(?![\w*])", r"\1 star ", "Ds* mesons", "ds star mesons"),
    _sign("#", r"(?<![A-Za-z0-9])([A-Za-z])#(?!\w)", r"\1 sharp ", "F# compilers", "f sharp compilers"),
    _sign("\u2032", rf"{_SYMBOL}\u2032(?!\w)", r"\g<one> prime ", "η′ decays", "eta prime decays"),
    # Not in l'Europe, d' Alembert or O' Neil.
    _sign(
        "'",
        rf"(?<![\w'])(?![oldsncjmt]'|[OLD]'\s?\w)(?P<one>[A-Za-zα-ω]|{_GREEK})'(?![\w'])",
        _prime,
        "Z' bosons",
        "z prime bosons",
    ),
)
_BY_TEXT: tuple[tuple[str, tuple[tuple[re.Pattern[str], _Words], ...]], ...] = tuple(
    (occurs, tuple((row.pattern, row.words) for row in SIGNS if row.occurs == occurs))
    for occurs in dict.fromkeys(row.occurs for row in SIGNS)
)
_NO_SIGN = bytes(set(range(128)) - set(b".,/+*#'"))
# Nearly all points and commas are no part of a number; these patterns begin with a letter and so are found fast.
_IN_NUMBER = {".": re.compile(r"\.\d"), ",": re.compile(r",\d\d\d")}
_TYPOGRAPHIC = str.maketrans({"\u2217": "*", "\u22c6": "*", "\u2605": "*", "\u266f": "#", "\u2019": "'"})


_SMALL_WORDS = "an|as|at|be|by|do|en|et|he|if|in|is|it|la|le|my|no|of|on|or|so|to|un|up|us|we"
_READ = re.compile(
    rf"(?<!\S)(?!(?:{_SMALL_WORDS})\s)(?:\w\w?|\d+|{_GREEK}) (?:plus plus|plus|star|sharp|prime)(?!\S)|"
    r"(?<!\S)minus(?: minus)?(?!\S)"
)


def signs_in(normal: str) -> list[str]:
    """Return the signs among the words of a title in normal form, in order of the alphabet.

    A sign follows a symbol, which is one or two letters, a number or a Greek letter's name; without a symbol before it, its
    word is an ordinary word of the title. Two titles whose signs differ are two.

    >>> signs_in("sharp bounds for c star algebras")
    ['c star']
    """
    if "plus" in normal or "minus" in normal or "star" in normal or "sharp" in normal or "prime" in normal:
        return sorted(_READ.findall(normal))
    return []


def read_signs(text: str) -> str:
    """Replace the signs of a text by words, all else unchanged; the text must have its original case."""
    if text.isascii():
        if not text.encode().translate(None, _NO_SIGN) and "(-)" not in text and "- " not in text:
            return text
    else:
        text = text.translate(_TYPOGRAPHIC).replace("(\u2212)", "(-)").replace("(\u2013)", "(-)")
    for occurs, rows in _BY_TEXT:
        if occurs in text and (occurs not in _IN_NUMBER or _IN_NUMBER[occurs].search(text)):
            for pattern, words in rows:
                text = pattern.sub(words, text)
    return text
