"""The links that hold a cluster together: a maximum spanning forest, within a bound. Pure.

Up to `FEW` records every pair is compared. In a larger cluster only records that share a blocking key are: all pairs of a small
key, a chain and a star of a large one, then pairs of parts that are still apart, within a number of comparisons that grows with
the records and not with their square.
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
    budget = min(_PER_RECORD * len(ordered), _MOST)
    near = dict.fromkeys(_near(crowds))
    chosen = list(near)[:budget]
    links = list(_links(chosen, score))
    links += _links(_apart(ordered, crowds, links, set(chosen), budget - len(chosen)), score)
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


def _near(crowds: Mapping[K, Sequence[T]]) -> Iterator[tuple[T, T]]:
    """Return pairs that share a blocking key, those of small keys first: a key that few share says more."""
    for crowd in sorted(crowds.values(), key=len):
        if len(crowd) <= _CROWD:
            yield from combinations(crowd, 2)
        else:
            yield from pairwise(crowd)
            yield from ((crowd[0], other) for other in crowd[2:])


def _apart(
    members: Sequence[T], crowds: Mapping[K, Sequence[T]], links: Iterable[Weighed], asked: set[tuple[T, T]], most: int
) -> Iterator[tuple[T, T]]:
    """Return at most so many pairs that share a key and are in different parts of the forest so far."""
    sets: DisjointSets[T] = DisjointSets(members)
    for link in links:
        sets.join(link.a, link.b)
    if len(sets.members) == 1:
        return
    left = most
    for crowd in sorted(crowds.values(), key=len):
        parts: dict[T, list[T]] = defaultdict(list)
        for member in crowd:
            parts[sets.find(member)].append(member)
        for one, other in combinations(parts.values(), 2):
            for a in one[:2]:
                for b in other[:2]:
                    pair = (a, b) if a < b else (b, a)
                    if pair in asked:
                        continue
                    if left <= 0:
                        return
                    left -= 1
                    asked.add(pair)
                    yield pair
