"""Count the totals from the topics, cluster by cluster: where their fold cannot begin with the first event.

The last state of each cluster is in `dedup.clusters`, and the events that are there may lead further. The order of the steps is
what makes the result exact while workers work:
1. read `dedup.clusters` to its end
2. read from Redis which events are pending, that is, committed and not known to be published
3. read `dedup.events` to its end
Each event that a state of step 1 includes is in the topic by step 3 or was pending in step 2. Those of the pending ones that step 3
did not find are named in the snapshot (`Snapshot.included`), so that the fold leaves them out when they come.

Memory grows with the number of clusters, as that of `streams verify` does: some 150 bytes and the record ids for each.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import msgspec

from streams import events
from streams.events.published import decode_state
from streams.kafka.connection import KafkaConnection
from streams.kafka.reader import first_offsets, read_to_now
from streams.settings import Settings
from streams.state.connection import Connection
from streams.state.generation import current_generation
from streams.state.group_store import GroupStore
from streams.state.layout import Layout
from streams.totals.fold import Change, Counters, add_cluster, decode_change
from streams.totals.snapshot import Snapshot

__all__ = ["count_totals"]


class _State(NamedTuple):
    """A cluster: its last known revision, its record ids, one a line, and whether it ended after that revision."""

    revision: int
    records: str
    ended: bool = False


_UNKNOWN = _State(0, "")


async def count_totals(settings: Settings, connection: Connection, topics_since: int = 0) -> Snapshot:
    """Count the totals as of now. Raises ServiceError."""
    kafka, topic = KafkaConnection.of(settings), settings.topic_prefix + events.EVENTS
    states = await _states(kafka, settings.topic_prefix + events.CLUSTERS)
    pending = _pending(settings, connection)
    snapshot = Snapshot(Counters(), topic, dict(await first_offsets(kafka, topic)), topics_since=topics_since)
    changed: dict[str, _State] = {}
    async for message in read_to_now(kafka, [topic]):
        snapshot.positions[message.partition] = message.offset + 1
        if message.value is None:
            continue
        try:
            event = decode_change(message.value)
        except msgspec.MsgspecError:
            snapshot.unread += 1
            continue
        if event.revision <= changed.get(event.cluster_id, _UNKNOWN).revision:
            snapshot.repeated += 1
            continue
        changed[event.cluster_id] = _State(event.revision, "\n".join(event.after))
        snapshot.counters.events[event.type] = snapshot.counters.events.get(event.type, 0) + 1
    for state in _last(states, changed):
        add_cluster(snapshot.counters, state.records.split("\n") if state.records else ())
    snapshot.included = list(_included(pending, states, changed))
    snapshot.time = int(time.time() * 1000)
    return snapshot


async def _states(kafka: KafkaConnection, topic: str) -> dict[str, _State]:
    states: dict[str, _State] = {}
    async for message in read_to_now(kafka, [topic]):
        name = (message.key or b"").decode("utf-8", "replace")
        known = states.get(name, _UNKNOWN)
        if message.value is None:
            states[name] = known._replace(records="", ended=True)
            continue
        try:
            state = decode_state(message.value)
        except msgspec.MsgspecError:
            continue
        if state.revision > known.revision:  # an older one may come late (docs/events.md)
            states[name] = _State(state.revision, "\n".join(state.records))
    return states


def _pending(settings: Settings, connection: Connection) -> dict[str, list[Change]]:
    """Return the pending events by cluster, sorted by revision."""
    current = current_generation(settings, connection)
    layout = Layout.of(current)
    found: dict[str, list[Change]] = {}
    for fields in GroupStore(layout, connection).pending_events().values():
        for value in fields.values():
            event = decode_change(value)
            found.setdefault(event.cluster_id, []).append(event)
    return {name: sorted(changes, key=lambda change: change.revision) for name, changes in found.items()}


def _last(states: Mapping[str, _State], changed: Mapping[str, _State]) -> Iterable[_State]:
    """Yield the last state of each cluster: by its events, unless a later one is published."""
    for name, state in states.items():
        if state.revision > changed.get(name, _UNKNOWN).revision:
            yield state
    for name, state in changed.items():
        if state.revision >= states.get(name, _UNKNOWN).revision:
            yield state


def _included(
    pending: Mapping[str, list[Change]], states: Mapping[str, _State], changed: Mapping[str, _State]
) -> Iterator[str]:
    """Yield the ids of the pending events that are not in the topic and led to a state that was counted."""
    for name, changes in pending.items():
        state, last = states.get(name, _UNKNOWN), changed.get(name, _UNKNOWN).revision
        if state.revision <= last and not (state.ended and not last):
            continue  # counted by its events
        for change in changes:
            if change.revision <= last:
                continue
            if change.revision > state.revision and not state.ended:
                break
            yield f"{name}:{change.revision}"
            if state.ended and not change.after:
                break
