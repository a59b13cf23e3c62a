"""Hold records in memory: the newest payload of each record, under its blocking keys, and the decisions on pairs that meet.

The same steps as the first half of `engine/engine.py`, with dictionaries in place of Redis: keep the newer payload of each record
(`records/version.py`), add the record to its keys, and decide every pair that meets there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from streams.api.grouping import pair_of
from streams.api.memory_index import KEY_CAP, Blocking, KeyNumbers, MemoryIndex
from streams.clusters.planner import Pair
from streams.matching.decide import decide
from streams.matching.decision import DISTINCT, DUPLICATE, RELATED, Decision
from streams.matching.feature_values import Features
from streams.matching.features import extract
from streams.matching.ruleset import DEFAULT, Rules
from streams.records.record import Delete, Record
from streams.records.stored import id_of
from streams.records.version import RecordVersion
from streams.state.record_codec import RecordCodec

__all__ = ["Compared", "Entry", "RecordPool"]


class Entry(NamedTuple):
    """The current content of a record, its version, and what matching needs of it.

    Of a deleted record only the source and the id are kept.
    """

    record: Record
    version: RecordVersion
    features: Features
    blocking: Blocking

    @property
    def live(self) -> bool:
        """Whether the record exists."""
        return self.version.live


class Compared(NamedTuple):
    """A record that arrived and one that it met in the key index, by 8-byte ids, and the decision on the two."""

    arrived: bytes
    other: bytes
    decision: Decision


class RecordPool:
    """Holds records and the decisions on them other than `distinct`, by 8-byte record ids.

    More than ten methods, for it is in one memory what stores, matcher and groups are to a worker.
    """

    def __init__(self, rules: Rules = DEFAULT, key_cap: int = KEY_CAP) -> None:
        """Keep at most `key_cap` records under one blocking key."""
        self.entries: dict[bytes, Entry] = {}
        self.compared = 0
        self._rules = rules
        self._codec = RecordCodec()
        self._numbers = KeyNumbers()
        self._index = MemoryIndex[bytes](key_cap)
        self._decisions: dict[bytes, dict[bytes, Decision]] = {}
        self._met: dict[bytes, dict[bytes, Decision]] = {}

    def add(self, items: Iterable[tuple[Record | Delete, int]]) -> tuple[list[bytes], list[Compared]]:
        """Take in payloads with their arrival numbers; return the records that arrived and the pairs that were compared.

        Decisions `distinct` are counted but not returned.
        """
        arrived = list(dict.fromkeys(self._upsert(item, taken) for item, taken in items))
        met = [(record, self._index.add(record, self.entries[record].blocking)) for record in arrived]
        found = [
            Compared(record, other, decision)
            for record, others in met
            for other, decision in self._ties(record, others)
        ]
        return arrived, found

    def links(self) -> Iterator[tuple[bytes, bytes, Decision]]:
        """Yield the pairs that met and are duplicates, each once, the smaller id first."""
        return self._pairs(DUPLICATE)

    def relations(self) -> Iterator[tuple[bytes, bytes, Decision]]:
        """Yield the pairs that met and are related works, each once, the smaller id first."""
        return self._pairs(RELATED)

    def decide(self, a: bytes, b: bytes) -> Decision:
        """Return the decision on two records, made once."""
        first, second = (a, b) if a <= b else (b, a)
        decision = self._decisions.get(first, {}).get(second)
        if decision is None:
            decision = decide(self.entries[first].features, self.entries[second].features, self._rules)
            if decision.verdict != DISTINCT:
                self._note(self._decisions, first, second, decision)
        return decision

    def pair(self, a: bytes, b: bytes) -> Pair:
        """Return whether two records are linked, vetoed or opposed, by the decision on them."""
        return pair_of(self.decide(a, b), self._meet(a, b))

    def relation(self, a: bytes, b: bytes) -> str:
        """Return the kind of relation between two records, `""` where there is none or one of them was deleted."""
        if not (self.is_live(a) and self.is_live(b)):
            return ""
        decision = self.decide(a, b)
        return decision.relation if decision.verdict == RELATED and self._meet(a, b)() else ""

    def is_live(self, record: bytes) -> bool:
        """Tell whether a record exists."""
        entry = self.entries.get(record)
        return entry is not None and entry.live

    def record(self, record: bytes) -> Record | None:
        """Return the record with this 8-byte id as last added, None if none was added."""
        entry = self.entries.get(record)
        return entry.record if entry else None

    def _meet(self, a: bytes, b: bytes) -> Callable[[], bool]:
        return lambda: self.entries[a].blocking.meets(self.entries[b].blocking)

    def _upsert(self, item: Record | Delete, taken: int) -> bytes:
        """Keep a payload where it is newer than the current one of its record, and return the record's id."""
        if isinstance(item, Record):
            record, version = (
                item,
                RecordVersion.of(self._codec.content(item), version=item.version, updated=item.updated, taken=taken),
            )
        else:
            record = Record(source=item.source, source_id=item.source_id)
            version = RecordVersion.of(b"", taken=taken, live=False)
        key = id_of(record.id)
        before = self.entries.get(key)
        if before is None:
            self.entries[key] = self._entry(record, version)
        elif version.supersedes(before.version):
            now = self._entry(record, version.next_after(before.version))
            self.entries[key] = now
            if now.features != before.features or not now.live:
                self._forget(key, before, now)
        else:
            self.entries[key] = before._replace(version=before.version.after_rejecting(version))
        return key

    def _entry(self, record: Record, version: RecordVersion) -> Entry:
        features = extract(record)
        return Entry(
            record, version, features, self._numbers.blocking(features) if version.live else Blocking((), b"\0\0\0\0")
        )

    def _forget(self, key: bytes, before: Entry, now: Entry) -> None:
        """Take a record that changed out of its former keys, and drop what was decided about it."""
        self._index.remove(key, set(before.blocking.keys).difference(now.blocking.keys))
        for decisions in (self._decisions, self._met):
            for other in decisions.pop(key, {}):
                decisions[other].pop(key, None)

    def _ties(self, record: bytes, others: Sequence[bytes]) -> Iterator[tuple[bytes, Decision]]:
        self.compared += len(others)
        for other in others:
            decision = self.decide(record, other)
            if decision.verdict != DISTINCT:
                self._note(self._met, record, other, decision)
                yield other, decision

    def _pairs(self, verdict: str) -> Iterator[tuple[bytes, bytes, Decision]]:
        for a, others in self._met.items():
            yield from ((a, b, decision) for b, decision in others.items() if a < b and decision.verdict == verdict)

    @staticmethod
    def _note(decisions: dict[bytes, dict[bytes, Decision]], a: bytes, b: bytes, decision: Decision) -> None:
        decisions.setdefault(a, {})[b] = decision
        decisions.setdefault(b, {})[a] = decision
