"""Clusters of a snapshot, with the revision of each, in a temporary table of SQLite: in memory while it is small, else on disk.

Takes messages of `dedup.clusters` and `dedup.events` in any mixture and keeps of each cluster what has the highest revision, as
docs/events.md says. A tombstone names its revision in the header `revision`, and after a merge in `merged-into` the cluster that
it redirects to; one without the header ends the state before it, and counts as the revision after that.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping

import msgspec

from streams.api.event import ClusterRelation, ClusterState, Event, PublishedRelation
from streams.client.items import ClusterEnd
from streams.errors import PayloadError
from streams.events.messages import MERGED_INTO_HEADER, REVISION_HEADER

__all__ = ["SnapshotTable"]


_SCHEMA = """
pragma journal_mode = off;
pragma cache_size = -65536;
create table revision (id text primary key, revision int not null, merged_into text) without rowid;
create table state (id text primary key, value blob not null);
"""
_SET_REVISION = "insert or replace into revision values (?, ?, ?)"


class _State(msgspec.Struct):
    cluster_id: str
    revision: int
    records: tuple[str, ...]
    document: dict[str, object]
    relations: tuple[PublishedRelation, ...] = ()


class SnapshotTable:
    """The table of one snapshot. Close it when the subscription ends."""

    def __init__(self) -> None:
        """Make an empty table."""
        self._database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._database.executescript(_SCHEMA)
        self._database.execute("begin")  # never committed: the table ends with its connection
        self._published = msgspec.json.Decoder(_State)
        self._stored = msgspec.msgpack.Decoder(ClusterState)

    def close(self) -> None:
        """Delete the table."""
        self._database.close()

    def add_message(self, key: bytes, value: bytes | None, headers: Mapping[str, bytes]) -> None:
        """Take a message of `dedup.clusters`. Raises PayloadError (`not_a_state`) where it is none."""
        name = key.decode("utf-8", "replace")
        if value is None:
            revision = headers.get(REVISION_HEADER, b"")
            ended = int(revision) if revision.isdigit() else self._revision(name) + 1
            self._set(name, ended, None, headers.get(MERGED_INTO_HEADER, b"").decode("utf-8", "replace"))
            return
        try:
            found = self._published.decode(value)
        except msgspec.MsgspecError as error:
            raise PayloadError("not_a_state", str(error), f"dedup.clusters, {name}") from None
        relations = tuple(ClusterRelation(each.relation, each.record, each.other) for each in found.relations)
        self._set(name, found.revision, ClusterState(name, found.revision, found.records, found.document, relations))

    def add_event(self, event: Event) -> bool:
        """Take an event; return whether it is newer than what is known of its cluster."""
        return self._set(
            event.cluster_id, event.revision, event.state, event.merged_into[0] if event.merged_into else ""
        )

    def note(self, event: Event) -> bool:
        """Take only the revision of an event, after the snapshot; return whether it is newer than what is known."""
        if event.revision <= self._revision(event.cluster_id):
            return False
        self._database.execute(_SET_REVISION, (event.cluster_id, event.revision, None))
        return True

    def states(self) -> Iterator[ClusterState]:
        """Yield the clusters that there are, by id, then drop them."""
        last = ""
        while rows := self._database.execute(
            "select id, value from state where id > ? order by id limit 200", (last,)
        ).fetchall():
            for _, value in rows:
                yield self._stored.decode(value)
            last = rows[-1][0]
        self._database.execute("drop table state")

    def ends(self) -> Iterator[ClusterEnd]:
        """Yield the ended clusters that the topics still know of."""
        for row in self._database.execute(
            "select id, revision, merged_into from revision where merged_into is not null"
        ):
            yield ClusterEnd(*row)

    def _revision(self, name: str) -> int:
        row = self._database.execute("select revision from revision where id = ?", (name,)).fetchone()
        return int(row[0]) if row else 0

    def _set(self, name: str, revision: int, state: ClusterState | None, merged_into: str = "") -> bool:
        if revision <= self._revision(name):
            return False
        self._database.execute(_SET_REVISION, (name, revision, merged_into if state is None else None))
        if state is None:
            self._database.execute("delete from state where id = ?", (name,))
        else:
            self._database.execute("insert or replace into state values (?, ?)", (name, msgspec.msgpack.encode(state)))
        return True
