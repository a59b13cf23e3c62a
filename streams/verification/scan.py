"""Scan some records, and the groups whose root they are. Reads from Redis in a few round trips, writes nothing."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from streams import events
from streams.clusters.corrections import Verdict
from streams.clusters.group import Group, Root, cluster_id
from streams.events.published import decode_state
from streams.matching.blocking import blocking_keys
from streams.matching.prefilter import signature
from streams.records.record import Record
from streams.state.connection import Connection
from streams.state.group_store import GroupStore
from streams.state.key_index import KeyRecords, places
from streams.state.layout import Layout
from streams.state.reader import Reader
from streams.state.record_store import RecordStore
from streams.verification.differences import Difference
from streams.verification.groups import Pair, View, check_group, check_rulings, named_records
from streams.verification.states import Values, ended, packed_state

__all__ = ["Findings", "Scan", "ScanContext"]

_TIME_BITS = 20
"""The low bits of a cluster's `created` below the milliseconds: it is an arrival order (`records/version.py`)."""


class Findings:
    """The result of a scan: differences, counts, and the packed state of each cluster.

    `redirects` maps the clusters that were merged away to those they were merged into; `young` holds the clusters that were
    created after lost topics were created again; `applied` the pairs of records on which a group has a correction.
    """

    def __init__(self) -> None:
        self.differences: list[Difference] = []
        self.counts: Counter[str] = Counter()
        self.states: dict[str, bytes] = {}
        self.redirects: dict[str, str] = {}
        self.young: set[str] = set()
        self.applied: set[Pair] = set()

    def add(self, other: Findings) -> None:
        """Add the findings of another chunk to these."""
        self.differences += other.differences
        self.counts.update(other.counts)
        self.states |= other.states
        self.redirects |= other.redirects
        self.young |= other.young
        self.applied |= other.applied


class ScanContext:
    """The generation of state that scans read, and its stores.

    `topics_since` is the Unix ms at which the topics were created again after they were lost, 0 if they never were; `key_cap` is
    the number of records from which on a blocking key leaves others out.
    """

    def __init__(self, layout: Layout, connection: Connection, key_cap: int, topics_since: int) -> None:
        self.layout = layout
        self.connection = connection
        self.store = RecordStore(layout)
        self.groups = GroupStore(layout, connection)
        self.key_cap = key_cap
        self.topics_since = topics_since


