"""Comparison of two records field by field: the comparison level that each field reaches.

A level is a word such as `exact_rare` or `unknown`; its match weight, in bits, is in `weights.toml`. A field that is
missing on one side is `unknown`, never a conflict.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from rapidfuzz import fuzz

from streams.matching.feature_values import AUTHORS_CUT, IS_PREPRINT, STOP_TITLE, Features
from streams.matching.fingerprint import similarity
from streams.matching.wording import EMPTY, SAME, Wording, wording
from streams.matching.words import information
from streams.normalize.names import Agreement, agreement, family_in_common, initials_in_common
from streams.normalize.text import STOPWORDS, word_set

__all__ = [
    "FIELDS",
    "TitleMatch",
    "abstract_level",
    "authors_level",
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
UNLIKE = 42.0
# Bits of information above which two works seldom have one title. Measured on pairs of equal titles where nothing else
# is known: of those above 50 bits 1 in 40 were two works, of 35 to 50 1 in 10, of 20 to 35 1 in 4, below that most.
RARE, UNCOMMON, COMMON = 50.0, 35.0, 20.0


class TitleMatch(NamedTuple):
    """The comparison of two titles: level, similarity 0 to 100, the words they differ in, and the bits of what they share."""

    level: str
    ratio: float
    wording: Wording
    bits: float


def title_level(a: Features, b: Features) -> TitleMatch:
    """Compare the titles of two records; other titles (translated, original) count where they are equal."""
    one, two = a.title, b.title
    if not one or not two:
        return TitleMatch("unknown", 0.0, SAME, 0.0)
    if one.replace(" ", "") == two.replace(" ", ""):
        return _exact(a, b, one, two)
    if a.others or b.others:
        shared = {one, *a.others} & {two, *b.others}
        if shared:
            title = max(shared, key=lambda title: (len(title), title))
            return _exact(a, b, title, title)
    # Most candidates end here: titles that only share some words.
    ratio, within = _title_similarity(one, two) if one < two else _title_similarity(two, one)
    if ratio < SIMILAR and not within and not ((a.cut or b.cut) and a.main == b.main):
        return TitleMatch("different", ratio, SAME, 0.0)
    found = wording(one, two)
    level = _level(a, b, found, ratio, within=within)
    if level not in _GRADED:
        return TitleMatch(level, ratio, found, 0.0)
    bits = min(information(one), information(two))
    return TitleMatch(f"{level}_rare" if bits >= UNCOMMON else f"{level}_common", ratio, found, bits)


# Cached as `wording` is, and symmetric.
@lru_cache(maxsize=2048)
def _title_similarity(one: str, two: str) -> tuple[float, bool]:
    """Return the similarity of two titles, and whether the letters of one are among those of the other."""
    ratio = fuzz.ratio(one, two, score_cutoff=UNLIKE)
    if UNLIKE <= ratio < NEAR:
        ratio = max(ratio, fuzz.token_sort_ratio(one, two, score_cutoff=ratio))
    letters_one, letters_two = one.replace(" ", ""), two.replace(" ", "")
    return ratio, letters_one in letters_two or letters_two in letters_one


_GRADED = frozenset(("variant", "typo", "subtitle", "noisy", "prefix"))
"""Levels that are graded by how much the shorter title says."""


def _exact(a: Features, b: Features, one: str, two: str) -> TitleMatch:
    bits = information(one) if one == two else min(information(one), information(two))
    if (a.flags | b.flags) & STOP_TITLE:
        level = "exact_stop"
    elif bits >= RARE:
        level = "exact_rare"
    elif bits >= UNCOMMON:
        level = "exact_uncommon"
    else:
        level = "exact_common" if bits >= COMMON else "exact_frequent"
    return TitleMatch(level, 100.0, SAME, bits)


def _level(a: Features, b: Features, found: Wording, ratio: float, *, within: bool) -> str:
    if (a.flags | b.flags) & STOP_TITLE:
        return "exact_stop" if found.agrees else "similar" if ratio >= SIMILAR else "different"
    if found.agrees:
        return "typo" if found.misspelt else "variant"
    contained = _contained(a, b, found, within=within)
    if contained:
        return contained
    if found.moved and not (found.left_a or found.left_b):
        return "reordered"
    if ratio >= NEAR:
        return "other" if found.left_a and found.left_b else "extra"
    if ratio >= MAIN and a.cut and b.cut and a.main == b.main:
        return "main"
    return "similar" if ratio >= SIMILAR else "different"


def _contained(a: Features, b: Features, found: Wording, *, within: bool) -> str:
    """Return the level of a title contained in the other, `""` where none is.

    `subtitle` where a subtitle is left out, `noisy` where an indexer's words are around it, `prefix` or `inner` else.
    """
    short, long = (a, b) if len(a.title) <= len(b.title) else (b, a)
    if not within and not (long.cut and long.main == short.title):
        return ""
    if long.cut and (long.main == short.title or (short.cut and long.main == short.main and short.title == short.main)):
        return "subtitle"
    if not within or " " not in short.title:
        return ""
    if long.cut and long.title[long.cut :].strip() == short.title:
        return "subtitle"  # "NAME: what it is" without the name
    if _is_noise_around(short.title, long.title, found.left_a if long is a else found.left_b, a.authors + b.authors):
        return "noisy"
    return "prefix" if long.title.startswith(short.title) else "inner"


def _is_noise_around(short: str, long: str, extra: tuple[str, ...], authors: tuple[str, ...]) -> bool:
    """Tell whether most words before and behind a title within a longer one are noise: a venue, a year, a name."""
    names = [name.partition("|")[0] for name in authors]
    before, found, after = long.partition(short)
    sides = (before.split(" "), after.split(" ")) if found else (list(extra), [])
    for side in sides:
        words = [word for word in side if word and word not in EMPTY]
        if 2 * sum(1 for word in words if _is_noise(word, names)) < len(words):
            return False
    return True


def _is_noise(word: str, names: list[str]) -> bool:
    """Tell whether a word beside a title is a venue's, a year, an initial, or (a piece of) an author's name."""
    if word in _NOISE or (len(word) == 1 and word.isalpha()) or _YEAR.fullmatch(word):
        return True
    return any(word == name or (len(word) > 2 and (name.startswith(word) or name.endswith(word))) for name in names)


# Words around a title that are no part of it: remains of a venue, a file or an edition in harvested records.
_NOISE = STOPWORDS | word_set(
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
    """Return the level of the author lists, and how many names pair up."""
    one, two = a.authors, b.authors
    if not one or not two:
        return "unknown", Agreement(0, len(one), len(two))
    found = agreement(one, two)
    if not found.matched:
        return _no_author_in_common(a, b), found
    if found.matched == 1 and (one[0][0] == "*" or two[0][0] == "*") and _is_group_alone(one, two):
        return "group", found
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
        return "cut"  # an author that was not kept cannot be called missing
    if family_in_common(one, two):
        return "family"
    return "initials" if initials_in_common(one, two) > 1 else "none"


def _is_group_alone(one: tuple[str, ...], two: tuple[str, ...]) -> bool:
    """Tell whether a collaboration or an institution is all that two author lists share.

    Such a group has many works with similar titles.
    """
    return any(name[0] == "*" and name in two for name in one)


def _latin(names: tuple[str, ...]) -> bool:
    """Tell whether all names are in Latin script; a stray letter of another script is an error of encoding."""
    return all(name.isascii() or not _FOREIGN.search(name) for name in names)


# Ideographs and kana, or three letters on end of any other script.
_FOREIGN = re.compile("[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff]|[\u0370-\u2dff]{3}")


def year_level(a: Features, b: Features) -> str:
    """Return the level of the distance between the years."""
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
    """Return the level of the similarity of the abstracts."""
    if not a.abstract or not b.abstract:
        return "unknown"
    found = similarity(a.abstract, b.abstract)
    if found >= 0.55:
        return "same"
    return "similar" if found >= 0.25 else "different"


def place_level(a: Features, b: Features) -> str:
    """Return the level of volume, issue and pages: one place in print, two (`twice`), or not known."""
    if a.page and b.page:
        if a.page == b.page or a.page.lstrip(_LETTERS) == b.page.lstrip(_LETTERS):
            return _one_page(a, b)
        if a.page == "1" or b.page == "1":  # journals with article numbers begin each article at page 1
            return "unknown"
        if a.volume and a.volume == b.volume and a.number and a.number == b.number:
            return "issue"  # two articles of an issue, or one whose page is miswritten
        return "twice" if a.volume and b.volume and a.volume != b.volume else "conflict"
    if a.volume and b.volume:
        if a.volume != b.volume:
            return "volume"
        if a.number and b.number:
            return "one_issue" if a.number == b.number else "number"
        return "one_volume"
    return "unknown"


def _one_page(a: Features, b: Features) -> str:
    """Return the level of two records with one first page.

    A range of pages says much more than a page: abstracts of a meeting are printed several to a page.
    """
    if a.volume and a.volume == b.volume:
        return "same_range" if a.last and a.last == b.last else "same"
    if a.last and a.last == b.last and not (a.volume and b.volume):
        return "range"
    return "page"


def journal_level(a: Features, b: Features) -> str:
    """Return the level of the journals, compared by the first letters of their words so that abbreviations agree."""
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
