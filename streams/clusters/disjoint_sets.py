"""Disjoint sets: which elements are connected by the pairs that were joined. Pure."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Generic, TypeVar

__all__ = ["DisjointSets"]

T = TypeVar("T", bound=Hashable)


class DisjointSets(Generic[T]):
    """Keeps elements in sets that only ever join.

    The smaller of two sets goes over into the larger one, member by member, so that n joins take n log n steps and
    a look-up takes one.
    """

    def __init__(self, elements: Iterable[T] = ()) -> None:
        """Put each of `elements` into a set of its own."""
        self.set_of: dict[T, T] = {element: element for element in elements}
        """The representative of each element's set; to be read only."""
        self.members: dict[T, list[T]] = {element: [element] for element in self.set_of}
        """The elements of each set, by its representative; to be read only."""

    def find(self, element: T) -> T:
        """Return the representative of an element's set: the element itself where it was never joined to another."""
        return self.set_of.get(element, element)

    def join(self, a: T, b: T) -> T:
        """Join the sets of two elements and return the representative of the new set: that of the larger, or of `a`."""
        kept, gone = self._added(a), self._added(b)
        if kept == gone:
            return kept
        if len(self.members[kept]) < len(self.members[gone]):
            kept, gone = gone, kept
        moved = self.members.pop(gone)
        self.set_of.update(dict.fromkeys(moved, kept))
        self.members[kept] += moved
        return kept

    def _added(self, element: T) -> T:
        known = self.set_of.get(element)
        if known is None:
            self.set_of[element] = element
            self.members[element] = [element]
            return element
        return known
