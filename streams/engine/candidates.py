"""Adds the records of a micro-batch to their blocking keys and finds the records that they share a key with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from streams.engine.decision_cache import DecisionCache
from streams.engine.statistics import Statistics
from streams.engine.upsert import Upsert
from streams.state.connection import Command, Connection
from streams.state.key_index import ENTRY_BYTES, KeyIndex
from streams.state.reader import Reader

__all__ = ["CandidateIndex", "Candidates", "Met"]


class Met(NamedTuple):
    """A record, the records that share a blocking key with it, and how many records each of its keys holds."""

    upsert: Upsert
    others: list[bytes]
    crowds: list[int]


class Candidates(NamedTuple):
    """The candidates of every record of a micro-batch."""

    records: list[Met]
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
        reader.load(other for met in found for other in met.others)
        return Candidates(found, Statistics(capped={"key": full} if full else {}))

    def _add(self, upserts: Sequence[Upsert]) -> tuple[list[Met], int]:
        """Return the candidates of each record, and how many of the keys were full."""
        commands: list[Command] = []
        obsolete: list[Command] = []
        for upsert in upserts:
            commands += self._index.add(upsert.id, upsert.signature, upsert.places)
            if upsert.before and upsert.before.features and upsert.before.features != upsert.now.features:
                former = self._decisions.keys_of(upsert.before)[1]
                obsolete += self._index.remove(upsert.id, [p for p in former if p not in upsert.places])
        replies = iter(self._connection.execute(commands))
        found: list[Met] = []
        full = 0
        for upsert in upserts:
            met: dict[bytes, None] = {}
            crowds: list[int] = []
            for place, packed in zip(upsert.places, self._index.entries(upsert.places, replies), strict=True):
                crowds.append(len(packed) // ENTRY_BYTES)
                if packed:
                    full += self._index.is_full(packed)
                    met.update(dict.fromkeys(self._index.met(packed, upsert.signature, loose=place.loose)))
            met.pop(upsert.id, None)
            found.append(Met(upsert, list(met), crowds))
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
            commands: list[Command] = []
            for record in changed:
                if reader.is_live(record) and (stored := reader.stored()[record]):
                    commands += self._index.add(record, *self._decisions.keys_of(stored))
            self._connection.execute(commands)
