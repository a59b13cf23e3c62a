"""Group linked records, and divide a group into clusters by the decisions on all its pairs. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import combinations
from typing import Any, NamedTuple, TypeVar

from streams.clusters.disjoint_sets import DisjointSets
from streams.clusters.partition import Link, Opposition, partition
from streams.clusters.planner import Pair
from streams.matching.decision import DUPLICATE, Decision

__all__ = ["CLUSTER_CAP", "Groups", "divide_group", "group_linked", "pair_of"]

CLUSTER_CAP = 1000
"""Records linked into one group: the default of the setting `cluster_cap`."""

T = TypeVar("T", bound=Any)


class Groups(NamedTuple):
    """Groups of two records and more, each sorted, and how many links were refused because of the cap."""

    groups: list[tuple[Any, ...]]
    capped: int


def pair_of(decision: Decision, meets: Callable[[], bool]) -> Pair:
    """Return what a decision means for clusters. Only two records that meet in the key index may link.

    Records that do not meet are never compared in some orders of arrival, so a link between them would depend on the order.
    """
    link = decision.score if decision.verdict == DUPLICATE and meets() else None
    return Pair(link, decision.veto, decision.opposes, decision.strength)


def divide_group(members: Sequence[T], pair: Callable[[T, T], Pair]) -> list[list[T]]:
    """Divide the records of one group into clusters, each sorted; `pair` is asked about any two."""
    asked = [(a, b, pair(a, b)) for a, b in combinations(members, 2)]
    return partition(
        members,
        [Link(found.link, a, b, found.strength) for a, b, found in asked if found.link is not None],
        [(a, b) for a, b, found in asked if found.veto],
        oppositions=[Opposition(a, b, found.opposes) for a, b, found in asked if found.opposes],
    )


def group_linked(links: Iterable[tuple[T, T]], cap: int | None = None) -> Groups:
    """Group the records that links connect; a link that would make a group of more than `cap` records is left out."""
    sets: DisjointSets[T] = DisjointSets()
    capped = 0
    for a, b in links:
        if cap is not None and _joined_size(sets, a, b) > cap:
            capped += 1
        else:
            sets.join(a, b)
    return Groups(sorted(tuple(sorted(group)) for group in sets.members.values() if len(group) > 1), capped)


def _joined_size(sets: DisjointSets[T], a: T, b: T) -> int:
    """Return how many records a link would bring together, 0 where they are together already."""
    one, other = sets.find(a), sets.find(b)
    return 0 if one == other else len(sets.members.get(one, (a,))) + len(sets.members.get(other, (b,)))
