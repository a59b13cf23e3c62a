"""Fold `dedup.events` and `dedup.clusters` into the state of each cluster, message by message. Pure; keeps digests, not documents.

Events of a cluster may come more than once and after later ones, so they are sorted by revision when all have been read.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from itertools import pairwise
from typing import NamedTuple

import msgspec

from streams.events.published import PublishedEvent, decode_event, decode_state
from streams.verification.differences import Difference
from streams.verification.states import ENDED, STATE_BYTES, Values, pack, packed_state, revision_of

__all__ = ["ClusterFold", "EventFold", "Folded"]

_ENTRY = struct.Struct(">I8s8s8s")  # revision, digests of the whole event, of `before`, of `after`


class Folded(NamedTuple):
    """A cluster by its events: the first and the last revision in the topic, and the packed state after the last.

    `merged_into` is the cluster that it was merged into, `""` where it was not merged away.
    """

    first: int
    last: int
    state: bytes
    merged_into: str


class EventFold(Mapping[str, Folded]):
    """A fold of `dedup.events`: takes its messages in the order of their partition, then maps cluster ids to `Folded`.

    Stores per cluster one value: its last packed state, and an entry for each event.
    """

    def __init__(self, values: Values, only: Collection[str] | None = None) -> None:
        """Begin a fold; `only` limits it to some cluster ids."""
        self._values = values
        self._only = only
        self._folded: dict[str, bytes] = {}
        self._into: dict[str, str] = {}
        self._differences: list[Difference] = []
        self.events = 0
        self.repeated = 0

    def add(self, key: bytes, value: bytes) -> None:
        """Add one message of `dedup.events`."""
        name = sys.intern(key.decode("utf-8", "replace"))
        if self._only is not None and name not in self._only:
            return
        try:
            event = decode_event(value)
            entry = self._entry(event, value)
        except (msgspec.MsgspecError, struct.error) as error:
            self._wrong("event_malformed", name, f"a message cannot be read: {error}", value)
            return
        if wrong := _wrong(name, event):
            self._wrong("event_malformed", name, f"{event.event_id}: {wrong}", value)
        folded = self._folded.get(name, ENDED)
        known = _known(folded, event.revision)
        if known is not None:
            self.repeated += 1
            if known != entry:
                self._wrong("event_conflict", name, f"{event.event_id} was published with two contents", value)
            return
        self.events += 1
        state = folded[:STATE_BYTES]
        if event.revision > revision_of(state):
            state = self._state(name, event)
        self._folded[name] = state + folded[STATE_BYTES:] + entry

    def __getitem__(self, name: str) -> Folded:
        """Return the fold of one cluster, once all messages were added."""
        folded = self._folded[name]
        state = folded[:STATE_BYTES]
        first = min(revision for revision, *_ in _ENTRY.iter_unpack(folded[STATE_BYTES:]))
        return Folded(first, revision_of(state), state, self._into.get(name, ""))

    def __iter__(self) -> Iterator[str]:
        """Iterate over the ids of all clusters with events."""
        return iter(self._folded)

    def __len__(self) -> int:
        """Return the number of clusters with events."""
        return len(self._folded)

    def __contains__(self, name: object) -> bool:
        """Tell whether a cluster has events."""
        return name in self._folded

    def differences(self) -> list[Difference]:
        """Return the contradictions within the events: malformed ones, conflicts, gaps, broken chains."""
        found = list(self._differences)
        for name, folded in self._folded.items():
            if len(folded) > STATE_BYTES + _ENTRY.size:
                found += _sequence(name, sorted(_ENTRY.iter_unpack(folded[STATE_BYTES:])))
        return found

    def _state(self, name: str, event: PublishedEvent) -> bytes:
        self._into.pop(name, None)
        if event.merged_into:
            self._into[name] = sys.intern(event.merged_into[0])
        return pack(self._values, name, event.revision, event.after, event.relations, event.document)

    def _entry(self, event: PublishedEvent, value: bytes) -> bytes:
        digest, records = self._values.digest, self._values.records
        return _ENTRY.pack(event.revision, digest("", value), records("", event.before), records("", event.after))

    def _wrong(self, code: str, name: str, detail: str, value: bytes) -> None:
        self._differences.append(
            Difference(code, name, detail=detail, clusters=(name,), fingerprint=self._values.digest("", value))
        )


def _known(folded: bytes, revision: int) -> bytes | None:
    """Return the entry of an event revision that was added before, None for a new one.

    The highest revision is compared first, as nearly every event is the newest of its cluster.
    """
    if revision > revision_of(folded):
        return None
    for start in range(len(folded) - _ENTRY.size, STATE_BYTES - 1, -_ENTRY.size):
        if revision_of(folded[start:]) == revision:
            return folded[start : start + _ENTRY.size]
    return None


def _sequence(name: str, entries: list[tuple[int, bytes, bytes, bytes]]) -> Iterator[Difference]:
    """Yield gaps in sorted revisions, and events whose `before` is not the `after` of the previous event."""
    for (earlier, _, _, after), (later, _, before, _) in pairwise(entries):
        if later != earlier + 1:
            missing = f"revision {earlier + 1}" if later == earlier + 2 else f"revisions {earlier + 1} to {later - 1}"
            code, detail = "event_gap", f"{missing} missing"
        elif before != after:
            code, detail = "event_chain", f"`before` of revision {later} is not `after` of revision {earlier}"
        else:
            continue
        yield Difference(code, name, detail=detail, clusters=(name,), fingerprint=detail.encode())


_SAME = frozenset(("record_updated", "canonical_changed", "relation_added", "relation_removed"))


def _created(event: PublishedEvent, before: set[str], after: set[str]) -> bool:
    return not before and bool(after)


def _merged(event: PublishedEvent, before: set[str], after: set[str]) -> bool:
    return bool(event.merged_from) if after else len(event.merged_into) == 1


_PROMISES: dict[str, Callable[[PublishedEvent, set[str], set[str]], bool]] = {
    "created": _created,
    "record_added": lambda _, before, after: before < after and bool(before),
    "record_removed": lambda _, before, after: bool(before - after),
    "merged": _merged,
    "split": lambda event, before, after: bool(before - after) and bool(after) and bool(event.split_into),
    **dict.fromkeys(_SAME, lambda _, before, after: before == after and bool(after)),
}


def _wrong(name: str, event: PublishedEvent) -> str:
    """Return in what an event contradicts docs/events.md, `""` where it does not."""
    if event.cluster_id != name:
        return f"its key is {name!r}"
    if event.event_id != f"{name}:{event.revision}" or not 1 <= event.revision < 1 << 32:
        return f"its id is not that of revision {event.revision}"
    promise = _PROMISES.get(event.type)
    if promise is None:
        return f"unknown type {event.type!r}"
    if event.revision == 1 and event.type != "created":
        return f"the first revision is {event.type}"
    if not promise(event, set(event.before), set(event.after)):
        return f"`before` and `after` do not go with {event.type}"
    return ""


class ClusterFold:
    """A fold of `dedup.clusters`: takes its messages in the order of their partition and keeps the last one of each key."""

    def __init__(self, values: Values, only: Collection[str] | None = None) -> None:
        """Begin a fold; `only` limits it to some cluster ids."""
        self._values = values
        self._only = only
        self._wrong: dict[str, Difference] = {}
        self.states: dict[str, bytes] = {}
        """The packed state of each cluster that had a message, `ENDED` where the last one is a tombstone."""

    def add(self, key: bytes, value: bytes | None) -> None:
        """Add one message of `dedup.clusters`; `value` None is a tombstone."""
        name = sys.intern(key.decode("utf-8", "replace"))
        if self._only is not None and name not in self._only:
            return
        self._wrong.pop(name, None)
        if value is None:
            self.states[name] = ENDED
            return
        try:
            state = decode_state(value)
        except msgspec.MsgspecError as error:
            self._malformed(name, f"it cannot be read: {error}", value)
            return
        if state.cluster_id != name or not 1 <= state.revision < 1 << 32 or not state.records:
            self._malformed(name, "its key, its revision or its records are not those of a cluster", value)
            return
        self.states[name] = packed_state(self._values, state)

    def differences(self) -> list[Difference]:
        """Return the current messages that are no state of a cluster."""
        return list(self._wrong.values())

    def _malformed(self, name: str, detail: str, value: bytes) -> None:
        self._wrong[name] = Difference(
            "state_malformed", name, detail=detail, clusters=(name,), fingerprint=self._values.digest("", value)
        )
        self.states[name] = ENDED
