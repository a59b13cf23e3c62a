"""Turn records into the messages that a running Streams publishes, in memory.

Clusters are planned and described by the functions that a worker uses (`clusters/planner.py`, `events/describe.py`). Locks,
positions and everything else that lets workers run side by side are left out, and so are `dedup.review` and dead letters.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from streams import events
from streams.api.comparing import Preprints
from streams.api.deduplicating import arrival_number
from streams.api.grouping import CLUSTER_CAP
from streams.api.inputs import RecordLike, read_item, rules_for
from streams.api.memory_index import KEY_CAP
from streams.api.record_pool import Compared, RecordPool
from streams.clusters.committed import PlannedCommit
from streams.clusters.group import Group, Relation, Root
from streams.clusters.merge_jobs import MergeJob, MergeRequest, find_jobs, once_related
from streams.clusters.planner import plan
from streams.errors import PayloadError
from streams.events import Cause, Evidence, Outgoing
from streams.matching.decision import DUPLICATE, RELATED, REVIEW
from streams.records.chunks import chunks
from streams.records.record import Delete, Record

__all__ = ["FakeStreams", "Message", "event_messages"]


class Message(NamedTuple):
    """A published message. `value` is None for a tombstone: the cluster of this key does not exist any more."""

    topic: str
    key: bytes
    value: bytes | None

    def json(self) -> dict[str, Any]:
        """Return the value decoded, `{}` for a tombstone."""
        decoded: dict[str, Any] = json.loads(self.value) if self.value is not None else {}
        return decoded


class FakeStreams:
    """A Streams in memory: takes records, and returns the messages that its subscribers receive.

    >>> from streams.testing import FakeStreams
    >>> fake = FakeStreams()
    >>> paper = {"title": "Coral growth in warm seas", "authors": ["Ada Reef"], "year": 2021}
    >>> [(m.topic, m.json()["type"]) for m in fake.send([{**paper, "id": "1"}]) if m.topic == "dedup.events"]
    [('dedup.events', 'created')]
    >>> [m.json()["type"] for m in fake.send([{**paper, "id": "2"}]) if m.topic == "dedup.events"]
    ['record_added']
    """

    def __init__(self, *, preprints: Preprints = "merge") -> None:
        """Begin without records; `preprints` as in `streams.compare`."""
        self._pool = RecordPool(rules_for(preprints), KEY_CAP)
        self._groups: dict[bytes, Group] = {}
        self._root_of: dict[bytes, bytes] = {}
        self._received = 0

    def send(self, records: Iterable[RecordLike | Delete]) -> list[Message]:
        """Handle records as one batch of messages, and return what is published, in order.

        The topics are `dedup.decisions`, `dedup.events` and `dedup.clusters`. Raises PayloadError where a record cannot be
        read; then none of the batch was handled.
        """
        batch = [self._read(number, value) for number, value in enumerate(records, self._received)]
        self._received += len(batch)
        arrived, compared = self._pool.add(batch)
        evidence: dict[str, list[Evidence]] = defaultdict(list)
        published: list[Outgoing] = []
        for pair in compared:
            found = self._evidence(pair)
            published.append(events.decision_message(found))
            if pair.decision.verdict != REVIEW:
                evidence[found.a].append(found)
                evidence[found.b].append(found)
        cause = Cause.messages((self._pool.entries[record].record.id for record in arrived), evidence)
        for job in self._jobs(arrived, compared):
            described = self._plan(job, cause)
            if described is not None:
                published += _publications(described)
        return [Message(out.topic, out.key, out.value) for out in published]

    def _read(self, number: int, value: object) -> tuple[Record | Delete, int]:
        item = read_item(value, f"/{number}")
        if isinstance(item, PayloadError):
            raise item
        return item, arrival_number(number)

    def _evidence(self, pair: Compared) -> Evidence:
        a, b = sorted(self._pool.entries[record].record.id for record in (pair.arrived, pair.other))
        return Evidence(a, b, pair.decision)

    def _jobs(self, arrived: Sequence[bytes], compared: Sequence[Compared]) -> list[MergeJob]:
        """Return the groups that change, with what happens to each."""
        request = MergeRequest(
            frozenset(arrived),
            tuple((pair.arrived, pair.other) for pair in compared if pair.decision.verdict == DUPLICATE),
            tuple((pair.arrived, pair.other) for pair in compared if pair.decision.verdict == RELATED),
        )
        roots = {record: self._root(record) for record in request.asked}
        roots |= {record: self._root(record) for record in once_related(request, roots.values())}
        return find_jobs(request, roots, CLUSTER_CAP)[0]

    def _root(self, record: bytes) -> Root:
        root = self._root_of.get(record, record)
        group = self._groups.get(root)
        return Root(root, b"stored" if group else b"", group or Group(), {})

    def _plan(self, job: MergeJob, cause: Cause) -> PlannedCommit | None:
        """Plan a group anew, keep it, and return it with its events; None where nothing changed."""
        pool = self._pool
        live = {record: pool.entries[record].version for record in job.records if pool.is_live(record)}
        groups = [job.target.group, *(group for _, group in job.moves.values() if group.members or group.clusters)]
        known = {member.id for group in groups for member in group.members}
        related = [Relation(a, b, kind) for a, b in sorted(job.related) if (kind := pool.relation(a, b))]
        planned = plan(
            groups,
            {record: version.digest for record, version in live.items()},
            (job.records - live.keys()) & known,
            pool.pair,
            min((version.taken for version in live.values()), default=0),
            related,
        )
        described = events.describe(planned, pool.record, pool.is_live, cause)
        if not (described.group.members or described.group.clusters):
            return None
        for moved in job.moves:
            self._groups.pop(moved, None)
        self._groups[job.target.id] = described.group
        self._root_of.update((member.id, job.target.id) for member in described.group.members)
        self._root_of.update(dict.fromkeys(job.moves, job.target.id))
        return described if described.pending else None


def event_messages(
    records: Iterable[RecordLike | Delete], *, batch_size: int = 1, preprints: Preprints = "merge"
) -> Iterator[Message]:
    """Yield the messages of `dedup.events` that a subscriber receives when these records arrive, in order.

    `batch_size` records are handled at a time; with larger batches fewer events describe the same changes.
    """
    fake = FakeStreams(preprints=preprints)
    for batch in chunks(records, batch_size):
        yield from (message for message in fake.send(batch) if message.topic == events.EVENTS)


def _publications(described: PlannedCommit) -> Iterator[Outgoing]:
    for field, event in described.pending.items():
        yield Outgoing(events.EVENTS, field.rpartition(":")[0].encode(), event)
    yield from events.state_messages(described)
