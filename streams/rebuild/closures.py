"""Groups of two generations that share records, found in both at once. Reads only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import NamedTuple

from streams.clusters.adoption import names
from streams.clusters.group import Group
from streams.clusters.planner import waiting
from streams.clusters.store import GroupStore, Root

__all__ = ["Closure", "Closures"]


class Closure(NamedTuple):
    """Groups of the live generation and of the one that was built, connected by the records they name: as many as it takes.

    `live` and `built` are by the id a group lives under. `homes` gives for each record where it is in the built generation;
    `strays` are those that point to a group there that does not name them: they were deleted, and it has forgotten them.
    """

    live: dict[bytes, Root]
    built: dict[bytes, Root]
    homes: dict[bytes, Root]
    strays: set[bytes]

    def old_groups(self) -> list[Group]:
        """What the live generation knows, groups on their way into others included."""
        found: list[Group] = []
        for _, root in sorted(self.live.items()):
            moving = waiting(root.group, (group for _, group in root.moving.values()))
            found += [group for group in (root.group, *moving) if group != Group()]
        return found

    def built_groups(self) -> list[Group]:
        """What the built generation knows."""
        return [group for root in self.built.values() for group in _groups(root)]

    @property
    def target(self) -> bytes:
        """Where their common group shall live: where there is one already, so that most records need no new pointer."""
        there = [(not root.raw, identifier) for identifier, root in self.built.items() if root.raw or root.moving]
        return min(there)[1] if there else min(self.live)


class Closures:
    """Answers for two stores of groups."""

    def __init__(self, live: GroupStore, built: GroupStore) -> None:
        self._live = live
        self._built = built

    def around(self, starts: Collection[bytes], *, first: Callable[[Closure], Iterable[bytes]]) -> list[Closure]:
        """The closures of these records whose smallest of `first` is among them: of each, whoever asks, one is the first."""
        search = _Search()
        asked = set(starts)
        while asked:
            search.seen |= asked
            found = search.live(self._live.resolve(asked)) | search.built(self._built.resolve(asked))
            asked = found - search.seen
        wanted = set(starts)
        return [closure for closure in search.closures() if min(first(closure), default=b"") in wanted]


class _Search:
    """What was found of both stores.

    A record and a group are connected where the group names the record. Pointers alone do not connect: they lead from records to
    groups only, and what is connected must not depend on where one begins.
    """

    def __init__(self) -> None:
        self.seen: set[bytes] = set()
        self._sets = _Sets()
        self._live: dict[bytes, Root] = {}
        self._built: dict[bytes, Root] = {}
        self._homes: dict[bytes, Root] = {}
        self._strays: set[bytes] = set()

    def live(self, roots: Mapping[bytes, Root]) -> set[bytes]:
        """Take note of live groups; returns all records that those new to us name."""
        return self._take(roots, self._live)[0]

    def built(self, roots: Mapping[bytes, Root]) -> set[bytes]:
        """The same for groups of the built generation."""
        found, strays = self._take(roots, self._built)
        self._homes.update(roots)
        self._strays |= strays
        return found

    def _take(self, roots: Mapping[bytes, Root], known: dict[bytes, Root]) -> tuple[set[bytes], set[bytes]]:
        found: set[bytes] = set()
        strays: set[bytes] = set()
        named: dict[bytes, set[bytes]] = {}
        for root in {root.id: root for root in roots.values()}.values():
            before = known.get(root.id)
            whole = root if before is None else root._replace(moving={**before.moving, **root.moving})
            known[root.id] = whole
            named[root.id] = _names(whole)
            if before is None or len(whole.moving) > len(before.moving):
                found |= named[root.id]
                for other in named[root.id]:
                    self._sets.join(other, root.id)
        strays.update(record for record, root in roots.items() if record not in named[root.id])
        return found, strays

    def closures(self) -> Iterable[Closure]:
        """All that was found, by connected parts."""
        closures: dict[bytes, Closure] = defaultdict(lambda: Closure({}, {}, {}, set()))
        for record, root in self._homes.items():
            closure = closures[self._sets.find(record)]
            closure.homes[record] = root
            if record in self._strays:
                closure.strays.add(record)
        for position, roots in enumerate((self._live, self._built)):
            for identifier, root in roots.items():
                # Who was never in a group is an empty root of its own: a record, but no group.
                if root.raw or root.moving:
                    closures[self._sets.find(identifier)][position][identifier] = root  # type: ignore[index]
        return closures.values()


class _Sets:
    """Union-find over record ids."""

    def __init__(self) -> None:
        self._parent: dict[bytes, bytes] = {}

    def find(self, x: bytes) -> bytes:
        parent = self._parent
        while (above := parent.setdefault(x, x)) != x:
            parent[x] = x = parent[above]
        return x

    def join(self, a: bytes, b: bytes) -> None:
        x, y = self.find(a), self.find(b)
        if x != y:
            self._parent[max(x, y)] = min(x, y)


def _groups(root: Root) -> list[Group]:
    return [root.group, *(group for _, group in root.moving.values())]


def _names(root: Root) -> set[bytes]:
    return {root.id, *root.moving}.union(*(names(group) for group in _groups(root)))
