"""Reads of one index version, over a connection of their own. Nothing is written.

`STREAMS_REDIS_REPLICAS` is for writers: it makes each round trip write a mark and wait for replicas. A query needs neither.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

from streams.clusters.group import Cluster, Group, Root
from streams.clusters.planner import Pair, combine, waiting
from streams.engine.decision_cache import DecisionCache
from streams.errors import StreamsError
from streams.matching.ruleset import DEFAULT
from streams.settings import Settings
from streams.state.connection import Connection, connect_to_read
from streams.state.correction_log import CorrectionLog
from streams.state.generation import current_generation, form_of
from streams.state.group_store import GroupStore
from streams.state.key_index import KeyIndex
from streams.state.layout import Layout
from streams.state.reader import Reader
from streams.state.record_store import RecordStore

__all__ = [
    "MOST_PAIRS",
    "BoundedDecisions",
    "Home",
    "IndexReader",
    "TooManyPairsError",
    "connect_to_read",
    "homes_in",
    "open_index",
    "whole_group",
]

MOST_PAIRS = 20_000
"""Pairs that one question may ask about: all of a group of 200 records, some tenths of a second."""


class TooManyPairsError(StreamsError):
    """A question needs more pairs than one answer may take."""


class BoundedDecisions(DecisionCache):
    """Decides on a bounded number of pairs for each question, where a group has to be divided anew."""

    left = MOST_PAIRS

    def begin(self) -> None:
        """Begin a question."""
        self.left = MOST_PAIRS

    def pair_for_partition(self, a: bytes, b: bytes) -> Pair:
        """Answer as `DecisionCache.pair_for_partition`. Raises TooManyPairsError where the question has used up its pairs."""
        self.left -= 1
        if self.left < 0:
            raise TooManyPairsError(f"more than {MOST_PAIRS} pairs")
        return super().pair_for_partition(a, b)


class Home(NamedTuple):
    """The group that a record belongs to, merges that are pending included, and its cluster there."""

    group: Group
    number: int

    @property
    def cluster(self) -> Cluster:
        """Return the record's cluster."""
        return self.group.clusters[self.number]

    @property
    def records(self) -> tuple[bytes, ...]:
        """Return the records of the cluster, sorted."""
        return self.group.records(self.number)


class IndexReader:
    """What all queries on one index version read with. Not safe for use from two threads at once."""

    def __init__(self, settings: Settings, connection: Connection) -> None:
        """Read by `settings` of the current index version."""
        self.settings = settings
        self.connection = connection
        self.form = form_of(settings, connection)
        self.layout = Layout.of(settings, self.form)
        self.rules = DEFAULT.with_policy(settings.preprints)
        self.store = RecordStore(self.layout)
        self.groups = GroupStore(self.layout, connection)
        self.decisions = BoundedDecisions(self.store, self.layout, self.rules)
        self.keys = KeyIndex(self.layout, settings.key_cap, together=False)
        self.corrections = CorrectionLog(self.layout, connection)

    def reader(self) -> Reader:
        """Return a reader of records that has read none yet, so that an answer is never older than its question."""
        return Reader(self.store, self.connection)

    def groups_of(self, records: Iterable[bytes]) -> dict[bytes, Group]:
        """Return the group of each record; an empty one where the record is not known."""
        roots = self.groups.resolve(records)
        whole = {root.id: whole_group(root) for root in roots.values()}
        return {record: whole[root.id] for record, root in roots.items()}

    def homes(self, records: Iterable[bytes]) -> dict[bytes, Home]:
        """Return the group and the cluster of each record that is in one."""
        return homes_in(self.groups_of(records))


def homes_in(groups: Mapping[bytes, Group]) -> dict[bytes, Home]:
    """Return the cluster of each record, by the group of each; those that are in none are left out."""
    return {
        record: Home(group, member.cluster)
        for record, group in groups.items()
        if (member := group.member(record)) is not None
    }


def whole_group(root: Root) -> Group:
    """Return a group with those that another worker is about to merge into it; clusters are as they are now."""
    moving = list(waiting(root.group, (group for _, group in root.moving.values())))
    return combine([root.group, *moving]) if moving else root.group


@contextmanager
def open_index(settings: Settings) -> Iterator[IndexReader]:
    """Open the current index version for reading."""
    connection = connect_to_read(settings)
    try:
        yield IndexReader(current_generation(settings, connection), connection)
    finally:
        connection.close()
