"""Why a record is where it is, from the state in Redis: decisions are pure, so they are made again to be shown. Reads only."""

from __future__ import annotations

from itertools import combinations
from typing import Any, NamedTuple

from streams.clusters.canonical import canonical
from streams.clusters.group import Group, cluster_id, cluster_key
from streams.clusters.judge import Judge
from streams.clusters.store import GroupStore
from streams.errors import UsageError
from streams.index.connection import Connection
from streams.index.layout import Layout, id_of
from streams.index.reader import Reader
from streams.index.store import RecordStore
from streams.matching.decide import explain
from streams.matching.decision import DUPLICATE, Decision, Explanation
from streams.matching.rules import DEFAULT
from streams.records import Record
from streams.settings import Settings

__all__ = ["Inspection", "Pairing", "Place"]


class Pairing(NamedTuple):
    """Two records of one group and the decision on them; `meet`: they share a key."""

    a: str
    b: str
    decision: Decision
    meet: bool


class Place(NamedTuple):
    """Where a record is: its cluster with document, the decisions inside, and who was kept out of it by a veto."""

    record: str
    cluster_id: str
    revision: int
    records: list[str]
    document: dict[str, Any]
    inside: list[Pairing]
    kept_apart: list[Pairing]


class Inspection:
    """Questions to one generation of state."""

    def __init__(self, settings: Settings, connection: Connection) -> None:
        layout = Layout(settings.namespace, settings.generation, settings.buckets)
        self._rules = DEFAULT.with_policy(settings.preprints)
        self._store = RecordStore(layout)
        self._groups = GroupStore(layout, connection)
        self._judge = Judge(self._store, layout, self._rules)
        self._reader = Reader(self._store, connection)

    def place(self, record: str) -> Place:
        """Why a record is in its cluster. Raises UsageError where the record is not known."""
        key = id_of(record)
        group = self._group(record)
        index = next(member.cluster for member in group.members if member.id == key)
        mine = group.records(index)
        cluster = group.clusters[index]
        records = {i: self._record(i) for i in (member.id for member in group.members)}
        inside = [self._pairing(a, b) for a, b in combinations(mine, 2)]
        apart = [
            self._pairing(a, b)
            for a in mine
            for b in records
            if b not in mine and self._judge.pair(self._reader.features(a), self._reader.features(b)).veto
        ]
        name = cluster_id(cluster.key)
        members = sorted((records[i] for i in mine), key=lambda r: r.id)
        inside.sort(key=lambda pairing: (record not in (pairing.a, pairing.b), -pairing.decision.score))
        return Place(record, name, cluster.revision, [r.id for r in members], canonical(name, members), inside, apart)

    def compare(self, a: str, b: str) -> tuple[Explanation, bool]:
        """Every comparison of two records, and whether they are in one cluster. Raises UsageError."""
        groups = [self._group(a), self._group(b)]
        homes = [
            (group.clusters[member.cluster].key if (member := group.member(id_of(record))) else b"")
            for group, record in zip(groups, (a, b), strict=True)
        ]
        blobs = [self._reader.features(id_of(record)) for record in (a, b)]
        explanation = explain(self._store.features(blobs[0]), self._store.features(blobs[1]), self._rules)
        return explanation, homes[0] == homes[1] != b""

    def cluster_of(self, identifier: str) -> tuple[str, list[str]]:
        """The cluster an id stands for now, redirects followed, and its records. Raises UsageError."""
        try:
            key = cluster_key(identifier)
        except ValueError as error:
            raise UsageError(str(error)) from None
        root = self._groups.resolve([key[:8]])[key[:8]]
        key = root.group.merged.get(key, key)
        for index, cluster in enumerate(root.group.clusters):
            if cluster.key == key:
                ids = root.group.records(index)
                self._load(ids)
                return cluster_id(key), sorted(self._record(i).id for i in ids)
        raise UsageError(f"no cluster {identifier} is known")

    def _group(self, record: str) -> Group:
        key = id_of(record)
        root = self._groups.resolve([key])[key]
        if root.group.member(key) is None:
            raise UsageError(f"no record {record!r} is known; record ids are source:id, as in arxiv:2111.12710")
        self._load([member.id for member in root.group.members])
        return root.group

    def _load(self, ids: list[bytes] | tuple[bytes, ...]) -> None:
        self._reader.load(ids)
        self._reader.load_records(ids)

    def _record(self, key: bytes) -> Record:
        return self._reader.record(key) or Record(source="unknown", source_id=key.hex())

    def _pairing(self, a: bytes, b: bytes) -> Pairing:
        first, second = sorted((a, b), key=lambda key: self._record(key).id)
        blobs = self._reader.features(first), self._reader.features(second)
        decision = self._judge.decide(*blobs)
        return Pairing(
            self._record(first).id,
            self._record(second).id,
            decision,
            decision.verdict != DUPLICATE or self._judge.meet(*blobs),
        )
