"""The links that hold a cluster together: a maximum spanning forest, within a bound. Pure.

Up to `FEW` records every pair is compared. In a larger cluster only records that share a blocking key are: all pairs of a small
key, a chain and a star of a large one, then others. A pair whose records are connected already is not compared, and the number
of comparisons grows with the records and not with their square.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import combinations, pairwise
from typing import Any, Generic, NamedTuple, TypeVar

from streams.clusters.disjoint_sets import DisjointSets

__all__ = ["FEW", "Forest", "Weighed", "spanning_forest", "strongest"]

T = TypeVar("T", bound=Any)
K = TypeVar("K")

FEW = 40
"""Records of which all 780 pairs are compared."""
_CROWD = 6
"""Records under one blocking key of which all pairs are compared in a large cluster."""
_FAR = 12
"""How far apart in the order two records of a large key may be to be compared."""
_PER_RECORD = 4
"""Comparisons that a large cluster may take for each of its records."""
_MOST = 8_000
"""Comparisons that any cluster may take."""


class Weighed(NamedTuple):
    """A link with its score."""

    score: float
    a: Any
    b: Any


class Forest(NamedTuple, Generic[T]):
    """The links chosen, the strongest first; the number of trees; whether every pair was compared."""

    links: list[Weighed]
    parts: int
    exact: bool


def spanning_forest(
    members: Sequence[T], keys: Callable[[T], Iterable[K]], score: Callable[[T, T], float | None]
) -> Forest[T]:
    """Return the strongest links that connect the members, as few as possible.

    `score` is that of the link of two members, None where they have none. `keys` are a member's blocking keys; they are asked for
    in a large cluster only.
    """
    ordered = sorted(members)
    if len(ordered) <= FEW:
        links = list(_links(combinations(ordered, 2), score))
        return _forest(ordered, links, exact=True)
    crowds: dict[K, list[T]] = defaultdict(list)
    for member in ordered:
        for key in keys(member):
            crowds[key].append(member)
    links = list(_joining(ordered, _near(crowds), score, min(_PER_RECORD * len(ordered), _MOST)))
    return _forest(ordered, links, exact=False)


def strongest(members: Iterable[T], links: Iterable[Weighed]) -> list[Weighed]:
    """Return the links of a maximum spanning forest, the strongest first; of equal ones those of the first records."""
    sets: DisjointSets[T] = DisjointSets(members)
    chosen = []
    for link in sorted(links, key=lambda link: (-link.score, link.a, link.b)):
        if sets.find(link.a) != sets.find(link.b):
            sets.join(link.a, link.b)
            chosen.append(link)
    return chosen


def _links(pairs: Iterable[tuple[T, T]], score: Callable[[T, T], float | None]) -> Iterator[Weighed]:
    for a, b in pairs:
        if (found := score(a, b)) is not None:
            yield Weighed(found, a, b)


def _forest(members: Sequence[T], links: Sequence[Weighed], *, exact: bool) -> Forest[T]:
    chosen = strongest(members, links)
    return Forest(chosen, len(members) - len(chosen), exact)


def _joining(
    members: Sequence[T], pairs: Iterable[tuple[T, T]], score: Callable[[T, T], float | None], most: int
) -> Iterator[Weighed]:
    """Return the links that join two parts, of at most so many pairs; a pair that is connected already is not compared."""
    sets: DisjointSets[T] = DisjointSets(members)
    asked: set[tuple[T, T]] = set()
    for a, b in pairs:
        if len(asked) >= most or len(sets.members) == 1:
            return
        if (a, b) in asked or sets.find(a) == sets.find(b):
            continue
        asked.add((a, b))
        for link in _links([(a, b)], score):
            sets.join(a, b)
            yield link


def _near(crowds: Mapping[K, Sequence[T]]) -> Iterator[tuple[T, T]]:
    """Return pairs that share a blocking key, those of small keys first: a key that few share says more.

    Of a large key first neighbours, then each with the first record, then with the records after its neighbour, nearest first.
    """
    ordered = sorted(crowds.values(), key=len)
    for crowd in ordered:
        if len(crowd) <= _CROWD:
            yield from combinations(crowd, 2)
        else:
            yield from pairwise(crowd)
            yield from ((crowd[0], other) for other in crowd[2:])
    for crowd in ordered:
        for distance in range(2, _FAR if len(crowd) > _CROWD else 0):
            yield from zip(crowd, crowd[distance:], strict=False)
