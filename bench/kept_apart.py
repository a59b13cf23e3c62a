"""Records of one work that are in different clusters, and how many of them full blocking keys have kept apart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

from streams.matching.blocking import blocking_keys
from streams.matching.features import extract
from streams.matching.prefilter import WEAK_KINDS, passes, signature
from streams.records.chunks import chunks
from streams.records.record import Record
from streams.records.stored import id_of
from streams.settings import Settings
from streams.state.connection import Connection
from streams.state.group_store import GroupStore
from streams.state.key_index import KeyRecords, places
from streams.state.layout import Layout

_CHUNK = 1000


class KeptApart(NamedTuple):
    """Pairs of records of one work: all, those in different clusters, and of these the ones that full keys have lost.

    A pair is lost where two records have keys that would bring them together, and each of these has no room for one of the two.
    """

    pairs: int
    apart: int
    lost: int


def same_work(works: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Yield the pairs of records of one work, by their numbers; `works` has the work of each record."""
    found = defaultdict[int, list[int]](list)
    for number, work in enumerate(works):
        found[work].append(number)
    for numbers in found.values():
        yield from combinations(numbers, 2)


def kept_apart(settings: Settings, connection: Connection, pairs: Iterable[tuple[Record, Record]]) -> KeptApart:
    """Look up pairs of records of one work in the clusters and, where these differ, in the key index."""
    layout = Layout.of(settings)
    count = apart = lost = 0
    for some in chunks(pairs, _CHUNK):
        different = _in_different_clusters(GroupStore(layout, connection), some)
        count, apart = count + len(some), apart + len(different)
        lost += sum(_is_lost(layout, connection, *pair) for pair in different)
    return KeptApart(count, apart, lost)


def _in_different_clusters(groups: GroupStore, pairs: Sequence[tuple[Record, Record]]) -> list[tuple[Record, Record]]:
    ids = {id_of(record.id) for pair in pairs for record in pair}
    clusters = {
        record: (root.id, member.cluster)
        for record, root in groups.resolve(ids).items()
        if (member := root.group.member(record)) is not None
    }
    return [(a, b) for a, b in pairs if clusters[id_of(a.id)] != clusters[id_of(b.id)]]


def _is_lost(layout: Layout, connection: Connection, a: Record, b: Record) -> bool:
    one, two = extract(a), extract(b)
    similar = passes(signature(one), signature(two))
    keys = [key for key in set(blocking_keys(one)) & set(blocking_keys(two)) if similar or key.kind not in WEAK_KINDS]
    where = places(layout, keys)
    replies = connection.execute([KeyRecords.get(place) for place in where])
    found = [KeyRecords.of(place, reply) for place, reply in zip(where, replies, strict=True)]
    return bool(found) and all(None in (key.signature(id_of(a.id)), key.signature(id_of(b.id))) for key in found)
