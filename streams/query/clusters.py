"""Reads clusters and records by their ids, and the links that hold a cluster together. Nothing is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from streams.clusters.canonical import canonical
from streams.clusters.corrections import Correction, Standing
from streams.clusters.group import Group, cluster_id, cluster_key
from streams.errors import NotFoundError, UsageError
from streams.query.answers import ClusterAnswer, Link, RecordAnswer, RelatedWork, Spanning
from streams.query.index_reader import Home, IndexReader
from streams.query.spanning import spanning_forest
from streams.records.record import Record, to_document
from streams.records.stored import ID_BYTES, id_of
from streams.state.places import Slot, slots
from streams.state.reader import Reader

__all__ = ["MOST_COMPARED", "MOST_LINKS", "Clusters", "home_of_cluster", "links_between"]

MOST_LINKS = 30
"""Links of a cluster in one answer."""
MOST_COMPARED = 300
"""Records of a cluster whose links are looked for."""
_ARRIVAL_BITS = 20


class Clusters:
    """Queries for clusters and records."""

    def __init__(self, index: IndexReader) -> None:
        self._index = index

    def cluster(self, identifier: str) -> ClusterAnswer:
        """Return a cluster by its id, redirects followed.

        Raises:
            UsageError: where the id is malformed or no such cluster is known.

        """
        try:
            key = cluster_key(identifier)
        except (ValueError, OverflowError):
            raise UsageError(f"{identifier!r} is not a cluster id") from None
        (found,) = self.clusters([key]).values()
        if found is None:
            raise NotFoundError("unknown_cluster", f"no cluster {identifier} is known")
        return found

    def clusters(self, keys: Sequence[bytes]) -> dict[bytes, ClusterAnswer | None]:
        """Return clusters by their keys, redirects followed; None for each that is not known. Three round trips, or few more."""
        groups = self._index.groups_of(key[:ID_BYTES] for key in keys)
        homes = {key: home_of_cluster(groups[key[:ID_BYTES]], key) for key in keys}
        reader = self._index.reader()
        known = [home for home in homes.values() if home]
        related = {end for home in known for r in home.group.relations(home.number) for end in (r.record, r.other)}
        reader.load_records([*(record for home in known for record in home.records), *related])
        return {key: _answer(key, home, reader) if home else None for key, home in homes.items()}

    def record(self, record: str) -> RecordAnswer:
        """Return a stored record.

        Raises:
            UsageError: where it is not known or was deleted.

        """
        key = id_of(record)
        reader = self._index.reader()
        reader.load([key])
        reader.load_records([key])
        stored, document = reader.stored()[key], reader.record(key)
        if stored is None or document is None or not stored.version.live:
            raise NotFoundError(
                "unknown_record", f"no record {record!r} is known; record ids are source:id, as in arxiv:2111.12710"
            )
        home = self._index.homes([key]).get(key)
        return RecordAnswer(
            record=document.id,
            cluster_id=cluster_id(home.cluster.key) if home else "",
            document=to_document(document),
            version=stored.version.version,
            updated=stored.version.updated,
            arrived=stored.version.taken >> _ARRIVAL_BITS,
        )

    def spanning(self, identifier: str, most: int = MOST_LINKS) -> Spanning:
        """Return the strongest links that connect the records of a cluster, at most `most` of them.

        Raises:
            UsageError: where the id is malformed or no such cluster is known.

        """
        home = self._home(identifier)
        reader = self._index.reader()
        reader.load(home.records[:MOST_COMPARED])
        reader.load_records(home.records[:MOST_COMPARED])
        return links_between(self._index, reader, home.records, most)

    def corrections(self, identifier: str) -> list[Correction]:
        """Return the corrections in force on any record of a cluster, oldest first.

        Raises:
            UsageError: where the id is malformed or no such cluster is known.

        """
        home = self._home(identifier)
        if not home.group.rulings:
            return []
        reader = self._index.reader()
        reader.load_records(home.records)
        names = {_record(reader, key).id for key in home.records}
        active = Standing(self._index.corrections.all()).verdicts()
        return [verdict.correction for verdict in active if verdict.a in names or verdict.b in names]

    def _home(self, identifier: str) -> Home:
        try:
            key = cluster_key(identifier)
        except (ValueError, OverflowError):
            raise UsageError(f"{identifier!r} is not a cluster id") from None
        home = home_of_cluster(self._index.groups_of([key[:ID_BYTES]])[key[:ID_BYTES]], key)
        if home is None:
            raise NotFoundError("unknown_cluster", f"no cluster {identifier} is known")
        return home


def home_of_cluster(group: Group, key: bytes) -> Home | None:
    """Return a cluster of a group by its key, redirects followed; None where the group does not know it."""
    for _ in range(len(group.merged) + 1):
        for index, cluster in enumerate(group.clusters):
            if cluster.key == key:
                return Home(group, index)
        if key not in group.merged:
            return None
        key = group.merged[key]
    return None


def links_between(index: IndexReader, reader: Reader, members: Sequence[bytes], most: int) -> Spanning:
    """Return the strongest links that connect the first records of a cluster; their features and documents are read already."""
    keys = {_record(reader, member).id: member for member in members[:MOST_COMPARED]}
    blobs = {name: reader.features(member) for name, member in keys.items()}

    def places(name: str) -> list[Slot]:
        return slots(index.decisions.blocking_keys_of(blobs[name])[1]) if blobs[name] else []

    index.decisions.begin()
    forest = spanning_forest(
        list(keys), places, lambda a, b: index.decisions.pair_for_partition(blobs[a], blobs[b]).link
    )
    shown = forest.links[:most]
    links = tuple(_link(index, blobs, link.a, link.b) for link in shown)
    return Spanning(links, len(forest.links) - len(shown), forest.parts, forest.exact, len(keys))


def _link(index: IndexReader, blobs: Mapping[str, bytes], a: str, b: str) -> Link:
    decision = index.decisions.decide(blobs[a], blobs[b])
    return Link(a, b, decision.score, decision.reasons)


def _record(reader: Reader, key: bytes) -> Record:
    return reader.record(key) or Record(source="unknown", source_id=key.hex())


def _answer(key: bytes, home: Home, reader: Reader) -> ClusterAnswer:
    cluster = home.cluster
    name = cluster_id(cluster.key)
    members = sorted((_record(reader, record) for record in home.records), key=lambda record: record.id)
    return ClusterAnswer(
        cluster_id=name,
        revision=cluster.revision,
        size=len(members),
        records=tuple(record.id for record in members),
        document=canonical(name, members) if members else {},
        relations=tuple(
            RelatedWork(r.kind, _record(reader, r.record).id, _record(reader, r.other).id)
            for r in home.group.relations(home.number)
        ),
        merged_from=cluster_id(key) if key != cluster.key else "",
    )
