"""Find the groups of two generations that share records: connected components over both. Reads only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from streams.clusters.adoption import names
from streams.clusters.disjoint_sets import DisjointSets
from streams.clusters.group import Group, Root
from streams.clusters.planner import waiting
from streams.state.group_store import GroupStore

__all__ = ["JoinedComponent", "JoinedComponents"]


class JoinedComponent(NamedTuple):
    """All groups of the live and of the built generation that are connected by the records they name.

    `live` and `built` map the id of a group's root record to the group; `records` are the ids of all records that any of them
    names. `missing` are the records without a group in the built generation; `strays` those whose pointer there leads to a
    group that does not name them: they were deleted, and the group no longer lists them.
    """

    live: dict[bytes, Root]
    built: dict[bytes, Root]
    records: set[bytes]
    missing: set[bytes]
    strays: set[bytes]

    def old_groups(self) -> list[Group]:
        """Return the groups of the live generation, with those whose merge into another one is pending."""
        found: list[Group] = []
        for _, root in sorted(self.live.items()):
            moving = waiting(root.group, (group for _, group in root.moving.values()))
            found += [group for group in (root.group, *moving) if group != Group()]
        return found

    def clusters(self) -> dict[bytes, bytes]:
        """Return the key of the live cluster of each record that is in one."""
        return {m.id: group.clusters[m.cluster].key for group in self.old_groups() for m in group.members}

    def built_groups(self) -> list[Group]:
        """Return the groups of the built generation, with those whose merge into another one is pending."""
        return [group for root in self.built.values() for group in _groups(root)]

    @property
    def target(self) -> bytes:
        """Return the root record for their common group: that of an existing group, so that most records keep their pointer."""
        return min((not root.raw, place) for place, root in (self.built or self.live).items())[1]


class JoinedComponents:
    """Find joined components in two stores of groups.

    In the live store every record that a group names points to that group. The pointer of every record in the built store is
    read: a transfer that was killed may have written groups without the pointers to them.
    """

    def __init__(self, live: GroupStore, built: GroupStore) -> None:
        self._live = live
        self._built = built

    def of_live(self, places: Mapping[bytes, bytes]) -> list[JoinedComponent]:
        """Return the joined components of the live groups in `places`, a chunk of the live store: id of root → stored value.

        A component with groups in several chunks is returned for the chunk with its first root only.
        """
        return [c for c in self._around(places, {}) if min(_places(c.live), default=b"") in places]

    def of_built(self, places: Mapping[bytes, bytes]) -> list[JoinedComponent]:
        """Return those of the built groups in `places`, a chunk of the built store, that no live group is joined with."""
        found = self._around({}, places)
        return [c for c in found if not c.live and min(_places(c.built), default=b"") in places]

    def _around(self, live: Mapping[bytes, bytes], built: Mapping[bytes, bytes]) -> Iterable[JoinedComponent]:
        """Return the joined components that have a record of either chunk."""
        search = _Search()
        asked = {*live, *built}
        seen: set[bytes] = set()
        while asked:
            seen |= asked
            of_live = asked - search.named_live
            found = search.live(self._live.resolve(of_live, _part(live, of_live)))
            found |= search.built(self._built.resolve(asked, _part(built, asked)))
            asked = found - seen
        return search.components(seen)


class _Search:
    """The groups found so far in both stores, and the components they form.

    A record and a group are connected where the group names the record. A pointer alone does not connect: it leads from a record to
    a group only, and the components must not depend on the record that a search starts from.
    """

    def __init__(self) -> None:
        self.named_live: set[bytes] = set()
        self.named_built: set[bytes] = set()
        self._sets: DisjointSets[bytes] = DisjointSets()
        self._live: dict[bytes, Root] = {}
        self._built: dict[bytes, Root] = {}
        self._missing: set[bytes] = set()
        self._strays: set[bytes] = set()

    def live(self, roots: Mapping[bytes, Root]) -> set[bytes]:
        """Add groups of the live generation; returns the records that the new ones among them name."""
        return self._take(roots, self._live, self.named_live)

    def built(self, roots: Mapping[bytes, Root]) -> set[bytes]:
        """Add groups of the built generation; returns the records that the new ones among them name."""
        found = self._take(roots, self._built, self.named_built)
        for record, root in roots.items():
            if record not in self.named_built:
                (self._missing if record == root.id else self._strays).add(record)
        return found

    def _take(self, roots: Mapping[bytes, Root], known: dict[bytes, Root], named: set[bytes]) -> set[bytes]:
        found: set[bytes] = set()
        for root in {root.id: root for root in roots.values()}.values():
            before = known.get(root.id)
            # A record that was never in a group is an empty root of its own: a record, but no group.
            if (before is not None and root.moving.keys() <= before.moving.keys()) or not (root.raw or root.moving):
                continue
            whole = root if before is None else root._replace(moving={**before.moving, **root.moving})
            known[root.id] = whole
            names_of = _names(whole)
            found |= names_of
            for other in names_of:
                self._sets.join(root.id, other)
        named |= found
        return found

    def components(self, records: Iterable[bytes]) -> Iterable[JoinedComponent]:
        """Return the connected components of all that was found, over `records`."""
        components: dict[bytes, JoinedComponent] = defaultdict(lambda: JoinedComponent({}, {}, set(), set(), set()))
        for record in records:
            component = components[self._sets.find(record)]
            component.records.add(record)
            if record in self._missing:
                component.missing.add(record)
            elif record in self._strays:
                component.strays.add(record)
        for identifier, root in self._live.items():
            components[self._sets.find(identifier)].live[identifier] = root
        for identifier, root in self._built.items():
            components[self._sets.find(identifier)].built[identifier] = root
        return components.values()


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
