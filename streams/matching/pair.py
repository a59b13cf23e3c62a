"""Two records and everything that comparison finds out about them: the input of rules and weights."""

from __future__ import annotations

from typing import NamedTuple

import msgspec
from rapidfuzz import fuzz

from streams.matching.comparisons import (
    TitleMatch,
    abstract_level,
    authors_level,
    journal_level,
    place_level,
    title_level,
    year_level,
)
from streams.matching.feature_values import IS_PREPRINT, TRANSLATED, Features
from streams.matching.identifier_comparisons import identifier_level
from streams.normalize.names import Agreement

__all__ = [
    "AGREED",
    "AGREED_OR_UNKNOWN",
    "ALL_AGREED",
    "PRINTED_ONCE",
    "RETITLED",
    "SAME_WORK",
    "TEAM",
    "Levels",
    "Pair",
    "compare",
    "compare_fully",
    "stated",
]

# Stated relations that mean one work in several versions; all others mean another work.
SAME_WORK = frozenset(("same_as", "version_of", "has_version", "preprint_of", "has_preprint"))
PRINTED_ONCE = ("same", "same_range", "range")
"""Levels of the place at which both records name the same place in print."""
RETITLED = 61.0
"""Similarity of titles, 0 to 100, from which on a preprint and an article of one team may be one work under two titles."""


class Levels(NamedTuple):
    """The comparison level that two records reach in each field; the names are those of `streams.matching.comparisons`."""

    title: str
    authors: str
    year: str
    abstract: str
    place: str
    journal: str
    identifier: str


class Pair(NamedTuple):
    """Two records with everything that comparison found out about them.

    `agreement` counts the authors that pair up, `shared` is an identifier both have, `stated` a relation that one source
    states to the other record, `preprints` how many of the two are preprints.
    """

    a: Features
    b: Features
    levels: Levels
    match: TitleMatch
    agreement: Agreement
    shared: str
    stated: str
    preprints: int


def compare(a: Features, b: Features) -> Pair | None:
    """Compare all fields of two records, or return None where their titles differ too much for any rule to hold."""
    if a.full or b.full:
        a, b = _as_titled(a, b), _as_titled(b, a)
    identifier = identifier_level(a, b)
    match = title_level(a, b)
    related = stated(a, b) if a.relations or b.relations else ""
    preprints = bool(a.flags & IS_PREPRINT) + bool(b.flags & IS_PREPRINT)
    if match.level == "different" and not identifier[1] and not related and not _may_match(a, b, match, preprints):
        return None
    return _all_fields(a, b, match, identifier, related, preprints)


def compare_fully(a: Features, b: Features) -> Pair:
    """Compare all fields of two records whatever their titles are, for an explanation."""
    a, b = _as_titled(a, b), _as_titled(b, a)
    preprints = bool(a.flags & IS_PREPRINT) + bool(b.flags & IS_PREPRINT)
    return _all_fields(a, b, title_level(a, b), identifier_level(a, b), stated(a, b), preprints)


def _as_titled(features: Features, other: Features) -> Features:
    """Return the features with the announcement as words of the title, if the other record's title has these words, too.

    A title such as `Comment on reef fish` is read as an announcement and a title, but it may be the whole title of a work that
    is no comment. Another source that gives the same words as its title shows this.
    """
    if not features.full or other.full or features.full == features.title:
        return features
    if fuzz.ratio(features.full, other.title) <= fuzz.ratio(features.title, other.title):
        return features
    return msgspec.structs.replace(features, title=features.full, cut=0, derived="", ordinal="", full="")


def _all_fields(
    a: Features, b: Features, match: TitleMatch, identified: tuple[str, str], related: str, preprints: int
) -> Pair:
    identifier, shared = identified
    authors, agreement = authors_level(a, b)
    levels = Levels(
        match.level,
        authors,
        year_level(a, b),
        abstract_level(a, b),
        place_level(a, b),
        journal_level(a, b),
        identifier,
    )
    return Pair(a, b, levels, match, agreement, shared, related, preprints)


def _may_match(a: Features, b: Features, match: TitleMatch, preprints: int) -> bool:
    """Tell whether evidence other than the title may make two records one work."""
    if preprints == 1 and match.ratio >= RETITLED:
        return True
    if a.abstract and b.abstract and abstract_level(a, b) == "same":
        return True
    return bool(a.page) and place_level(a, b) in PRINTED_ONCE


def stated(a: Features, b: Features) -> str:
    """Return the kind of relation that a source states between two records, `""` for none.

    A relation to another work outranks one within the same work.
    """
    kinds = [
        relation.partition(" ")[0]
        for one, other in ((a, b), (b, a))
        for relation in one.relations
        if relation.partition(" ")[2] in other.ids
    ]
    return min(kinds, key=lambda kind: (kind in SAME_WORK, kind)) if kinds else ""


AGREED = frozenset(("same_many", "same_two", "same_one", "contained", "contained_one", "most"))
"""Levels of the authors that confirm a pair."""
AGREED_OR_UNKNOWN = AGREED | {"unknown"}
ALL_AGREED = frozenset(("same_many", "same_two", "same_one"))
"""Levels of the authors at which all names of both lists pair up."""
TEAM = frozenset(("same_many", "same_two", "contained"))
"""Levels of the authors at which two or more names are known to be the same and none is another."""


def is_translated(pair: Pair) -> bool:
    """Tell whether one title is marked as a translation and the other is not."""
    return bool((pair.a.flags ^ pair.b.flags) & TRANSLATED)


def is_bare(features: Features) -> bool:
    """Tell whether a record has neither a place in print nor a DOI, as a working paper or a repository's copy has not."""
    placed = features.journal or features.volume or features.page
    return not placed and not any(value.startswith("doi:") for value in features.ids)
