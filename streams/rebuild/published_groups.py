"""Groups made from what was published: the clusters in `dedup.events` and `dedup.clusters`, as the lost state had them. Pure.

Records of one cluster, a cluster and the one that it was merged into, and the two records of a correction are in one group.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping

from streams.clusters.disjoint_sets import DisjointSets
from streams.clusters.group import Cluster, Group, Member, Relation, Ruling
from streams.clusters.published import PublishedCluster
from streams.records.stored import id_of
from streams.records.version import arrival

__all__ = ["PublishedGroups"]

_NO_DIGEST = b"\0" * 6


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
