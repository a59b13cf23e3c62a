"""Deduplicate records in memory, without any server, by the rules that a running Streams uses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from streams.api.comparing import Preprints
from streams.api.event import ClusterRelation
from streams.api.grouping import CLUSTER_CAP, group_linked
from streams.api.inputs import RecordLike, read_item, rules_for
from streams.api.memory_index import KEY_CAP
from streams.api.record_pool import RecordPool
from streams.clusters.canonical import canonical
from streams.clusters.group import Group, Relation, cluster_id
from streams.clusters.planner import plan
from streams.errors import PayloadError
from streams.records.chunks import chunks
from streams.records.record import Delete, Record
from streams.records.version import arrival

__all__ = ["Cluster", "ClusterRelation", "Progress", "arrival_number", "deduplicate"]

_RECEIVED = 4_102_444_800_000  # ms: the year 2100
OnError = Callable[[PayloadError], object]
Batch = list[tuple[Record | Delete, int]]


class Cluster(msgspec.Struct, frozen=True):
    """The records of one work, with one document that describes it.

    `id` is made from one of its records, so it is the same in any order of the records. `records` are sorted by record id.
    `document` is the canonical document as `dedup.clusters` publishes it (title, authors, identifiers, `versions`, …).
    `relations` are known relations to works outside the cluster.
    """

    id: str
    records: tuple[Record, ...]
    document: dict[str, Any]
    relations: tuple[ClusterRelation, ...] = ()

    @property
    def record_ids(self) -> tuple[str, ...]:
        """The ids `source:id` of the records, sorted."""
        return tuple(record.id for record in self.records)


class Progress(NamedTuple):
    """How far `deduplicate` has come.

    `read` counts the records and deletes read so far, `refused` those that cannot be read, `compared` the compared pairs.
    `clusters` counts the clusters yielded; it is 0 until all records are read. `capped` counts links left out because a group
    would have more than 1000 records.
    """

    read: int = 0
    refused: int = 0
    compared: int = 0
    clusters: int = 0
    capped: int = 0


def deduplicate(
    records: Iterable[RecordLike | Delete | PayloadError],
    *,
    preprints: Preprints = "merge",
    batch_size: int = 1000,
    progress: Callable[[Progress], object] | None = None,
    on_error: OnError | None = None,
) -> Iterator[Cluster]:
    """Cluster records by the work that they describe, and yield every cluster with its records and canonical document.

    Records are dictionaries of the `document` form, which need an `id`, `Record` values, or items of `parse`. They are read
    in batches of `batch_size`, so `records` may be a generator; all of them are kept in memory, about 7 kB each. A record that
    comes again is replaced where it is newer, a `Delete` removes it. Clusters come in the order of their first records, after all
    records are read; they do not depend on the order of the records or on `batch_size`, but where more than 64
    records share a blocking key.

    `preprints` is as in `compare`. `progress` is called after every batch, and again for every `batch_size` clusters.
    `on_error` is called with the PayloadError of each record that cannot be read; without it the first one is raised, with
    the position of the record in `where` (of an item of `parse`, the place in its payload).

    >>> import streams
    >>> papers = [{"id": "1", "title": "Coral growth in warm seas", "authors": ["Ada Reef"], "year": 2021},
    ...           {"id": "2", "title": "Coral Growth in Warm Seas.", "authors": ["A. Reef"], "year": 2021},
    ...           {"id": "3", "title": "Deep residual learning", "authors": ["Kaiming He"], "year": 2016}]
    >>> [cluster.record_ids for cluster in streams.deduplicate(papers)]
    [('document:1', 'document:2'), ('document:3',)]
    """
    if isinstance(records, (Mapping, str, bytes)):
        raise TypeError(f"deduplicate takes an iterable of records, not one {type(records).__name__}")
    if batch_size < 1:
        raise ValueError(f"batch_size must be 1 or more, not {batch_size}")
    return _clusters(records, RecordPool(rules_for(preprints), KEY_CAP), batch_size, progress or _ignore, on_error)


def arrival_number(position: int) -> int:
    """Return the arrival order of a record, from its position in the input.

    It is later than any time of change that a source states, as on a real broker. It does not depend on the clock, so the result is
    the same on every day.
    """
    return arrival(_RECEIVED + (position >> 20), position)


def _read_batches(
    records: Iterable[RecordLike | Delete | PayloadError], size: int, on_error: OnError | None
) -> Iterator[tuple[Batch, int]]:
    """Yield batches of up to `size` records with their arrival numbers, and how many values of each could not be read.

    Raises PayloadError without `on_error`.
    """
    position = 0
    for given in chunks(records, size):
        batch: Batch = []
        for value in given:
            item = read_item(value, f"/{position}")
            if not isinstance(item, PayloadError):
                batch.append((item, arrival_number(position)))
            elif on_error is None:
                raise item
            else:
                on_error(item)
            position += 1
        yield batch, len(given) - len(batch)


def _clusters(
    records: Iterable[RecordLike | Delete | PayloadError],
    pool: RecordPool,
    batch_size: int,
    report: Callable[[Progress], object],
    on_error: OnError | None,
) -> Iterator[Cluster]:
    done = Progress()
    for batch, refused in _read_batches(records, batch_size, on_error):
        pool.add(batch)
        done = done._replace(read=done.read + len(batch), refused=done.refused + refused, compared=pool.compared)
        report(done)
    links = sorted(pool.links(), key=lambda link: (-link[2].strength, -link[2].score, link[0], link[1]))
    groups, capped = group_linked(((a, b) for a, b, _ in links), CLUSTER_CAP)
    done = done._replace(capped=capped)
    related = _related(pool)
    for group in _in_order(pool, groups):
        for cluster in _divide(pool, group, related):
            done = done._replace(clusters=done.clusters + 1)
            yield cluster
            if done.clusters % batch_size == 0:
                report(done)
    if done.clusters % batch_size:
        report(done)


def _in_order(pool: RecordPool, groups: Iterable[tuple[bytes, ...]]) -> Iterator[tuple[bytes, ...]]:
    """Yield all groups, those of one record too, in the order of their first records."""
    group_of = {record: group for group in groups for record in group}
    placed: set[bytes] = set()
    for record, entry in pool.entries.items():
        if entry.live and record not in placed:
            group = group_of.get(record, (record,))
            placed.update(group)
            yield group


def _related(pool: RecordPool) -> Mapping[bytes, list[Relation]]:
    """Return the relations of each record that has any, noted on both sides."""
    related: dict[bytes, list[Relation]] = defaultdict(list)
    for a, b, _ in pool.relations():
        if kind := pool.relation(a, b):
            related[a].append(Relation(a, b, kind))
            related[b].append(Relation(b, a, kind))
    return related


def _divide(pool: RecordPool, group: tuple[bytes, ...], related: Mapping[bytes, list[Relation]]) -> Iterator[Cluster]:
    """Yield the clusters of a group, with the ids that a worker gives where all records come in one batch."""
    present = {record: pool.entries[record].version.digest for record in group}
    relations = [relation for record in group for relation in related.get(record, ())]
    planned = plan([Group()], present, set(), pool.pair, 0, relations).group
    for index, cluster in enumerate(planned.clusters):
        name = cluster_id(cluster.key)
        members = sorted((pool.entries[m].record for m in planned.records(index)), key=lambda record: record.id)
        known = sorted(
            ClusterRelation(
                relation.kind, pool.entries[relation.record].record.id, pool.entries[relation.other].record.id
            )
            for relation in planned.relations(index)
        )
        yield Cluster(name, tuple(members), canonical(name, members), tuple(known))


def _ignore(progress: Progress) -> None:
    """Report nothing."""
