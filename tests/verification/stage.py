"""State as the engine makes it, with what was published, to be tampered with and looked at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from typing import Any

import msgspec
import orjson

from streams import events
from streams.clusters.group import Group, cluster_id, cluster_key
from streams.engine.engine import Engine
from streams.engine.messages import Batch, Incoming
from streams.engine.prepare import CORRECTIONS
from streams.events import Outgoing
from streams.records.stored import id_of
from streams.settings import Settings
from streams.state.connection import Connection
from streams.state.layout import Layout
from streams.verification.audit import Audit
from streams.verification.comparison import compare
from streams.verification.differences import Difference
from streams.verification.folds import ClusterFold, EventFold
from streams.verification.states import Values
from tests.engine.worlds import settle

__all__ = ["ONE", "OTHER", "Stage"]

ONE = {"title": "Deep residual learning of sparse graphs", "authors": ["Ada Lovelace", "Alan Turing"], "year": 2015}
OTHER = {"title": "Quiet stars and loud planets of the south", "authors": ["Grace Hopper"], "year": 2015}


class Stage:
    """An engine on real Redis, and the topics it published to as a list."""

    def __init__(self, settings: Settings, connection: Connection) -> None:
        self.settings, self.connection = settings, connection
        self.engine = Engine(settings, connection)
        self.layout = Layout(settings.namespace, settings.generation, settings.buckets)
        self.published: list[Outgoing] = []
        self._offset = 0

    def send(self, record: str, content: dict[str, Any] | None) -> None:
        """Handle a message about a record, a tombstone where `content` is None."""
        source, _, identifier = record.partition(":")
        value = None if content is None else orjson.dumps({"source": source, "id": identifier, **content})
        self._handle("document", record.encode(), value)

    def correct(self, identifier: str, action: str, a: str, b: str) -> None:
        told = {"id": identifier, "action": action, "a": a, "b": b, "author": "ada", "time": "2026-11-24T10:00:00Z"}
        self._handle(CORRECTIONS, b"", orjson.dumps(told))

    def found(self, *, late: Callable[[str], bool] = lambda _: False) -> list[Difference]:
        """What a first look finds, which is what looking again finds as well."""
        audit = Audit(self.settings, self.connection)
        values = Values()
        first = self._compare(audit.scan_all(values), values, None, late)
        if not first:
            return []
        names = frozenset(name for difference in first for name in difference.clusters)
        values = Values(names)
        again = self._compare(audit.rescan(first, values), values, names, late)
        assert {d.identity for d in first} <= {d.identity for d in again}, "a second look lost something"
        return again

    def codes(self) -> set[str]:
        return {difference.code for difference in self.found()}

    def counts(self) -> Counter[str]:
        return Audit(self.settings, self.connection).scan_all(Values()).counts

    def _compare(
        self, findings: Any, values: Values, only: Collection[str] | None, late: Callable[[str], bool]
    ) -> list[Difference]:
        told, clusters = EventFold(values, only), ClusterFold(values, only)
        for out in self.published:
            if out.topic == events.EVENTS:
                told.add(out.key, out.value or b"")
            elif out.topic == events.CLUSTERS:
                clusters.add(out.key, out.value)
        return compare(findings, told, clusters, values, late, Counter(), only)

    def _handle(self, source: str, key: bytes, value: bytes | None) -> None:
        self._offset += 1
        item = Incoming(source, key, value, self._offset, f"r.{source}", 0, self._offset)
        self.settle(self.engine.process([item]))

    def settle(self, batch: Batch) -> None:
        """Publish and acknowledge, as a worker does."""
        settle(self.engine, batch, self.published.extend)

    # What tests need to find and to change things.

    def home(self, record: str) -> tuple[bytes, Group]:
        root = self.engine.groups.resolve([id_of(record)])[id_of(record)]
        return root.id, root.group

    def cluster(self, record: str) -> str:
        """The id of the cluster a record is in."""
        _, group = self.home(record)
        member = group.member(id_of(record))
        assert member is not None
        return cluster_id(group.clusters[member.cluster].key)

    def rewrite(self, record: str, **fields: object) -> None:
        """Change fields of the group that a record is in."""
        root, group = self.home(record)
        changed = msgspec.structs.replace(group, **fields)
        self.put_group(root, self.engine.groups.encode(root, changed))

    def put_group(self, root: bytes, value: bytes) -> None:
        self.connection.call("HSET", self.layout.groups(root), root, value)

    def drop(self, kind: str, record: str) -> None:
        """Remove what is kept of a record under one kind of key."""
        assert self.connection.call("HDEL", getattr(self.layout, kind)(id_of(record)), id_of(record)) == 1

    def leave_pending(self, event: Outgoing) -> None:
        """Put an event back into the outbox."""
        told = orjson.loads(event.value or b"")
        key = self.layout.outbox(cluster_key(told["cluster_id"])[:8])
        self.connection.call("HSET", key, told["event_id"], event.value or b"")

    def events(self, cluster: str) -> list[int]:
        """Where in `published` the events of a cluster are."""
        return self._places(events.EVENTS, cluster)

    def states(self, cluster: str) -> list[int]:
        """Where in `published` the states of a cluster are."""
        return self._places(events.CLUSTERS, cluster)

    def edit(self, place: int, **fields: object) -> None:
        """Change fields of a published message."""
        message = self.published[place]
        self.published[place] = message._replace(value=orjson.dumps(orjson.loads(message.value or b"") | fields))

    def _places(self, topic: str, cluster: str) -> list[int]:
        return [n for n, out in enumerate(self.published) if out.topic == topic and out.key.decode() == cluster]
