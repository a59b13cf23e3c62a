"""What is owed to subscribers: events that were committed, and the states of clusters, told again until they are sure.

A group is committed together with its events; they stay in Redis until they are published (`state/group_store.py`). So whoever
dies before that leaves them for the next worker, and whoever was overtaken by another tells the states anew.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from streams import events
from streams.clusters.committed import Committed, Described
from streams.clusters.group import Group, Root, cluster_key
from streams.clusters.planner import waiting
from streams.engine.messages import Batch
from streams.events import Outgoing
from streams.records.record import Record
from streams.state.connection import Connection
from streams.state.group_store import GroupStore
from streams.state.late import LateStates
from streams.state.reader import Reader
from streams.state.record_store import RecordStore

__all__ = ["Outbox"]

_LOT = 2000


class Outbox:
    """Tells what is owed. Like the engine it belongs to, not safe for use from two threads at once."""

    def __init__(self, groups: GroupStore, store: RecordStore, late: LateStates, connection: Connection) -> None:
        self._groups = groups
        self._store = store
        self._late = late
        self._connection = connection

    def confirm(self, batch: Batch) -> Batch:
        """The batch is published: settle its events. What is returned is to be published and confirmed in turn.

        Where another worker has changed a cluster meanwhile, its state may have been published before ours;
        so the state as it is now goes out again, until nobody was faster.
        """
        raw: dict[bytes, bytes] = {}
        owed: dict[bytes, list[str]] = defaultdict(list)
        keys: dict[bytes, set[bytes]] = defaultdict(set)
        for c in batch.committed:
            # Committed twice, another worker may have come between: the states of the first are no longer sure.
            raw[c.root] = b"" if c.root in raw else c.raw
            owed[c.root] += c.described.owed
            keys[c.root].update(c.described.states)
        now = self._groups.confirm([(root, raw[root], fields) for root, fields in owed.items()])
        stale = {root: keys[root] for root, stands in zip(owed, now, strict=True) if stands != raw[root]}
        if not stale:
            self._groups.forget(batch.drained)
            self._late.done(batch.repeated)
            return Batch((), ())
        # Their events stay owed until the state is out again: should we die now, `drain` finds them.
        settled: dict[bytes, list[str]] = defaultdict(
            list, {key: list(fields) for key, fields in batch.drained.items()}
        )
        for root in stale:
            settled[self._groups.outbox(root)] += owed[root]
        return self._restate(stale)._replace(drained=settled, repeated=batch.repeated)

    def drain(self) -> Batch:
        """Events that a worker committed but did not live to publish, with the states of their clusters.

        A lot of them: call it again until it finds none.
        """
        outgoing: list[Outgoing] = []
        stale: set[bytes] = set()
        owing = self._groups.owed(_LOT)
        for owed in owing.values():
            for field, event in sorted(owed.items(), key=lambda item: int(item[0].rpartition(":")[2])):
                identifier = field.rpartition(":")[0]
                outgoing.append(Outgoing(events.EVENTS, identifier.encode(), event))
                stale.add(cluster_key(identifier))
        if not outgoing:
            return Batch((), ())
        # Whoever owed them may have sent something that is still on its way.
        self._late.note(sorted(stale))
        restated = self.restate(stale)
        drained = {key: list(owed) for key, owed in owing.items()}
        return Batch([*outgoing, *restated.outgoing], restated.committed, drained=drained)

    def repeat(self) -> Batch:
        """The states of clusters that it is time to tell again (`state/late.py`). A lot: call it until there are none."""
        due = self._late.take(_LOT)
        return self.restate(map(self._late.cluster, due))._replace(repeated=due)

    def restate(self, clusters: Iterable[bytes]) -> Batch:
        """The states, as they are now, of clusters by their keys; a tombstone for one that is no more."""
        stale: dict[bytes, set[bytes]] = defaultdict(set)
        for key in clusters:
            stale[key[:8]].add(key)
        return self._restate(stale)

    def all_states(self, size: int) -> Iterator[list[Outgoing]]:
        """The latest state of every cluster, in lots of about `size` messages."""
        lot: list[tuple[bytes, Group]] = []
        for found in self._groups.all_groups():
            lot.append(found)
            if len(lot) >= size:
                yield self._states_of(lot)
                lot = []
        if lot:
            yield self._states_of(lot)

    def _states_of(self, groups: Sequence[tuple[bytes, Group]]) -> list[Outgoing]:
        reader = self._read(group for _, group in groups)
        return [
            message
            for _, group in groups
            for message in events.states(group, (c.key for c in group.clusters), _living(reader))
            if message.value is not None
        ]

    def _read(self, groups: Iterable[Group]) -> Reader:
        """What the states of these groups' clusters are made of."""
        reader = Reader(self._store, self._connection)
        named = [record for group in groups for record in _named(group)]
        reader.load(named)
        reader.load_records(named)
        return reader

    def _restate(self, stale: Mapping[bytes, set[bytes]]) -> Batch:
        """The states of clusters as they are now, by the record whose group they were in."""
        roots = self._groups.resolve(stale)
        committed: list[Committed] = []
        outgoing: list[Outgoing] = []
        wanted: dict[bytes, set[bytes]] = defaultdict(set)
        for record, keys in stale.items():
            wanted[roots[record].id] |= keys
        by_id = {root.id: root for root in roots.values()}
        groups = {root.id: _groups(root) for root in by_id.values()}
        reader = self._read(group for found in groups.values() for group in found)
        for identifier, keys in wanted.items():
            root = by_id[identifier]
            home = {cluster.key: group for group in groups[identifier] for cluster in group.clusters}
            for key in sorted(keys):
                outgoing += events.states(home.get(key, root.group), [key], _living(reader))
            committed.append(Committed(root.id, root.raw, Described(root.group, {}, (), dict.fromkeys(keys))))
        return Batch(outgoing, committed)


def _groups(root: Root) -> list[Group]:
    """The group that lives here and those on their way into it, whose clusters stand as well.

    Whoever takes them over does not tell again of a cluster that stays as it is.
    """
    return [root.group, *waiting(root.group, root.groups[1:])]


def _named(group: Group) -> list[bytes]:
    """The records that a state of the group's clusters names."""
    return [member.id for member in group.members] + [relation.other for relation in group.related]


def _living(reader: Reader) -> Callable[[bytes], Record | None]:
    return lambda record: reader.record(record) if reader.is_live(record) else None
