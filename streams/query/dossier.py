"""All that a person wants to see of one cluster, or of two records, in one question. Nothing is written.

It is bounded for clusters of any size: some of the records, the strongest links, and what was kept apart where the group is small
enough to compare all of its pairs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from streams.clusters.corrections import Correction
from streams.clusters.field_origins import field_origins
from streams.clusters.group import cluster_id, cluster_key
from streams.errors import NotFoundError, UsageError
from streams.query.answers import ClusterAnswer, Spanning
from streams.query.clusters import Clusters
from streams.query.explain import Inspection, PairExplanation, Pairing, RefusedLink
from streams.query.index_reader import IndexReader
from streams.records.record import Record
from streams.records.stored import ID_BYTES, id_of

__all__ = ["MOST_SHOWN", "Dossier", "PairDossier", "StoredRecord", "read_dossier", "read_pair"]

MOST_SHOWN = 30
"""Records of a cluster that are read for one page of it."""
MOST_RELATED = 60
"""Records of other works whose titles are read."""
_MOST_IN_GROUP = 60
"""Records of a group in which all 1,770 pairs are compared."""


class StoredRecord(NamedTuple):
    """A record, when its payload arrived (Unix time in ms), and its place in the list of the cluster's records, from 0."""

    record: Record
    arrived: int
    place: int


class Dossier(NamedTuple):
    """A cluster and what is known of it.

    `shown` are some of its records, `origins` the records that each value of the document comes from. `kept_apart` and `refused`
    are as in `query.explain.Membership`; both are empty where `is_compared` is false. `family` are the ids of all clusters of its
    group, those merged away included. `titles` are those of the records of relations and of what was kept apart, by record id.
    """

    answer: ClusterAnswer
    shown: tuple[StoredRecord, ...]
    origins: Mapping[str, tuple[str, ...]]
    spanning: Spanning
    kept_apart: tuple[Pairing, ...]
    refused: tuple[RefusedLink, ...]
    corrections: tuple[Correction, ...]
    is_compared: bool
    family: tuple[str, ...]
    titles: Mapping[str, str]


class PairDossier(NamedTuple):
    """Two records, the comparison of them, and the cluster of each; `share_a_key`: a feed compares the two."""

    a: Record
    b: Record
    explanation: PairExplanation
    cluster_a: str
    cluster_b: str
    share_a_key: bool


def read_pair(index: IndexReader, a: str, b: str) -> PairDossier:
    """Return two records and their comparison. Raises NotFoundError where one of them is not known, UsageError where it is one."""
    if a == b:
        raise UsageError("a pair is two records, and these are one")
    explanation = Inspection(index.settings, index.connection).compare(a, b)
    keys = id_of(a), id_of(b)
    reader = index.reader()
    reader.load(keys)
    reader.load_records(keys)
    homes = index.homes(keys)
    blobs = [reader.features(key) for key in keys]
    first, second = (reader.record(key) for key in keys)
    if first is None or second is None or not all(blobs):
        raise NotFoundError("unknown_record", f"{a} or {b} was deleted a moment ago")
    cluster_a, cluster_b = (cluster_id(homes[key].cluster.key) if key in homes else "" for key in keys)
    share_a_key = index.decisions.share_blocking_key(*blobs)
    return PairDossier(first, second, explanation, cluster_a, cluster_b, share_a_key)


def read_dossier(index: IndexReader, identifier: str, first: int = 0, most: int = MOST_SHOWN) -> Dossier:
    """Return what is known of a cluster, redirects followed, with the records from `first` on.

    Raises UsageError where the id is malformed, NotFoundError where no such cluster is known.
    """
    clusters = Clusters(index)
    answer = clusters.cluster(identifier)
    if not answer.records:
        return Dossier(answer, (), {}, Spanning((), 0, 0, True, 0), (), (), (), False, (), {})
    keys = {record: id_of(record) for record in answer.records}
    reader = index.reader()
    reader.load_records(keys.values())
    found = [record for key in keys.values() if (record := reader.record(key)) is not None]
    names = answer.records[first : first + most]
    reader.load(keys[name] for name in names)
    stored = reader.stored()
    shown = tuple(
        StoredRecord(record, entry.version.taken >> 20 if (entry := stored[keys[name]]) else 0, first + number)
        for number, name in enumerate(names)
        if (record := reader.record(keys[name])) is not None
    )
    inspection = Inspection(index.settings, index.connection)
    key = cluster_key(answer.cluster_id)[:ID_BYTES]
    is_compared = len(index.groups_of([key])[key].members) <= _MOST_IN_GROUP
    place = inspection.membership(answer.records[0]) if is_compared else None
    apart, refused = (tuple(place.kept_apart), tuple(place.refused)) if place else ((), ())
    corrections = tuple(place.corrections if place else clusters.corrections(answer.cluster_id))
    return Dossier(
        answer=answer,
        shown=shown,
        origins=field_origins(found) if found else {},
        spanning=clusters.spanning(answer.cluster_id),
        kept_apart=apart,
        refused=refused,
        corrections=corrections,
        is_compared=is_compared,
        family=tuple(inspection.family(answer.cluster_id)),
        titles=_titles(index, answer, apart, refused),
    )


def _titles(
    index: IndexReader, answer: ClusterAnswer, apart: tuple[Pairing, ...], refused: tuple[RefusedLink, ...]
) -> dict[str, str]:
    """Return the titles of records outside the cluster that the page names."""
    others = [relation.other for relation in answer.relations] + [name for pair in apart for name in (pair.a, pair.b)]
    others += [name for each in refused for name in (each.link.a, each.link.b)]
    wanted = list(dict.fromkeys(name for name in others if name not in answer.records))[:MOST_RELATED]
    reader = index.reader()
    reader.load_records(id_of(name) for name in wanted)
    return {name: found.title for name in wanted if (found := reader.record(id_of(name))) is not None}
