"""Which records of one connected component are one paper: a pure function of the pairs alone.

The strongest link is taken first; two sides are joined unless a veto separates a member of the one from
a member of the other. Corrections outrank every decision: a must-link joins in spite of vetoes of
decisions, a cannot-link separates in spite of links. The result depends on the sets given, never on
their order, so any arrival order, any interleaving of workers and any replay end alike (promise 3).
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable
from typing import Any, NamedTuple, Protocol, TypeVar

__all__ = ["Link", "partition"]


class _Ordered(Hashable, Protocol):
    def __lt__(self, other: Any, /) -> bool: ...


T = TypeVar("T", bound=_Ordered)


class Link(NamedTuple):
    """An accepted pair with its score, 0 to 1."""

    score: float
    a: Any
    b: Any


def partition(
    members: Collection[T],
    links: Iterable[Link],
    vetoes: Iterable[tuple[T, T]] = (),
    must: Iterable[tuple[T, T]] = (),
    cannot: Iterable[tuple[T, T]] = (),
) -> list[list[T]]:
    """Split `members` into clusters, each sorted, the list sorted by first member.

    Pairs that name somebody who is not a member are left aside. Scores are compared to six digits,
    so that a difference in the last bit between two machines cannot change the order.
    """
    sides = _Sides(members)
    for a, b in cannot:
        sides.separate(a, b)
    for a, b in sorted(_ordered(pair) for pair in must):
        sides.join(a, b)
    for a, b in vetoes:
        sides.separate(a, b)
    for _, a, b in sorted((-round(link.score, 6), *_ordered((link.a, link.b))) for link in links):
        sides.join(a, b)
    return sides.clusters()


def _ordered(pair: tuple[T, T]) -> tuple[T, T]:
    a, b = pair
    return (b, a) if b < a else (a, b)


class _Sides:
    """Union-find in which every side knows the sides it must not be joined to."""

    def __init__(self, members: Iterable[Any]) -> None:
        self._side = {member: member for member in members}
        self._members = {member: [member] for member in self._side}
        self._apart: dict[Any, set[Any]] = {member: set() for member in self._side}

    def separate(self, a: Any, b: Any) -> None:
        if a in self._side and b in self._side:
            a, b = self._side[a], self._side[b]
            if a != b:
                self._apart[a].add(b)
                self._apart[b].add(a)

    def join(self, a: Any, b: Any) -> None:
        if a not in self._side or b not in self._side:
            return
        a, b = self._side[a], self._side[b]
        if a == b or b in self._apart[a]:
            return
        if len(self._members[a]) < len(self._members[b]):
            a, b = b, a
        for member in self._members[b]:
            self._side[member] = a
        self._members[a] += self._members.pop(b)
        for other in self._apart.pop(b):
            self._apart[other].discard(b)
            self._apart[other].add(a)
            self._apart[a].add(other)

    def clusters(self) -> list[list[Any]]:
        return sorted(sorted(members) for members in self._members.values())
