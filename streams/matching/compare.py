"""Two records side by side: for each field the level of likeness they reach.

A level is a word such as `exact_long` or `unknown`; its weight in bits stands in `weights.toml`. What is
missing on one side is `unknown`, never a conflict.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from rapidfuzz import fuzz
from rapidfuzz.distance import DamerauLevenshtein

from streams.matching.doi_classes import IN_ARCHIVE, doi_class
from streams.matching.features import AUTHORS_CUT, IS_PREPRINT, STOP_TITLE, Features
from streams.matching.fingerprint import likeness
from streams.matching.guards import Difference, difference
from streams.names import Agreement, agreement, family_in_common, initials_in_common
from streams.text import STOPWORDS, word_set

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
NEAR = 86.0
SIMILAR = 70.0
MAIN = 55.0
_EXACT = ("exact_tiny", "exact_tiny", "exact_short", "exact_short", "exact_mid", "exact_mid")


class TitleMatch(NamedTuple):
    """How two titles agree: the level, their likeness 0 to 100, and the words only one of them has."""

    level: str
    ratio: float
    difference: Difference


_SAME = Difference((), ())


def _informative(title: str) -> int:
    return sum(1 for word in title.split(" ") if word not in STOPWORDS)


def title_level(a: Features, b: Features) -> TitleMatch:
    """The level of the titles; other titles (translated, original) count where they are equal."""
    one, two = a.title, b.title
    if not one or not two:
        return TitleMatch("unknown", 0.0, _SAME)
    if one == two:
        return TitleMatch(_exact(a, b, one), 100.0, _SAME)
    letters_one, letters_two = one.replace(" ", ""), two.replace(" ", "")
    if letters_one == letters_two:
        return TitleMatch(_exact(a, b, one), 100.0, _SAME)
    if a.others or b.others:
        shared = {one, *a.others} & {two, *b.others}
        if shared:
            return TitleMatch(_exact(a, b, max(shared, key=lambda title: (len(title), title))), 100.0, _SAME)
    # Most candidates end here: titles that only share some words.
    ratio = fuzz.ratio(one, two, score_cutoff=MAIN)
    within = letters_one in letters_two or letters_two in letters_one
    if ratio < SIMILAR and not within and not ((a.cut or b.cut) and a.main == b.main):
        return TitleMatch("different", ratio, _SAME)
    found = difference(one, two)
    level = _contained(a, b, found, within)
    if not level and ratio >= NEAR:
        level = _wording(found)
    if not level and ratio >= MAIN and a.cut and b.cut and a.main == b.main:
        level = "main"
    return TitleMatch(level or ("similar" if ratio >= SIMILAR else "different"), ratio, found)


def _exact(a: Features, b: Features, title: str) -> str:
    if (a.flags | b.flags) & STOP_TITLE:
        return "exact_stop"
    words = _informative(title)
    return _EXACT[words] if words < len(_EXACT) else "exact_long"


def _contained(a: Features, b: Features, found: Difference, within: bool) -> str:
    """One title within the other: its subtitle left out, or words of an indexer around it."""
    if (a.flags | b.flags) & STOP_TITLE:
        return ""
    short, long = (a, b) if len(a.title) <= len(b.title) else (b, a)
    if not within and not (long.cut and long.main == short.title):
        return ""
    words = _informative(short.title)
    size = "long" if words >= 4 else "short"
    if long.cut and (long.main == short.title or (short.cut and long.main == short.main and short.title == short.main)):
        return f"subtitle_{size}"
    if words < 2 or not within:
        return ""
    extra = [word for word in (found.a if long is a else found.b) if word not in STOPWORDS]
    if long.cut and long.title[long.cut :].strip() == short.title:
        return f"subtitle_{size}"  # "NAME: what it is" without the name
    names = [name.partition("|")[0] for name in a.authors + b.authors]
    noise = sum(1 for word in extra if _is_noise(word, names))
    if 2 * noise >= len(extra):
        return f"noisy_{size}"
    return f"prefix_{size}" if long.title.startswith(short.title) else "inner"


def _is_noise(word: str, names: list[str]) -> bool:
    """Whether a word beside a title is a venue's, a year, an initial, or (a piece of) an author's name."""
    if word in _NOISE or (len(word) == 1 and word.isalpha()) or _YEAR.fullmatch(word):
        return True
    return any(word == name or (len(word) > 2 and (name.startswith(word) or name.endswith(word))) for name in names)


def _wording(found: Difference) -> str:
    """What kind of words two nearly equal titles differ in: misspelt, more on one side, or others."""
    one = "".join(word for word in found.a if word not in STOPWORDS)
    two = "".join(word for word in found.b if word not in STOPWORDS)
    if one == two:
        return "typo"
    if not one or not two:
        return "extra" if len(one) + len(two) > 3 else "typo"
    return "typo" if DamerauLevenshtein.normalized_similarity(one, two) >= 0.7 else "other"


# Words around a title that are no part of it: what harvesters leave of a venue, a file or an edition.
_NOISE = word_set(
    "conference conf proceedings proc international intl int symposium workshop journal transactions trans annual meeting "
    "abstract extended version available submitted review revised draft preprint technical report tech rep tr paper papers full "
    "short invited keynote address talk acm ieee sigmod vldb siam lncs springer elsevier arxiv pdf ps html th st nd rd vol no pp "
    "issue article original appear published accepted press university dept department thesis online copy author authors "
    "manuscript "
    "demo demonstration poster presented proceeding january february march april june july august september october november "
    "december record lecture notes computer science et al management data very large bases eds editor"
)
_YEAR = re.compile(r"(?:19|20)\d\d")


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
    if family_in_common(one, two):
        return "family"
    return "initials" if initials_in_common(one, two) > 1 else "none"


def _latin(names: tuple[str, ...]) -> bool:
    """Whether no name is in another script; a stray letter of one is an error of encoding."""
    return all(name.isascii() or not _FOREIGN.search(name) for name in names)


# Ideographs and kana, or three letters on end of any other script.
_FOREIGN = re.compile("[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff]|[\u0370-\u2dff]{3}")


def year_level(a: Features, b: Features) -> str:
    """The level of the years' distance."""
    one, two = a.date // 10000, b.date // 10000
    if not one or not two:
        return "unknown"
    gap = abs(one - two)
    if gap == 0:
        # A day both sides name; 1 January is how many sources write a bare year.
        return "day" if a.date == b.date and a.date % 100 and a.date % 10000 != 101 else "same"
    if gap <= 4 and (a.flags | b.flags) & IS_PREPRINT:
        # A preprint comes out some years before its journal (cometadata: 0 to 2 usual, 4 possible).
        return "lag" if gap <= 2 else "long_lag"
    if gap <= 2:
        return "one" if gap == 1 else "two"
    return "four" if gap <= 4 else "more"


