"""Acknowledges published batches, and finds what is still to be published: pending events and states of clusters.

A group is committed together with its events; they stay in Redis until they are published (`state/group_store.py`). So the
next worker publishes what a dead worker left, and after a write conflict with another worker this one publishes the states again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from streams import events
from streams.clusters.committed import Committed, PlannedCommit
from streams.clusters.group import Group, Root, cluster_key, first_key
from streams.clusters.planner import waiting
from streams.engine.messages import Batch
from streams.events import Outgoing
from streams.records.chunks import chunks
from streams.records.record import Record
from streams.state.connection import Connection
from streams.state.group_store import GroupStore
from streams.state.late import LateStates
from streams.state.reader import Reader
from streams.state.record_store import RecordStore

__all__ = ["Outbox"]

_LOT = 2000


class Outbox:
    """Makes batches of what is to be published again. Not safe for use from two threads at once, as its engine."""

    def __init__(self, groups: GroupStore, store: RecordStore, late: LateStates, connection: Connection) -> None:
        self._groups = groups
        self._store = store
        self._late = late
        self._connection = connection

    def acknowledge(self, batch: Batch) -> Batch:
        """Acknowledge a published batch; return what is to be published and acknowledged in turn.

        Where another worker has changed a cluster meanwhile, its state may have been published before that of the batch;
        so the state as it is now is published again, until no worker was faster.
        """
        raw: dict[bytes, bytes] = {}
        pending: dict[bytes, list[str | bytes]] = defaultdict(list)
        keys: dict[bytes, set[bytes]] = defaultdict(set)
        for record, _, field, singleton in batch.singletons:
            raw[record] = singleton.group
            pending[record] = [field]
        for c in batch.committed:
            # Committed twice: another worker may have come between, so the states of the first commit may be out of date.
            raw[c.root] = b"" if c.root in raw else c.raw
            pending[c.root] += c.described.pending
            keys[c.root].update(c.described.states)
        changed = self._groups.acknowledge([(root, raw[root], fields) for root, fields in pending.items()])
        if not changed:
            self._groups.forget(batch.drained)
            self._late.done(batch.repeated)
            return Batch((), ())
        for commit in batch.singletons:
            if commit.id in changed:
                keys[commit.id].add(first_key(commit.id))
        stale = {root: keys[root] for root in pending if root in changed}
        # Their events stay pending until the state is published again: should this worker die now, `drain` finds them.
        settled: dict[bytes, list[str | bytes]] = defaultdict(
            list, {key: list(fields) for key, fields in batch.drained.items()}
        )
        for root in stale:
            settled[self._groups.outbox(root)] += pending[root]
        revisions = {first_key(commit.id): 1 for commit in batch.singletons}
        revisions.update({change.key: change.revision for c in batch.committed for change in c.described.changes})
        return self._restate(stale, revisions)._replace(drained=settled, repeated=batch.repeated)

    def drain(self) -> Batch:
        """Return pending events that a worker committed and did not publish, with the states of their clusters.

        The batch is a chunk of them: call again until it is empty.
        """
        outgoing: list[Outgoing] = []
        stale: dict[bytes, int] = {}
        pending = self._groups.pending_events(_LOT)
        for found in pending.values():
            for field, event in sorted(found.items(), key=lambda item: int(item[0].rpartition(":")[2])):
                identifier, _, revision = field.rpartition(":")
                outgoing.append(Outgoing(events.EVENTS, identifier.encode(), event))
                stale[cluster_key(identifier)] = int(revision)
        if not outgoing:
            return Batch((), ())
        # The worker that committed them may have sent something that is still on its way to the broker.
        self._late.note(sorted(stale))
        restated = self.restate(stale, stale)
        drained = {key: list(found) for key, found in pending.items()}
        return Batch([*outgoing, *restated.outgoing], restated.committed, drained=drained)

    def repeat(self) -> Batch:
        """Return a chunk of the states that are due for another publication (`state/late.py`); call again until it is empty."""
        due = self._late.take(_LOT)
        return self.restate(map(self._late.cluster, due))._replace(repeated=due)

    def restate(self, clusters: Iterable[bytes], revisions: Mapping[bytes, int] = MappingProxyType({})) -> Batch:
        """Return the states, as they are now, of clusters by their keys; a tombstone for one that is no more.

        `revisions` are the last ones of clusters, for the tombstones of those that Redis has no more.
        """
        stale: dict[bytes, set[bytes]] = defaultdict(set)
        for key in clusters:
            stale[key[:8]].add(key)
        return self._restate(stale, revisions)

    def all_states(self, size: int) -> Iterator[Sequence[Outgoing]]:
        """Return the latest state of every cluster that has records, in chunks of `size` messages."""
        groups = (group for _, group in self._groups.all_groups())
        keys = (c.key for group in groups for index, c in enumerate(group.clusters) if group.records(index))
        return (self.restate(chunk).outgoing for chunk in chunks(keys, size))

    def _read(self, groups: Iterable[Group]) -> Reader:
        """Read the records that the states of these groups' clusters are made of."""
        reader = Reader(self._store, self._connection)
        named = [record for group in groups for record in _named(group)]
        reader.load(named)
        reader.load_records(named)
        return reader

    def _restate(self, stale: Mapping[bytes, set[bytes]], revisions: Mapping[bytes, int]) -> Batch:
        """Return the states of clusters as they are now; `stale` has their keys by the record whose group they were in."""
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
                outgoing += events.states(home.get(key, root.group), [key], _living(reader), revisions)
            committed.append(Committed(root.id, root.raw, PlannedCommit(root.group, {}, (), dict.fromkeys(keys))))
        return Batch(outgoing, committed)


def _groups(root: Root) -> list[Group]:
    """Return the group of a root and the frozen groups still to be merged into it, whose clusters are current as well.

    The merge publishes nothing about a cluster that stays as it is.
    """
    return [root.group, *waiting(root.group, root.groups[1:])]


def _named(group: Group) -> list[bytes]:
    """Return the records that a state of the group's clusters names."""
    return [member.id for member in group.members] + [relation.other for relation in group.related]


def _living(reader: Reader) -> Callable[[bytes], Record | None]:
    return lambda record: reader.record(record) if reader.is_live(record) else None
