"""Looks again at doubtful pairs that a person was asked about: whether the question is still open. Nothing is written.

A decision is a pure function of two records, so it is made again. A question is settled where a record was deleted, where both are
in one cluster now, where the decision is no doubt any more, or where a correction keeps the two clusters apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from streams.clusters.group import cluster_id
from streams.matching.decision import REVIEW, Decision
from streams.query.index_reader import Home, IndexReader, homes_in
from streams.records.stored import id_of

__all__ = ["OpenDoubt", "Side", "is_settled", "look_again"]


class Side(NamedTuple):
    """A record of a doubtful pair: its title, its cluster and the number of records there."""

    record: str
    title: str
    cluster_id: str
    size: int


class OpenDoubt(NamedTuple):
    """A question that is open: both records and the decision on them as it is now."""

    a: Side
    b: Side
    decision: Decision

    @property
    def effect(self) -> int:
        """The number of records in the two clusters: those that an answer keeps together or apart."""
        return self.a.size + self.b.size


def look_again(index: IndexReader, pairs: Sequence[tuple[str, str]]) -> list[OpenDoubt | None]:
    """Return the questions about pairs of record ids that are open, None for each that is settled."""
    if not pairs:
        return []
    keys = {record: id_of(record) for pair in pairs for record in pair}
    homes = homes_in(index.groups_of(keys.values()))
    reader = index.reader()
    reader.load(keys.values())
    found: list[tuple[str, str, Decision] | None] = []
    for a, b in pairs:
        mine, theirs = reader.features(keys[a]), reader.features(keys[b])
        home, other = homes.get(keys[a]), homes.get(keys[b])
        if not (mine and theirs and home and other) or is_settled(home, other):
            found.append(None)
            continue
        decision = index.decisions.decide(mine, theirs)
        found.append((a, b, decision) if decision.verdict == REVIEW else None)
    reader.load_records(keys[record] for each in found if each for record in each[:2])

    def side(record: str) -> Side:
        home, stored = homes[keys[record]], reader.record(keys[record])
        return Side(record, stored.title if stored else "", cluster_id(home.cluster.key), len(home.records))

    return [OpenDoubt(side(each[0]), side(each[1]), each[2]) if each else None for each in found]


def is_settled(home: Home, other: Home) -> bool:
    """Return whether two records are in one cluster, or a correction says that their clusters are two papers."""
    if home.cluster.key == other.cluster.key:
        return True
    mine, theirs = set(home.records), set(other.records)
    apart = home.group.cannot
    return any((a in mine and b in theirs) or (b in mine and a in theirs) for a, b in apart)
