"""Divides the records of one connected component into works: a pure function of the decisions on its pairs.

Records that share a firm identifier (a DOI, an arXiv id) form a side first, with all their facts. Weaker links follow, the
strongest first: a link joins two sides only where no pair across them opposes. An opposition of places, dates or words
counts for nothing where a record that shares an identifier with one of the two agrees with the other, and one of words is
outvoted where twice as many pairs across the sides are linked as oppose. Links that rest on the title alone come last, and
join a side only where it has no rival.

Vetoes (two arXiv ids, an erratum and its article) are never overruled but by corrections: a must-link joins in spite
of them, a cannot-link separates in spite of links. The result depends on the sets given, never on their order, so any
arrival order, any interleaving of workers and any replay end alike (promise 3). Without vetoes and oppositions it is
the connected components.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable
from typing import Any, NamedTuple, Protocol, TypeVar

from streams.clusters.disjoint_sets import DisjointSets

__all__ = [
    "BY_IDENTIFIER",
    "BY_PLACE",
    "BY_WORDS",
    "FIRM",
    "LONE",
    "ORDINARY",
    "Division",
    "Link",
    "Opposition",
    "Refusal",
    "divide",
    "partition",
]

FIRM, ORDINARY, LONE = 2, 1, 0
"""Strengths of a link: a shared identifier; several fields agree; nothing but the title agrees."""

BY_IDENTIFIER, BY_PLACE, BY_WORDS = 3, 2, 1
"""Kinds of opposition: two identifiers; two places in print or dates; two words, or authors."""


class _Ordered(Hashable, Protocol):
    def __lt__(self, other: Any, /) -> bool: ...


T = TypeVar("T", bound=_Ordered)


class Link(NamedTuple):
    """An accepted pair with its score, 0 to 1, and its strength."""

    score: float
    a: Any
    b: Any
    strength: int = ORDINARY


class Opposition(NamedTuple):
    """A pair that speaks against one work, short of a veto, and by what."""

    a: Any
    b: Any
    kind: int = BY_WORDS


class Refusal(NamedTuple):
    """A link that joins nothing: the pair across its two sides that keeps them apart, and whether that is a rival's."""

    a: Any
    b: Any
    because: tuple[Any, Any]
    rival: bool = False


class Division(NamedTuple):
    """The clusters, and the links between two of them with what refused each."""

    clusters: list[list[Any]]
    refusals: list[Refusal]


def partition(
    members: Collection[T],
    links: Iterable[Link],
    vetoes: Iterable[tuple[T, T]] = (),
    must: Iterable[tuple[T, T]] = (),
    cannot: Iterable[tuple[T, T]] = (),
    oppositions: Iterable[Opposition] = (),
) -> list[list[T]]:
    """Return the clusters into which `members` are divided: the result of `divide` without the refused links.

    Each cluster is sorted, and the clusters are sorted by their first member.
    """
    return divide(members, links, vetoes, must, cannot, oppositions).clusters


def divide(
    members: Collection[T],
    links: Iterable[Link],
    vetoes: Iterable[tuple[T, T]] = (),
    must: Iterable[tuple[T, T]] = (),
    cannot: Iterable[tuple[T, T]] = (),
    oppositions: Iterable[Opposition] = (),
) -> Division:
    """Divide `members` into clusters, and name the links that were refused.

    `links` join, strongest first; `vetoes` and `oppositions` keep apart; `must` and `cannot` are corrections, which outrank both.
    Pairs with a record that is not a member are ignored. Scores are compared to six digits, so that a difference in
    the last bit between two machines cannot change the order.
    """
    sides = _Sides(members)
    for a, b in cannot:
        sides.separate(a, b)
    for a, b in sorted(_ordered(pair) for pair in must):
        sides.join(a, b)
    for a, b in vetoes:
        sides.separate(a, b)
    given = sorted(links, key=lambda link: (-link.strength, -round(link.score, 6), *_ordered((link.a, link.b))))
    sides.add_evidence(given, oppositions)
    for link in given:
        if link.strength == FIRM:
            sides.take(link)
    sides.close_firm()
    for link in given:
        if link.strength != FIRM:
            sides.take(link)
    return Division(sides.clusters(), sides.refusals())


def _ordered(pair: tuple[T, T]) -> tuple[T, T]:
    a, b = pair
    return (b, a) if b < a else (a, b)