def abstract_level(a: Features, b: Features) -> str:
    """The level of the abstracts' likeness."""
    if not a.abstract or not b.abstract:
        return "unknown"
    found = likeness(a.abstract, b.abstract)
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
        if a.volume and a.volume == b.volume and a.number and a.number == b.number:
            return "issue"  # two articles of an issue, or one whose page is miswritten
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
    alike = all(x.startswith(y) or y.startswith(x) for x, y in zip(short, long, strict=False))
    if alike and (
        len(short) > 1 or len(long) == 1
    ):  # "J Clin Virol: official publication of ..."; not Diabetes, Diabetes Care
        return "same"
    return "different"


def identifier_level(a: Features, b: Features) -> tuple[str, str]:
    """The level of the identifiers and, where one is shared, which."""
    if not a.ids or not b.ids:
        return "unknown", ""
    for value in a.ids:
        if value in b.ids:
            return "same", value
    one = next((value for value in a.ids if value.startswith("doi:")), "")
    two = next((value for value in b.ids if value.startswith("doi:")), "")
    if not one or not two:
        return "unknown", ""
    if one.partition("/")[0] == two.partition("/")[0]:
        return "registrant", ""
    if doi_class(one[4:]).kind in IN_ARCHIVE or doi_class(two[4:]).kind in IN_ARCHIVE:
        return "preprint", ""  # a preprint and its publication have a DOI each
    return "different", ""
