"""Groups in Redis. Keys `N:{b}:g`, `N:{b}:o` and `N:{b}:m` of `state/layout.py`.

`g`, field = record id, value one of (bytes in `state/group_codec.py`)
  a root         the group stored under this record
  a pointer      the group was merged into the one found there (perhaps by a further pointer)
  frozen         a merge into the group found there is pending; no worker changes it, any may finish
`o`, field = `cluster id:revision`, value = the event, JSON: committed with the group, removed when published.
`m`, the ids of frozen groups: a worker finds those here whose worker died and which no record leads to.

A group changes only by compare-and-set of its whole value. Two groups become one in three steps, each
of which any worker may repeat: freeze the one, merge its members into the other, leave a pointer. Of two
existing groups always the one with the larger id moves, so no two workers move them into each other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from streams.clusters.group import Group, Root, cluster_id
from streams.errors import StateError
from streams.events import Singleton
from streams.state.connection import Command, Connection, Script
from streams.state.formats import LATEST
from streams.state.group_codec import GroupCodec
from streams.state.layout import Layout
from streams.state.progress import HISTORY

__all__ = [
    "ACKNOWLEDGE_GROUPS",
    "COMMIT_GROUP",
    "COMMIT_SINGLETONS",
    "Commit",
    "GroupStore",
    "PendingEvents",
    "SingletonCommit",
]

COMMIT_GROUP = Script(HISTORY, Path(__file__).parent / "commit_group.lua")
ACKNOWLEDGE_GROUPS = Script(Path(__file__).parent / "acknowledge_groups.lua")
COMMIT_SINGLETONS = Script(HISTORY, Path(__file__).parent / "commit_singletons.lua")

_MAX_HOPS = 64
_BUCKETS = 16
_MANY = 2000
_TOGETHER = 64
"""Groups that one script changes, where all keys are on one server."""


class Commit(NamedTuple):
    """A change of one value under compare-and-set, with its events for the outbox (outbox field -> event JSON)."""

    id: bytes
    expected: bytes
    value: bytes
    pending: Mapping[str, bytes] = {}


class SingletonCommit(NamedTuple):
    """A singleton cluster to begin, with the header of the record that it was made of; `field` is that of its event."""

    id: bytes
    header: bytes
    field: bytes
    singleton: Singleton


PendingEvents = dict[str, bytes]
"""Events that are not known to be published, outbox field -> event JSON; those of a cluster in order."""


class GroupStore:
    """Reads, changes and acknowledges groups, many in one round trip.

    More than ten methods, for a group, its pending events and its merge are one write, and each is read in its own way.
    """

    def __init__(self, layout: Layout, connection: Connection, form: int = LATEST) -> None:
        """Write values of a format of the state (`state/formats.py`)."""
        self._layout = layout
        self._connection = connection
        self._codec = GroupCodec(form)
        self.encode, self.clusters_of = self._codec.encode, self._codec.clusters_of
        self.frozen, self.pointer = self._codec.frozen, self._codec.pointer
        self.known = b""
        """Replication ids (`state/progress.py`). Where not empty, a server with another one refuses changes: it may have
        lost clusters in a failover whose events subscribers have read."""

    def resolve(self, records: Iterable[bytes], known: Mapping[bytes, bytes] | None = None) -> dict[bytes, Root]:
        """Return the group of each record, found by its pointer; a record in no group is the root of an empty one.

        `known` has, for some of the records, the values that `places` has just yielded; these are not read again.
        """
        asked = set(records)
        values = dict(known or {})
        wanted = asked - values.keys()
        for _ in range(_MAX_HOPS):
            self._read(wanted, values)
            wanted = {target for value in values.values() if (target := self._codec.target(value))} - values.keys()
            if not wanted:
                return self._roots(asked, values)
        raise StateError("pointers between groups do not end")

    def values(self, records: Collection[bytes]) -> dict[bytes, bytes]:
        """Read the value stored for each record itself, `b""` for none; for `commit`."""
        found: dict[bytes, bytes] = {}
        self._read(set(records), found)  # no round trip where there are none
        return found

    def commit(self, commits: Sequence[Commit]) -> list[bool]:
        """Apply each change whose value is still as expected; return which were applied."""
        return [earlier is not None for earlier in self.commit_events(commits)]

    def commit_events(self, commits: Sequence[Commit]) -> list[PendingEvents | None]:
        """Apply changes as `commit` does; return of each that was applied the earlier events that are still pending.

        The worker that publishes an event publishes these first: should the worker that committed them die, or Redis lose
        them in a failover, no other worker knows them.
        """
        chunks = self._connection.chunks(commits, _TOGETHER)
        replies = self._connection.execute([self._commit(chunk) for chunk in chunks])
        return [_pending_before(changed) for reply in replies for changed in reply]

    def pending_of(self, clusters: Mapping[bytes, Mapping[bytes, int]]) -> dict[bytes, PendingEvents]:
        """Return the pending events of groups (id -> cluster key -> revision) up to these revisions, by group id."""
        found: dict[bytes, PendingEvents] = {}
        wanted = [(group, f"{cluster_id(key)}:", at) for group, known in clusters.items() for key, at in known.items()]
        while wanted:
            keys = [self._layout.outbox(group) for group, _, _ in wanted]
            asked = zip(keys, wanted, strict=True)
            replies = self._connection.execute(
                [Command(key, ("HGET", key, f"{name}{at}")) for key, (_, name, at) in asked]
            )
            earlier = []
            for (group, name, at), event in zip(wanted, replies, strict=True):
                if event is not None:
                    found[group] = {f"{name}{at}": event, **found.get(group, {})}
                    earlier.append((group, name, at - 1))
            wanted = earlier
        return found

    def _commit(self, commits: Sequence[Commit]) -> Command:
        keys: list[bytes] = []
        arguments: list[str | bytes | int] = [self.known]
        for commit in commits:
            keys += (self._layout.groups(commit.id), self._layout.outbox(commit.id), self._layout.moves(commit.id))
            arguments += (commit.id, commit.expected, commit.value, len(commit.pending))
            for field, event in commit.pending.items():
                arguments += (field, event)
        return COMMIT_GROUP.call(keys, arguments)

    def outbox(self, group: bytes) -> bytes:
        """Return the key of a group's outbox."""
        return self._layout.outbox(group)

    def commit_singletons(self, commits: Sequence[SingletonCommit]) -> tuple[set[bytes], set[bytes]]:
        """Store groups of one record each where the record has none yet, and look whether the record is still as it was stored.

        Return the records that have a group already, of which nothing was stored, and those that another worker has changed.
        """
        refused: set[bytes] = set()
        changed: set[bytes] = set()
        chunks = list(self._connection.chunks(commits, _TOGETHER))
        replies = self._connection.execute([self._commit_singletons(chunk) for chunk in chunks])
        for chunk, reply in zip(chunks, replies, strict=True):
            for number, stored in zip(reply[::2], reply[1::2], strict=True):
                (changed if stored else refused).add(chunk[number - 1].id)
        return refused, changed

    def _commit_singletons(self, commits: Sequence[SingletonCommit]) -> Command:
        keys: list[bytes] = []
        arguments: list[bytes] = [self.known]
        for group, header, field, singleton in commits:
            keys += self._layout.singleton(group)
            arguments += (group, header, singleton.group, field, singleton.event)
        return COMMIT_SINGLETONS.call(keys, arguments)

    def acknowledge(self, published: Sequence[tuple[bytes, bytes, Sequence[str | bytes]]]) -> set[bytes]:
        """Remove published events where the group is still as published: (group id, its raw value, outbox fields) each.

        Return the ids of the groups that another worker has changed.
        """
        chunks = list(self._connection.chunks(published, _TOGETHER))
        replies = self._connection.execute([self._acknowledge(chunk) for chunk in chunks])
        return {chunk[n - 1][0] for chunk, reply in zip(chunks, replies, strict=True) for n in reply}

    def _acknowledge(self, published: Sequence[tuple[bytes, bytes, Sequence[str | bytes]]]) -> Command:
        keys: list[bytes] = []
        arguments: list[bytes | str | int] = []
        for group, raw, fields in published:
            keys += self._layout.group_pair(group)
            arguments += (group, raw, len(fields), *fields)
        return ACKNOWLEDGE_GROUPS.call(keys, arguments)

    def pending_events(self, most: int | None = None) -> dict[bytes, dict[str, bytes]]:
        """Read the pending events of all outboxes: outbox key -> field -> event as JSON.

        With `most`, stop at the outbox with which that many events are reached: after a rebuild there may be very many.
        """
        keys = self._layout.bucket_keys("outboxes")
        lengths = self._connection.execute([Command(key, ("HLEN", key)) for key in keys])
        full, count = [], 0
        for key, length in zip(keys, lengths, strict=True):
            if length and (most is None or count < most):
                full.append(key)
                count += length
        replies = self._connection.execute([Command(key, ("HGETALL", key)) for key in full])
        return {
            key: {f.decode(): v for f, v in zip(reply[::2], reply[1::2], strict=True)}
            for key, reply in zip(full, replies, strict=True)
        }

    def forget(self, drained: Mapping[bytes, Sequence[str | bytes]]) -> None:
        """Remove events found by `pending_events` that are published (outbox key -> fields)."""
        self._connection.execute([Command(key, ("HDEL", key, *fields)) for key, fields in drained.items() if fields])

    def begun(self) -> frozenset[bytes]:
        """Return the ids of the frozen groups: merges of workers that are at work, or that have died."""
        commands = [Command(key, ("SMEMBERS", key)) for key in self._layout.bucket_keys("moves")]
        return frozenset(record for reply in self._connection.execute(commands) for record in reply)

    def all_groups(self) -> Iterable[tuple[bytes, Group]]:
        """Read every group with its id, bucket by bucket; groups that change meanwhile may be seen before or after."""
        keys = self._layout.bucket_keys("groups")
        for start in range(0, len(keys), 64):
            chunk = keys[start : start + 64]
            for reply in self._connection.execute([Command(key, ("HGETALL", key)) for key in chunk]):
                for field, value in zip(reply[::2], reply[1::2], strict=True):
                    if self._codec.is_root(value):
                        yield field, self._codec.root(field, value)

    def places(self) -> Iterator[dict[bytes, bytes]]:
        """Read the values of all roots and frozen groups by id, in chunks of some thousands."""
        keys = self._layout.bucket_keys("groups")
        for start in range(0, len(keys), _BUCKETS):
            chunk = keys[start : start + _BUCKETS]
            replies = self._connection.execute([Command(key, ("HGETALL", key)) for key in chunk])
            yield {
                field: value
                for reply in replies
                for field, value in zip(reply[::2], reply[1::2], strict=True)
                if self._codec.is_root(value) or self._codec.is_frozen(value)
            }

    def _read(self, wanted: set[bytes], values: dict[bytes, bytes]) -> None:
        if len(wanted) > _MANY:
            self._read_many(wanted, values)
            return
        order = list(wanted)
        replies = self._connection.read_fields(list(map(self._layout.groups, order)), order)
        for record, reply in zip(order, replies, strict=True):
            values[record] = reply or b""

    def _read_many(self, wanted: set[bytes], values: dict[bytes, bytes]) -> None:
        """Read values by bucket: a reply costs more than a value in it."""
        buckets: dict[bytes, list[bytes]] = defaultdict(list)
        for record in wanted:
            buckets[self._layout.groups(record)].append(record)
        commands = [Command(key, ("HMGET", key, *records)) for key, records in buckets.items()]
        for records, replies in zip(buckets.values(), self._connection.execute(commands), strict=True):
            for record, reply in zip(records, replies, strict=True):
                values[record] = reply or b""

    def _roots(self, asked: set[bytes], values: dict[bytes, bytes]) -> dict[bytes, Root]:
        roots: dict[bytes, bytes] = {}
        frozen: list[tuple[int, bytes, bytes, Group]] = []
        for record, raw in values.items():
            end, hops = record, 0
            while target := self._codec.target(values[end]):
                end, hops = target, hops + 1
                if hops > _MAX_HOPS:
                    raise StateError("pointers between groups do not end")
            roots[record] = end
            if self._codec.is_frozen(raw):
                frozen.append((hops, record, raw, self._codec.moving(record, raw)))
        moving: dict[bytes, dict[bytes, tuple[bytes, Group]]] = {}
        for _, record, raw, group in sorted(frozen, key=lambda entry: entry[:2]):
            moving.setdefault(roots[record], {})[record] = (raw, group)
        made = {
            end: Root(end, values[end], self._codec.root(end, values[end]), moving.get(end, {}))
            for end in {roots[record] for record in asked}
        }
        return {record: made[roots[record]] for record in asked}


def _pending_before(reply: int | list[bytes]) -> PendingEvents | None:
    """Return the pending events in the script's reply for one group, which has the latest of each cluster first."""
    if isinstance(reply, int):
        return {} if reply else None
    pairs = list(zip(reply[::2], reply[1::2], strict=True))
    return {field.decode(): event for field, event in reversed(pairs)}