class _Sides:
    """Disjoint sets in which every side knows the sides it must not be joined to, and every record its links.

    More than ten methods, for a join asks for vetoes, rivals and votes of its two sides.
    """

    def __init__(self, members: Iterable[Any]) -> None:
        self._sets = DisjointSets(members)
        self._side, self._members = self._sets.set_of, self._sets.members
        self._apart: dict[Any, set[Any]] = {member: set() for member in self._side}
        self._vetoes: dict[Any, set[Any]] = {member: set() for member in self._side}
        self._linked: dict[Any, set[Any]] = {member: set() for member in self._side}
        self._against: dict[Any, dict[Any, int]] = {member: {} for member in self._side}
        self._firm: dict[Any, Any] = {}
        self._refused: dict[tuple[Any, Any], Refusal] = {}

    def separate(self, a: Any, b: Any) -> None:
        if a in self._side and b in self._side:
            self._vetoes[a].add(b)
            self._vetoes[b].add(a)
            a, b = self._side[a], self._side[b]
            if a != b:
                self._apart[a].add(b)
                self._apart[b].add(a)

    def add_evidence(self, links: Iterable[Link], oppositions: Iterable[Opposition]) -> None:
        """Remember which records are linked and which oppose each other."""
        for link in links:
            if link.a in self._side and link.b in self._side:
                self._linked[link.a].add(link.b)
                self._linked[link.b].add(link.a)
        for a, b, kind in oppositions:
            if a in self._side and b in self._side:
                self._against[a][b] = self._against[b][a] = max(kind, self._against[a].get(b, 0))

    def join(self, a: Any, b: Any) -> None:
        """Join the sides of two records unless a veto or a cannot-link separates them."""
        if a not in self._side or b not in self._side:
            return
        a, b = self._side[a], self._side[b]
        if a == b or b in self._apart[a]:
            return
        kept = self._sets.join(a, b)
        gone = b if kept == a else a
        for other in self._apart.pop(gone):
            self._apart[other].discard(gone)
            self._apart[other].add(kept)
            self._apart[kept].add(other)

    def take(self, link: Link) -> None:
        """Join the two sides of a link, or note the pair that refuses it."""
        a, b = link.a, link.b
        if a not in self._side or b not in self._side or self._side[a] == self._side[b]:
            return
        because = self._vetoed(self._side[a], self._side[b])
        rival = None
        if not because and link.strength == LONE:
            rival = self._rival(a, b) or self._rival(b, a)
        if not because and not rival and link.strength != FIRM:
            because = self._opposed(self._side[a], self._side[b])
        if found := because or rival:
            self._refused[a, b] = Refusal(*_ordered((a, b)), _ordered(found), bool(rival))
        else:
            self.join(a, b)

    def close_firm(self) -> None:
        """Note the sides as they are now: those whose records share identifiers."""
        self._firm = dict(self._side)

    def _vetoed(self, a: Any, b: Any) -> tuple[Any, Any] | None:
        """Return the first veto or cannot-link across two sides, None where there is none."""
        if b not in self._apart[a]:
            return None
        return min(_ordered((x, y)) for x in self._members[a] for y in self._vetoes[x] if self._side[y] == b)

    def _rival(self, a: Any, b: Any) -> tuple[Any, Any] | None:
        """Return a link from the side of `a` to a third side that must not be joined to the side of `b`; None without one."""
        mine, theirs = self._side[a], self._side[b]
        for member in self._members[mine]:
            for other in sorted(self._linked[member]):
                side = self._side[other]
                if side not in (mine, theirs) and (side in self._apart[theirs] or self._opposed(side, theirs)):
                    return member, other
        return None

    def _opposed(self, a: Any, b: Any) -> tuple[Any, Any] | None:
        """Return a pair across the sides `a` and `b` whose opposition counts and is not outvoted; None without one."""
        if a == b:
            return None
        if len(self._members[a]) > len(self._members[b]):
            a, b = b, a
        counted: list[tuple[Any, Any]] = []
        for one in self._members[a]:
            for other, kind in self._against[one].items():
                if self._side[other] == b and (kind == BY_IDENTIFIER or not self._answered(one, other)):
                    if kind != BY_WORDS:
                        return one, other
                    counted.append((one, other))
        return min(counted) if counted and not self._outvoted(a, b, len(counted)) else None

    def _answered(self, a: Any, b: Any) -> bool:
        """Return whether a record that shares an identifier with one of two agrees with the other."""
        return any(self._firm[x] == self._firm[a] for x in self._linked[b]) or any(
            self._firm[x] == self._firm[b] for x in self._linked[a]
        )

    def _outvoted(self, a: Any, b: Any, counted: int) -> bool:
        """Return whether two pairs or more across the sides are linked, and twice as many as oppose."""
        linked = sum(self._side[other] == b for one in self._members[a] for other in self._linked[one])
        return bool(linked >= 2 * counted)

    def clusters(self) -> list[list[Any]]:
        """Return the sides as they are now, sorted."""
        return sorted(sorted(members) for members in self._members.values())

    def refusals(self) -> list[Refusal]:
        """Return the refused links between two clusters, sorted."""
        found = (r for (a, b), r in self._refused.items() if self._side[a] != self._side[b])
        return sorted(found, key=lambda refusal: _ordered((refusal.a, refusal.b)))
