"""Why a record is where it is, from the state in Redis: decisions are pure, so they are made again to be shown. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any, NamedTuple

from streams.clusters.canonical import canonical
from streams.clusters.corrections import Correction, Standing
from streams.clusters.group import Group, Ruling, cluster_id, cluster_key
from streams.clusters.partition import Link, Opposition, divide
from streams.clusters.planner import Pair
from streams.engine.decision_cache import Judge
from streams.errors import UsageError
from streams.matching.decide import explain
from streams.matching.decision import DUPLICATE, Decision, Explanation
from streams.matching.ruleset import DEFAULT
from streams.records.record import Record
from streams.records.stored import id_of
from streams.settings import Settings
from streams.state.connection import Connection
from streams.state.correction_log import CorrectionLog
from streams.state.group_store import GroupStore
from streams.state.layout import Layout
from streams.state.reader import Reader
from streams.state.record_store import RecordStore

__all__ = ["Inspection", "Meeting", "Pairing", "Place", "Refused"]


class Pairing(NamedTuple):
    """Two records of one group and the decision on them; `meet`: they share a key."""

    a: str
    b: str
    decision: Decision
    meet: bool


class Refused(NamedTuple):
    """A duplicate of a record of the cluster that is not in it, and the pair that keeps the two sides apart.

    `rival`: the link rests on the title alone, and that title has another claimant that opposes this one.
    """

    link: Pairing
    because: Pairing
    rival: bool


class Place(NamedTuple):
    """Where a record is: its cluster with document, the decisions inside, and what keeps other records out of it.

    `kept_apart` are pairs across the cluster's border that contradict, `refused` the links across it that join nothing.
    `corrections` are those in force on any record of the cluster.
    """

    record: str
    cluster_id: str
    revision: int
    records: list[str]
    document: dict[str, Any]
    inside: list[Pairing]
    kept_apart: list[Pairing]
    refused: list[Refused]
    corrections: list[Correction]


class Meeting(NamedTuple):
    """Every comparison of two records, whether they are in one cluster, and what corrections say of the two."""

    explanation: Explanation
    together: bool
    same: list[Correction]
    different: list[Correction]


class Inspection:
    """Questions to one generation of state."""

    def __init__(self, settings: Settings, connection: Connection) -> None:
        layout = Layout(settings.namespace, settings.generation, settings.buckets)
        self._rules = DEFAULT.with_policy(settings.preprints)
        self._store = RecordStore(layout)
        self._groups = GroupStore(layout, connection)
        self._judge = Judge(self._store, layout, self._rules)
        self._reader = Reader(self._store, connection)
        self._corrections = CorrectionLog(layout, connection)

    def place(self, record: str) -> Place:
        """Why a record is in its cluster. Raises UsageError where the record is not known."""
        key = id_of(record)
        group = self._group(record)
        index = next(member.cluster for member in group.members if member.id == key)
        mine = group.records(index)
        cluster = group.clusters[index]
        records = {i: self._record(i) for i in (member.id for member in group.members)}
        inside = [self._pairing(a, b) for a, b in combinations(mine, 2)]
        apart = [self._pairing(a, b) for a in mine for b in records if b not in mine and self._pair(a, b).contradicts]
        name = cluster_id(cluster.key)
        members = sorted((records[i] for i in mine), key=lambda r: r.id)
        inside.sort(key=lambda pairing: (record not in (pairing.a, pairing.b), -pairing.decision.score))
        ids = [r.id for r in members]
        corrections = [v.correction for v in self._standing(group).verdicts() if v.a in ids or v.b in ids]
        document = canonical(name, members)
        return Place(
            record, name, cluster.revision, ids, document, inside, apart, self._refused(group, mine), corrections
        )

    def _refused(self, group: Group, mine: Sequence[bytes]) -> list[Refused]:
        """Divide the group again, and return the links from the cluster to others of the group with what refused them."""
        members = sorted(member.id for member in group.members)
        pairs = [(a, b, self._pair(a, b)) for a, b in combinations(members, 2)]
        division = divide(
            members,
            [Link(pair.link, a, b, pair.strength) for a, b, pair in pairs if pair.link is not None],
            [(a, b) for a, b, pair in pairs if pair.veto],
            group.must,
            group.cannot,
            [Opposition(a, b, pair.opposes) for a, b, pair in pairs if pair.opposes],
        )
        return [
            Refused(self._pairing(r.a, r.b), self._pairing(*r.because), r.rival)
            for r in division.refusals
            if (r.a in mine) != (r.b in mine)
        ]

    def _pair(self, a: bytes, b: bytes) -> Pair:
        return self._judge.pair(self._reader.features(a), self._reader.features(b))

    def compare(self, a: str, b: str) -> Meeting:
        """Why two records are or are not together. Raises UsageError where one is not known."""
        groups = [self._group(a), self._group(b)]
        homes = [
            (group.clusters[member.cluster].key if (member := group.member(id_of(record))) else b"")
            for group, record in zip(groups, (a, b), strict=True)
        ]
        blobs = [self._reader.features(id_of(record)) for record in (a, b)]
        explanation = explain(self._store.features(blobs[0]), self._store.features(blobs[1]), self._rules)
        stands = self._standing(groups[0])
        together = homes[0] == homes[1] != b""
        return Meeting(explanation, together, stands.same(a, b), stands.different(a, b))

    def unknown(self, records: Sequence[str]) -> list[str]:
        """Those of the records that are not there."""
        self._reader.load([id_of(record) for record in records])
        return [record for record in records if not self._reader.features(id_of(record))]

    def applied(self, ruling: Ruling) -> bool:
        """Whether the group of the two records has heeded a correction, or a later one on the two."""
        root = self._groups.resolve([ruling.a])[ruling.a]
        known = (r for r in root.group.rulings if (r.a, r.b) == (ruling.a, ruling.b))
        return any(other.serial >= ruling.serial for other in known)

    def family(self, identifier: str) -> list[str]:
        """All clusters that share a group with this one, those merged away included; empty where it is not known.

        Whatever it was merged with or split from is among them. Raises UsageError where the id is malformed.
        """
        key, group = self._home(identifier)
        keys = {cluster.key for cluster in group.clusters} | group.merged.keys()
        return sorted(map(cluster_id, keys)) if key in keys else []

    def cluster_of(self, identifier: str) -> tuple[str, list[str]]:
        """The cluster an id stands for now, redirects followed, and its records. Raises UsageError."""
        key, group = self._home(identifier)
        key = group.merged.get(key, key)
        for index, cluster in enumerate(group.clusters):
            if cluster.key == key:
                ids = group.records(index)
                self._load(ids)
                return cluster_id(key), sorted(self._record(i).id for i in ids)
        raise UsageError(f"no cluster {identifier} is known")

    def _standing(self, group: Group) -> Standing:
        """The corrections that stand, read only where the group has any."""
        return Standing(self._corrections.all() if group.rulings else ())

    def _home(self, identifier: str) -> tuple[bytes, Group]:
        try:
            key = cluster_key(identifier)
        except (ValueError, OverflowError):
            raise UsageError(f"{identifier!r} is not a cluster id") from None
        return key, self._groups.resolve([key[:8]])[key[:8]].group

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
