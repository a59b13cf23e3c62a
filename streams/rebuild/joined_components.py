"""Groups of two generations that share records, found in both at once. Reads only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from streams.clusters.adoption import names
from streams.clusters.group import Group, Root
from streams.clusters.planner import waiting
from streams.state.group_store import GroupStore

__all__ = ["Closure", "Closures"]


class Closure(NamedTuple):
    """Groups of the live generation and of the one that was built, connected by the records they name: as many as it takes.

    `live` and `built` are by the id a group lives under; `records` are all that any of them names. `missing` are those that the
    built generation has no group for, `strays` those that point to a group there that does not name them: they were deleted, and it
    has forgotten them.
    """

    live: dict[bytes, Root]
    built: dict[bytes, Root]
    records: set[bytes]
    missing: set[bytes]
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
        return min((not root.raw, place) for place, root in (self.built or self.live).items())[1]


class Closures:
    """Answers for two stores of groups."""

    def __init__(self, live: GroupStore, built: GroupStore, *, whole: bool) -> None:
        """`whole`: in both stores whoever is named by a group points to it. Else every pointer in the built one is looked at."""
        self._live = live
        self._built = built
        self._whole = whole

    def of_live(self, places: Mapping[bytes, bytes]) -> list[Closure]:
        """The closures of which the first place of a live group is among these: of each, in one lot of places."""
        return self._around(places, places, {}, lambda closure: closure.live)

    def of_built(self, places: Mapping[bytes, bytes]) -> list[Closure]:
        """The same for groups of the built generation."""
        return self._around(places, {}, places, lambda closure: closure.built)

    def _around(
        self,
        starts: Mapping[bytes, bytes],
        live: Mapping[bytes, bytes],
        built: Mapping[bytes, bytes],
        side: Callable[[Closure], Mapping[bytes, Root]],
    ) -> list[Closure]:
        search = _Search()
        asked = set(starts)
        seen: set[bytes] = set()
        while asked:
            seen |= asked
            of_live, of_built = asked - search.named_live, asked - search.named_built if self._whole else asked
            found = search.live(self._live.resolve(of_live, _part(live, of_live)))
            found |= search.built(self._built.resolve(of_built, _part(built, of_built)))
            asked = found - seen
        return [closure for closure in search.closures(seen) if min(_places(side(closure)), default=b"") in starts]


class _Search:
    """What was found of both stores.

    A record and a group are connected where the group names the record. Pointers alone do not connect: they lead from records to
    groups only, and what is connected must not depend on where one begins.
    """

    def __init__(self) -> None:
        self.named_live: set[bytes] = set()
        self.named_built: set[bytes] = set()
        self._sets = _Sets()
        self._live: dict[bytes, Root] = {}
        self._built: dict[bytes, Root] = {}
        self._missing: set[bytes] = set()
        self._strays: set[bytes] = set()

    def live(self, roots: Mapping[bytes, Root]) -> set[bytes]:
        """Take note of live groups; returns all records that those new to us name."""
        return self._take(roots, self._live, self.named_live)

    def built(self, roots: Mapping[bytes, Root]) -> set[bytes]:
        """The same for groups of the built generation."""
        found = self._take(roots, self._built, self.named_built)
        for record, root in roots.items():
            if record not in self.named_built:
                (self._missing if record == root.id else self._strays).add(record)
        return found

    def _take(self, roots: Mapping[bytes, Root], known: dict[bytes, Root], named: set[bytes]) -> set[bytes]:
        found: set[bytes] = set()
        for root in {root.id: root for root in roots.values()}.values():
            before = known.get(root.id)
            # Who was never in a group is an empty root of its own: a record, but no group.
            if (before is not None and root.moving.keys() <= before.moving.keys()) or not (root.raw or root.moving):
                continue
            whole = root if before is None else root._replace(moving={**before.moving, **root.moving})
            known[root.id] = whole
            names_of = _names(whole)
            found |= names_of
            for other in names_of:
                self._sets.join(other, root.id)
        named |= found
        return found

    def closures(self, records: Iterable[bytes]) -> Iterable[Closure]:
        """All that was found, by connected parts."""
        closures: dict[bytes, Closure] = defaultdict(lambda: Closure({}, {}, set(), set(), set()))
        for record in records:
            closure = closures[self._sets.find(record)]
            closure.records.add(record)
            if record in self._missing:
                closure.missing.add(record)
            elif record in self._strays:
                closure.strays.add(record)
        for identifier, root in self._live.items():
            closures[self._sets.find(identifier)].live[identifier] = root
        for identifier, root in self._built.items():
            closures[self._sets.find(identifier)].built[identifier] = root
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


def _part(known: Mapping[bytes, bytes], records: set[bytes]) -> dict[bytes, bytes]:
    return {record: known[record] for record in records if record in known} if known else {}


def _places(roots: Mapping[bytes, Root]) -> Iterator[bytes]:
    for root in roots.values():
        if root.raw:
            yield root.id
        yield from root.moving


def _groups(root: Root) -> list[Group]:
    return [root.group, *(group for _, group in root.moving.values())]


def _names(root: Root) -> set[bytes]:
    return {root.id, *root.moving}.union(*(names(group) for group in _groups(root)))
