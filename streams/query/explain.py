"""Explanations of a record's place in its cluster, from the state in Redis alone; nothing is written.

Decisions are pure, so they are made again here instead of being stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any, NamedTuple

from streams.clusters.canonical import canonical
from streams.clusters.corrections import Correction, Standing
from streams.clusters.group import Group, Ruling, cluster_id, cluster_key
from streams.clusters.partition import Link, Opposition, divide
from streams.clusters.planner import Pair
from streams.engine.decision_cache import DecisionCache
from streams.errors import NotFoundError, UsageError
from streams.matching.decide import explain
from streams.matching.decision import DUPLICATE, Decision, Explanation
from streams.query.clusters import home_of_cluster, links_between
from streams.query.index_reader import IndexReader
from streams.records.record import Record
from streams.records.stored import ID_BYTES, id_of
from streams.settings import Settings
from streams.state.connection import Connection

__all__ = ["Inspection", "Membership", "PairExplanation", "Pairing", "RefusedLink"]


class Pairing(NamedTuple):
    """Two records of one group and the decision on them.

    `share_a_key` is false for a duplicate that a feed never compares, which therefore links nothing.
    """

    a: str
    b: str
    decision: Decision
    share_a_key: bool


class RefusedLink(NamedTuple):
    """A duplicate of one of the cluster's records that is in another cluster, and the pair that keeps the two sides apart.

    `rival`: the link rests on the title alone, and another record with that title opposes this one.
    """

    link: Pairing
    because: Pairing
    rival: bool


class Membership(NamedTuple):
    """The cluster of a record with its document, the decisions inside, and what keeps other records out of it.

    `kept_apart` are pairs across the cluster's border that contradict, `refused` the links across it that join nothing.
    `corrections` are those in force on any record of the cluster. In a group of more than 100 records, `inside` has the strongest
    links and the record's own pairs, `kept_apart` those of the record, `refused` nothing; `left_out` counts the pairs not compared.
    """

    record: str
    cluster_id: str
    revision: int
    records: list[str]
    document: dict[str, Any]
    inside: list[Pairing]
    kept_apart: list[Pairing]
    refused: list[RefusedLink]
    corrections: list[Correction]
    left_out: int = 0


class PairExplanation(NamedTuple):
    """The comparison of two records: the explanation, whether they are in one cluster, and the corrections on the two."""

    explanation: Explanation
    together: bool
    same: list[Correction]
    different: list[Correction]


_FEW = 100
"""Records of a group in which all 4,950 pairs are compared, some tens of milliseconds."""


class Inspection:
    """Queries on one index version.

    More than ten methods, for the questions share their look-ups.
    """

    def __init__(self, settings: Settings, connection: Connection) -> None:
        self._index = IndexReader(settings, connection)
        self._rules = self._index.rules
        self._store = self._index.store
        self._groups = self._index.groups
        self._decisions = DecisionCache(self._store, self._index.layout, self._rules)
        self._reader = self._index.reader()
        self._corrections = self._index.corrections

    def membership(self, record: str) -> Membership:
        """Explain why a record is in its cluster.

        Raises:
            UsageError: where the record is not known.

        """
        key = id_of(record)
        group = self._group(record)
        index = next(member.cluster for member in group.members if member.id == key)
        mine = group.records(index)
        cluster = group.clusters[index]
        records = {i: self._record(i) for i in (member.id for member in group.members)}
        few = len(group.members) <= _FEW
        others = [other for other in records if other not in mine]
        inside = [self._pairing(a, b) for a, b in (combinations(mine, 2) if few else self._strongest(mine, key))]
        crossing = ((a, b) for a in (mine if few else (key,)) for b in others)
        apart = [self._pairing(a, b) for a, b in crossing if self._pair(a, b).contradicts]
        refused = self._refused(group, mine) if few else []
        left_out = 0 if few else len(mine) * (len(mine) - 1) // 2 - len(inside) + (len(mine) - 1) * len(others)
        name = cluster_id(cluster.key)
        members = sorted((records[i] for i in mine), key=lambda r: r.id)
        inside.sort(key=lambda pairing: (record not in (pairing.a, pairing.b), -pairing.decision.score))
        ids = frozenset(r.id for r in members)
        corrections = [v.correction for v in self._active(group).verdicts() if v.a in ids or v.b in ids]
        document = canonical(name, members)
        return Membership(
            record,
            name,
            cluster.revision,
            [r.id for r in members],
            document,
            inside,
            apart,
            refused,
            corrections,
            left_out,
        )

    def _strongest(self, mine: Sequence[bytes], key: bytes) -> list[tuple[bytes, bytes]]:
        """Return the pairs of a large cluster that are shown: its strongest links, and the record's pairs with all others."""
        spanning = links_between(self._index, self._reader, mine, len(mine))
        pairs = {tuple(sorted((id_of(link.a), id_of(link.b)))) for link in spanning.links}
        pairs |= {tuple(sorted((key, other))) for other in mine if other != key}
        return [(a, b) for a, b in sorted(pairs)]

    def _refused(self, group: Group, mine: Sequence[bytes]) -> list[RefusedLink]:
        """Return the links from records of the cluster to others of its group, each with the pair that keeps them apart.

        Partitions the group again, as links are not stored.
        """
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
            RefusedLink(self._pairing(r.a, r.b), self._pairing(*r.because), r.rival)
            for r in division.refusals
            if (r.a in mine) != (r.b in mine)
        ]

    def _pair(self, a: bytes, b: bytes) -> Pair:
        return self._decisions.pair_for_partition(self._reader.features(a), self._reader.features(b))

    def compare(self, a: str, b: str) -> PairExplanation:
        """Explain why two records are or are not in one cluster.

        Raises:
            UsageError: where one of them is not known.

        """
        groups = [self._group(a), self._group(b)]
        clusters = [
            (group.clusters[member.cluster].key if (member := group.member(id_of(record))) else b"")
            for group, record in zip(groups, (a, b), strict=True)
        ]
        blobs = [self._reader.features(id_of(record)) for record in (a, b)]
        explanation = explain(self._store.features(blobs[0]), self._store.features(blobs[1]), self._rules)
        active = self._active(groups[0])
        together = clusters[0] == clusters[1] != b""
        return PairExplanation(explanation, together, active.same(a, b), active.different(a, b))

    def unknown(self, records: Sequence[str]) -> list[str]:
        """Return those of the records that are not stored."""
        self._reader.load([id_of(record) for record in records])
        return [record for record in records if not self._reader.features(id_of(record))]

    def applied(self, ruling: Ruling) -> bool:
        """Tell whether the group of two records has applied a correction, or a later one on the two."""
        root = self._groups.resolve([ruling.a])[ruling.a]
        known = (r for r in root.group.rulings if (r.a, r.b) == (ruling.a, ruling.b))
        return any(other.serial >= ruling.serial for other in known)

    def family(self, identifier: str) -> list[str]:
        """Return all clusters that share a group with this one, those merged away included; empty where it is not known.

        The clusters that it was merged with or split from are among them.

        Raises:
            UsageError: where the id is malformed.

        """
        key, group = self._find(identifier)
        keys = {cluster.key for cluster in group.clusters} | group.merged.keys()
        return sorted(map(cluster_id, keys)) if key in keys else []

    def cluster_of(self, identifier: str) -> tuple[str, list[str]]:
        """Return the cluster that an id names, redirects followed, and its records.

        Raises:
            UsageError: where the id is malformed or no such cluster is known.

        """
        key, group = self._find(identifier)
        if home := home_of_cluster(group, key):
            self._load(home.records)
            return cluster_id(home.cluster.key), sorted(self._record(i).id for i in home.records)
        raise NotFoundError("unknown_cluster", f"no cluster {identifier} is known")

    def _active(self, group: Group) -> Standing:
        """Read the corrections in force, where the group has any."""
        return Standing(self._corrections.all() if group.rulings else ())

    def _find(self, identifier: str) -> tuple[bytes, Group]:
        try:
            key = cluster_key(identifier)
        except (ValueError, OverflowError):
            raise UsageError(f"{identifier!r} is not a cluster id") from None
        return key, self._index.groups_of([key[:ID_BYTES]])[key[:ID_BYTES]]

    def _group(self, record: str) -> Group:
        key = id_of(record)
        group = self._index.groups_of([key])[key]
        if group.member(key) is None:
            raise NotFoundError(
                "unknown_record", f"no record {record!r} is known; record ids are source:id, as in arxiv:2111.12710"
            )
        self._load([member.id for member in group.members])
        return group

    def _load(self, ids: list[bytes] | tuple[bytes, ...]) -> None:
        self._reader.load(ids)
        self._reader.load_records(ids)

    def _record(self, key: bytes) -> Record:
        return self._reader.record(key) or Record(source="unknown", source_id=key.hex())

    def _pairing(self, a: bytes, b: bytes) -> Pairing:
        first, second = sorted((a, b), key=lambda key: self._record(key).id)
        blobs = self._reader.features(first), self._reader.features(second)
        decision = self._decisions.decide(*blobs)
        return Pairing(
            self._record(first).id,
            self._record(second).id,
            decision,
            decision.verdict != DUPLICATE or self._decisions.share_blocking_key(*blobs),
        )
