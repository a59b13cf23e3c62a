"""Adds the records of a micro-batch to their blocking keys and finds the records that they share a key with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from streams.engine.decision_cache import DecisionCache
from streams.engine.statistics import Statistics
from streams.engine.upsert import Upsert
from streams.matching.prefilter import prefilter
from streams.state.connection import Command, Connection
from streams.state.key_index import Entry, KeyIndex
from streams.state.places import is_weak, without
from streams.state.reader import Reader

__all__ = ["CandidateIndex", "Candidates", "RecordCandidates"]


class RecordCandidates(NamedTuple):
    """A record, the records that share a blocking key with it, and what its keys hold, as in `KeyIndex.found`."""

    upsert: Upsert
    others: list[bytes]
    keys: Mapping[int, bytes]


class Candidates(NamedTuple):
    """The candidates of every record of a micro-batch."""

    records: list[RecordCandidates]
    statistics: Statistics


class CandidateIndex:
    """Keeps the blocking keys of records up to date, and answers with the candidates."""

    def __init__(self, index: KeyIndex, decisions: DecisionCache, connection: Connection) -> None:
        self._index = index
        self._decisions = decisions
        self._connection = connection

    def candidates(self, upserts: Sequence[Upsert], reader: Reader) -> Candidates:
        """Add each record to its keys, take it out of keys it no longer has, and read the features of its candidates."""
        found, full = self._add(upserts)
        self._add_changed([upsert.id for upsert in upserts], reader)
        reader.load(other for each in found for other in each.others)
        return Candidates(found, Statistics(capped={"key": full} if full else {}))

    def _add(self, upserts: Sequence[Upsert]) -> tuple[list[RecordCandidates], int]:
        """Return the candidates of each record, and how many of the keys were full."""
        entries = [Entry(upsert.id, upsert.signature, upsert.places) for upsert in upserts]
        keys = self._index.found(entries, self._connection.execute(self._index.add(entries)))
        obsolete: list[Command] = []
        found: list[RecordCandidates] = []
        full = 0
        for upsert, present in zip(upserts, keys, strict=True):
            if upsert.before and upsert.before.features and upsert.before.features != upsert.now.features:
                former = self._decisions.keys_of(upsert.before)[1]
                obsolete += self._index.remove(upsert.id, without(former, upsert.places))
            others: dict[bytes, None] = {}
            may = prefilter(upsert.signature) if present else None
            for n, packed in present.items():
                loose = is_weak(upsert.places, n)
                full += self._index.is_full(packed, loose=loose)
                others.update(dict.fromkeys(self._index.candidates(packed, may if loose else None)))
            others.pop(upsert.id, None)
            found.append(RecordCandidates(upsert, list(others), present))
        self._connection.execute(obsolete)
        return found, full

    def _add_changed(self, records: Iterable[bytes], reader: Reader) -> None:
        """Add records that another worker changed meanwhile to their keys again, until none was changed.

        This worker may have lost the partition without knowing it yet, and its keys may have come after those of the
        worker that has it now. The worker that is last to touch the keys of a record sees what is stored of it.
        """
        changed = records
        while changed := reader.changed(changed):
            reader.forget(changed)
            reader.load(changed)
            entries = [
                Entry(record, *self._decisions.keys_of(stored))
                for record in changed
                if reader.is_live(record) and (stored := reader.stored()[record])
            ]
            self._connection.execute(self._index.add(entries))
