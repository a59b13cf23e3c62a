"""Groups made from what was published: the clusters in `dedup.events` and `dedup.clusters`, as the lost state had them. Pure.

Records of one cluster, a cluster and the one that it was merged into, and the two records of a correction are in one group.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from hashlib import blake2b
from typing import NamedTuple

import msgspec

from streams.clusters.disjoint_sets import DisjointSets
from streams.clusters.group import Cluster, Group, Member, Relation, Ruling, cluster_id, cluster_key
from streams.events.published import (
    decode_event,
    decode_relations,
    decode_state,
    document_digest,
    is_truncated,
)
from streams.records.stored import id_of
from streams.records.version import arrival

__all__ = ["PublishedCluster", "PublishedClusters", "PublishedGroups", "whole_digest"]


_NO_DIGEST = b"\0" * 6


class PublishedCluster(NamedTuple):
    """A cluster as last published: by its events, or by its state where there are no events of it.

    `created` is the Unix time in ms of its first message; `document` the digest, `b""` where it is not known, `whole` that of
    all of it, with the list of versions. `into` is the key
    of the cluster that it was merged into. `events` and `state` are the last revisions in `dedup.events` and `dedup.clusters`,
    0 where there is none or a tombstone. `before` are the records by its events, where these end before the state.
    """

    key: bytes
    records: tuple[str, ...]
    relations: tuple[tuple[str, str, str], ...]
    document: bytes
    into: bytes
    created: int
    events: int
    state: int
    before: tuple[str, ...] = ()
    whole: bytes = b""

    @property
    def revision(self) -> int:
        """The last revision that any subscriber may know."""
        return max(self.events, self.state)

    @property
    def name(self) -> str:
        """The id of the cluster."""
        return cluster_id(self.key)

    @property
    def is_stale(self) -> bool:
        """Whether `dedup.clusters` does not have what the events lead to."""
        return self.state != (self.events if self.records else 0)


class PublishedClusters:
    """Folds both topics, message by message; some hundred bytes a cluster, no documents."""

    def __init__(self) -> None:
        self.clusters: dict[bytes, PublishedCluster] = {}
        self._by_state: dict[bytes, PublishedCluster] = {}

    def add_event(self, value: bytes, time: int) -> None:
        """Add a message of `dedup.events`; of one id with two contents the first counts, as for every subscriber."""
        try:
            event = decode_event(value)
            key = cluster_key(event.cluster_id)
            relations, text = decode_relations(event.relations), bytes(event.document)
            document = document_digest(text)
        except (msgspec.MsgspecError, ValueError, OverflowError):
            return
        known = self.clusters.get(key)
        if known and event.revision <= known.events:
            return
        into = cluster_key(event.merged_into[0]) if event.merged_into else b""
        records, created = tuple(sorted(event.after)), known.created if known else time
        self.clusters[key] = PublishedCluster(
            key,
            records,
            relations,
            document,
            into,
            created,
            event.revision,
            known.state if known else 0,
            whole=whole_digest(text),
        )

    def add_state(self, key: bytes, value: bytes | None, time: int) -> None:
        """Add a message of `dedup.clusters`; `value` None is a tombstone."""
        try:
            found = cluster_key(key.decode())
            state = decode_state(value) if value else None
            relations = decode_relations(state.relations) if state else ()
        except (msgspec.MsgspecError, ValueError, OverflowError):
            return
        if state is None:
            self._by_state.pop(found, None)
            return
        text, records = bytes(state.document), tuple(sorted(state.records))
        self._by_state[found] = PublishedCluster(
            found, records, relations, document_digest(text), b"", time, 0, state.revision, whole=whole_digest(text)
        )

    def end(self) -> None:
        """Bring the two topics together: the higher revision says what the cluster is."""
        for key, state in self._by_state.items():
            known = self.clusters.get(key)
            if known is None:
                self.clusters[key] = state
            elif state.state > known.events:
                self.clusters[key] = state._replace(created=known.created, events=known.events, before=known.records)
            else:
                self.clusters[key] = known._replace(state=state.state)
        self._by_state.clear()

    def settle(self) -> list[PublishedCluster]:
        """Leave each record to one cluster, the youngest of those that have it; return the clusters that lose some.

        A worker that died may have published one side of a move alone.
        """
        owner: dict[str, bytes] = {}
        reduced: dict[bytes, PublishedCluster] = {}
        for cluster in sorted(self.clusters.values(), key=lambda c: (c.created, c.key)):
            for record in cluster.records:
                if before := owner.get(record):
                    other = reduced.get(before) or self.clusters[before]
                    reduced[before] = other._replace(records=tuple(r for r in other.records if r != record))
                owner[record] = cluster.key
        return list(reduced.values())


class PublishedGroups:
    """The groups of published clusters and of corrections."""

    def __init__(self, clusters: Mapping[bytes, PublishedCluster], rulings: Iterable[Ruling]) -> None:
        """Find which clusters and corrections are of one group."""
        self._clusters = clusters
        self._sets: DisjointSets[bytes] = DisjointSets()
        self._rulings: dict[tuple[bytes, bytes], Ruling] = {}
        for cluster in clusters.values():
            seed = cluster.key[:8]
            for record in (seed, *map(id_of, cluster.records), cluster.into[:8] or seed):
                self._sets.join(seed, record)
        for ruling in rulings:
            self._sets.join(ruling.a, ruling.b)
            known = self._rulings.get((ruling.a, ruling.b))
            if known is None or known.serial < ruling.serial:
                self._rulings[ruling.a, ruling.b] = ruling
        self._of: dict[bytes, list[PublishedCluster]] = defaultdict(list)
        for _, cluster in sorted(clusters.items()):
            self._of[self._sets.find(cluster.key[:8])].append(cluster)
        self._ruled: dict[bytes, list[Ruling]] = defaultdict(list)
        for _, ruling in sorted(self._rulings.items()):
            self._ruled[self._sets.find(ruling.a)].append(ruling)

    def records(self) -> Iterator[list[bytes]]:
        """Yield the records that must lead to each group, sorted."""
        return (sorted(records) for records in self._sets.members.values())

    def group(self, record: bytes, digests: Callable[[PublishedCluster], Mapping[bytes, bytes]]) -> Group:
        """Return the group of a record; `digests` returns those of the records of a cluster, as far as it is as published."""
        representative = self._sets.find(record)
        published, rulings = self._of.get(representative, []), self._ruled.get(representative, [])
        clusters: list[Cluster] = []
        members: list[Member] = []
        related: set[Relation] = set()
        merged: dict[bytes, bytes] = {}
        known = {cluster.key for cluster in published}
        for cluster in published:
            if not cluster.records and cluster.into and (target := self._target(cluster)) in known:
                merged[cluster.key] = target
                continue
            known_digests = digests(cluster)
            members += (
                Member(record, known_digests.get(record, _NO_DIGEST), len(clusters))
                for record in map(id_of, cluster.records)
            )
            clusters.append(Cluster(cluster.key, cluster.revision, arrival(cluster.created, 0), cluster.document))
            related.update(Relation(id_of(record), id_of(other), kind) for kind, record, other in cluster.relations)
        members.sort(key=lambda member: member.id)
        return Group(tuple(members), tuple(clusters), False, merged, tuple(rulings), tuple(sorted(related)))

    def _target(self, cluster: PublishedCluster) -> bytes:
        """Return the cluster that a merged one leads to in the end, `b""` where the redirects lead nowhere."""
        seen = {cluster.key}
        while not cluster.records and cluster.into and cluster.into not in seen:
            seen.add(cluster.into)
            survivor = self._clusters.get(cluster.into)
            if survivor is None:
                return b""
            cluster = survivor
        return cluster.key


def whole_digest(document: bytes) -> bytes:
    """Return the digest of all of a published document, `b""` where there is none or only a part."""
    return b"" if not document or is_truncated(document) else blake2b(document, digest_size=8).digest()
