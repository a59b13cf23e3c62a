"""Two records side by side: for each field the level of likeness they reach.

A level is a word such as `exact_long` or `unknown`; its weight in bits stands in `weights.toml`. What is
missing on one side is `unknown`, never a conflict.
"""

from __future__ import annotations

from rapidfuzz import fuzz

from streams.matching.features import AUTHORS_CUT, IS_PREPRINT, STOP_TITLE, Features
from streams.matching.fingerprint import likeness
from streams.names import Agreement, agreement, family_in_common
from streams.text import STOPWORDS

__all__ = [
    "FIELDS",
    "abstract_level",
    "authors_level",
    "identifier_level",
    "journal_level",
    "place_level",
    "title_level",
    "year_level",
]

FIELDS = ("title", "authors", "year", "abstract", "place", "journal", "identifier")

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
CLOSE = 94.0
NEAR = 86.0
SIMILAR = 70.0
_EXACT = ("exact_tiny", "exact_tiny", "exact_short", "exact_short", "exact_mid", "exact_mid")


def _weight_of_words(title: str) -> int:
    return sum(1 for word in title.split(" ") if word not in STOPWORDS)


def title_level(a: Features, b: Features) -> tuple[str, float]:
    """The level of the titles and their likeness, 0 to 100 (the best over other titles)."""
    one, two = a.title, b.title
    if not one or not two:
        return "unknown", 0.0
    if one == two or one.replace(" ", "") == two.replace(" ", ""):
        return _exact(a, b, one), 100.0
    if a.others or b.others:
        theirs = {two, *b.others}
        if one in theirs or any(other in theirs for other in a.others):
            return _exact(a, b, one), 100.0
    level = _contained(a, b)
    ratio = fuzz.ratio(one, two, score_cutoff=SIMILAR if not level else 0.0)
    if ratio >= CLOSE:
        return "close", ratio
    if level:
        return level, max(ratio, SIMILAR)
    if ratio >= NEAR:
        return "near", ratio
    return ("similar", ratio) if ratio >= SIMILAR else ("different", ratio)


def _exact(a: Features, b: Features, title: str) -> str:
    if (a.flags | b.flags) & STOP_TITLE:
        return "exact_stop"
    words = _weight_of_words(title)
    return _EXACT[words] if words < len(_EXACT) else "exact_long"


def _contained(a: Features, b: Features) -> str:
    """Whether one title is the other's main title, its subtitle left out."""
    if not (a.cut or b.cut) or (a.flags | b.flags) & STOP_TITLE:
        return ""
    one, two = a.main, b.main
    if one != two or (a.cut and b.cut):
        if one != b.title and two != a.title:
            return ""
        one = a.title if len(a.title) < len(b.title) else b.title
    return "main_long" if _weight_of_words(one) >= 4 else "main_short"


def authors_level(a: Features, b: Features) -> tuple[str, Agreement]:
    """The level of the author lists, and how many names pair up."""
    one, two = a.authors, b.authors
    if not one or not two:
        return "unknown", Agreement(0, len(one), len(two))
    found = agreement(one, two)
    if not found.matched:
        return _no_author_in_common(a, b), found
    if found.matched == found.shorter:
        if a.n_authors == b.n_authors or found.shorter >= 8:
            return ("same_many" if found.matched > 2 else "same_two" if found.matched == 2 else "same_one"), found
        return ("contained" if found.matched > 1 or (a.flags | b.flags) & AUTHORS_CUT else "contained_one"), found
    return ("most" if found.matched * 2 >= found.shorter else "some"), found


def _no_author_in_common(a: Features, b: Features) -> str:
    one, two = a.authors, b.authors
    if one[0][0] == "*" or two[0][0] == "*":
        return "group"  # a collaboration on one side, persons on the other: not known, no conflict
    if _latin(one) != _latin(two):
        return "unknown"  # names in two scripts cannot be compared
    if (a.flags | b.flags) & AUTHORS_CUT:
        return "cut"  # whom we have not kept cannot be missed
    return "family" if family_in_common(one, two) else "none"


def _latin(names: tuple[str, ...]) -> bool:
    """Whether all names are in Latin letters (up to U+024F)."""
    return all(name.isascii() or max(name) < "\u0250" for name in names)


def year_level(a: Features, b: Features) -> str:
    """The level of the years' distance."""
    one, two = a.date // 10000, b.date // 10000
    if not one or not two:
        return "unknown"
    gap = abs(one - two)
    if gap == 0:
        return "same"
    if gap <= 2:
        return "one" if gap == 1 else "two"
    return "four" if gap <= 4 else "more"


def abstract_level(a: Features, b: Features) -> str:
    """The level of the abstracts' likeness."""
    found = likeness(a.abstract, b.abstract)
    if found < 0:
        return "unknown"
    if found >= 0.55:
        return "same"
    return "similar" if found >= 0.25 else "different"


def place_level(a: Features, b: Features) -> str:
    """Volume and first page: printed at the same place, at two (`twice`), or not known."""
    if a.page and b.page:
        if a.page == b.page or a.page.lstrip(_LETTERS) == b.page.lstrip(_LETTERS):
            return "same" if a.volume == b.volume and a.volume else "page"
        if a.page == "1" or b.page == "1":  # journals with article numbers begin each article at page 1
            return "unknown"
        return "twice" if a.volume and b.volume and a.volume != b.volume else "conflict"
    if a.volume and b.volume and a.volume != b.volume:
        return "volume"
    return "unknown"


def journal_level(a: Features, b: Features) -> str:
    """The containers: names compared by the first letters of their words, so that abbreviations agree."""
    one, two = a.journal, b.journal
    if not one or not two or (a.flags | b.flags) & IS_PREPRINT:
        return "unknown"
    if one == two:
        return "same"
    left, right = one.split(" "), two.split(" ")
    short, long = (left, right) if len(left) <= len(right) else (right, left)
    if (
        all(x.startswith(y) or y.startswith(x) for x, y in zip(short, long, strict=False))
        and len(long) - len(short) < 2
    ):
        return "same"
    return "same" if one.replace(" ", "")[:5] == two.replace(" ", "")[:5] else "different"


def identifier_level(a: Features, b: Features) -> tuple[str, str]:
    """The level of the identifiers and, where one is shared, which."""
    if not a.ids or not b.ids:
        return "unknown", ""
    for value in a.ids:
        if value in b.ids:
            return "same", value
    one = next((value for value in a.ids if value.startswith("doi:")), "")
    two = next((value for value in b.ids if value.startswith("doi:")), "")
    if one and two:
        return ("registrant" if one.partition("/")[0] == two.partition("/")[0] else "different"), ""
    return "unknown", ""