class Scan:
    """A scan of the records with some 8-byte ids, and of the groups whose root record is one of them."""

    def __init__(self, context: ScanContext, ids: Sequence[bytes]) -> None:
        """Read them from Redis. Raises StateError or a decoding error where a value cannot be read."""
        self._context = context
        self._ids = ids
        self._reader = Reader(context.store, context.connection)
        self._roots = context.groups.resolve(ids)
        self._own_roots = {root.id: root for root in self._roots.values() if root.raw and root.id in self._roots}
        named = {record for root in self._own_roots.values() for record in named_records(root.group)}
        others = {relation.other for root in self._own_roots.values() for relation in root.group.related}
        self._reader.load(ids)
        self._reader.load(named | others)
        self._reader.load_records(named | others)
        elsewhere = context.groups.resolve(named.difference(self._roots))
        self._root_of = {record: root.id for record, root in (*self._roots.items(), *elsewhere.items())}
        self._members = {root.id: _members(root) for root in {r.id: r for r in self._roots.values()}.values()}

    def findings(self, accepted: Mapping[Pair, Verdict] | None, values: Values) -> Findings:
        """Check the groups of this chunk and return what was found: differences, counts, and the states that Redis has.

        `accepted` has the last accepted correction of each pair of records; with None, corrections are not checked.
        """
        found = Findings()
        live = [record for record in self._ids if self._record(record, found)]
        found.differences += self._keys(live, found.counts)
        view = View(self._reader.stored().get, lambda record: self._root_of.get(record, b""), self._name)
        for root in self._own_roots.values():
            wrong = list(check_group(root.id, root.group, view))
            found.differences += wrong
            found.differences += self._without_document(root)
            if accepted is not None:
                found.differences += check_rulings(root.id, root.group, accepted, view)
            found.applied.update((ruling.a, ruling.b) for ruling in root.group.rulings)
            if not any(difference.code == "group_malformed" for difference in wrong):
                self._clusters(root.group, found, values)
        return found

    def _record(self, record: bytes, found: Findings) -> bool:
        """Count a record, check that it is in a cluster, and tell whether it is live."""
        root = self._roots[record]
        if record in root.moving:
            detail = f"its merge into the group of {self._name(root.id)} is pending"
            found.differences.append(self._about(record, "group_frozen", detail, root))
        stored = self._reader.stored()[record]
        if stored is None:
            return False
        found.counts["records" if stored.version.live else "deleted"] += 1
        if stored.version.live and record not in self._members[root.id]:
            found.differences.append(self._about(record, "record_without_cluster", "", root))
        return stored.version.live

    def _about(self, record: bytes, code: str, detail: str, root: Root) -> Difference:
        return Difference(code, record=self._name(record), detail=detail, ids=(record, root.id), fingerprint=root.raw)

    def _without_document(self, root: Root) -> Iterable[Difference]:
        for member in root.group.members:
            if self._reader.features(member.id) and self._reader.record(member.id) is None:
                yield self._about(member.id, "document_missing", "", root)

    def _clusters(self, group: Group, found: Findings, values: Values) -> None:
        """Pack the state of every cluster as it would be published now."""
        found.counts["groups"] += bool(group.members)
        found.counts["records_in_clusters"] += len(group.members)
        messages = events.states(group, (cluster.key for cluster in group.clusters), self._alive)
        for cluster, message in zip(group.clusters, messages, strict=True):
            name = sys.intern(cluster_id(cluster.key))
            found.counts["ended" if message.value is None else "clusters"] += 1
            state = packed_state(values, decode_state(message.value)) if message.value else ended(cluster.revision)
            found.states[name] = state
            if self._context.topics_since and cluster.created >> _TIME_BITS >= self._context.topics_since:
                found.young.add(name)
        found.counts["redirects"] += len(group.merged)
        found.redirects.update((cluster_id(key), cluster_id(into)) for key, into in group.merged.items())

    def _alive(self, record: bytes) -> Record | None:
        return self._reader.record(record) if self._reader.features(record) else None

    def _name(self, record: bytes) -> str:
        self._reader.load_records([record])
        known = self._reader.record(record)
        return known.id if known else record.hex()

    def _keys(self, live: Sequence[bytes], counts: Counter[str]) -> Iterable[Difference]:
        """Yield a difference for each blocking key that lacks the entry of a live record or has it with an old signature."""
        layout = self._context.layout
        asked = []
        for record in live:
            features = self._context.store.features(self._reader.features(record))
            mine, sign = blocking_keys(features), signature(features)
            asked += [(record, sign, key, place) for key, place in zip(mine, places(layout, mine), strict=True)]
        counts["keys"] += len(asked)
        replies = self._context.connection.execute([KeyRecords.get(place) for *_, place in asked])
        for (record, sign, key, place), reply in zip(asked, replies, strict=True):
            kept, detail = KeyRecords.of(place, reply), f"{key.kind} {key.value}"
            compared = kept.signature(record)
            stored = kept.overflow_signature(record) if compared is None else compared
            is_missing = stored is None and not kept.may_lack_records(self._context.key_cap)
            counts["keys_capped"] += compared is None and not is_missing
            if is_missing:
                yield self._about_key("key_missing", record, detail)
            elif stored and stored != sign:
                yield self._about_key("key_outdated", record, detail)

    def _about_key(self, code: str, record: bytes, detail: str) -> Difference:
        return Difference(code, record=self._name(record), detail=detail, ids=(record,), fingerprint=detail.encode())


def _members(root: Root) -> frozenset[bytes]:
    """Return the records of a group and of the groups whose merge into it is pending."""
    return frozenset(member.id for group in root.groups for member in group.members)
