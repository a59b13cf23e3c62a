"""Makes a correction, publishes it, and reads what a worker decided on it.

A correction is checked against those in force before it is sent, so that one that contradicts them never reaches the topic. The
verdict is the worker's all the same: another correction may come first.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import combinations
from typing import Any, Literal, NamedTuple

import msgspec

from streams import events
from streams.clusters.corrections import DIFFERENT, SAME, Correction, Standing, Verdict, read_correction, ruling
from streams.errors import PayloadError, UsageError
from streams.events import Outgoing
from streams.kafka.connection import KafkaConnection
from streams.kafka.producer import Publisher
from streams.kafka.topics import create_topics
from streams.query.explain import Inspection
from streams.settings import Settings
from streams.state.connection import Connection
from streams.state.correction_log import CorrectionLog
from streams.state.generation import current_generation
from streams.state.layout import Layout

__all__ = [
    "Status",
    "correction_log",
    "corrections_of_sets",
    "decided",
    "is_repeated",
    "make_correction",
    "publish_correction",
    "statuses",
    "verdict_fields",
]


class Status(NamedTuple):
    """What became of a correction.

    `sent`: no worker has decided it yet. `refused`: it contradicts others. `active`: it is in force. `undone`: by the correction
    `undone_by`. `done`: an undo that took effect.
    """

    name: Literal["sent", "refused", "active", "undone", "done"]
    undone_by: str = ""


def make_correction(
    action: str, author: str, reason: str = "", *, identifier: str = "", a: str = "", b: str = "", undoes: str = ""
) -> Correction:
    """Return a correction of now; without an `identifier` it gets a new one. Raises UsageError where it is none."""
    for record in (a, b):
        if record and not all(record.partition(":")):
            raise UsageError(f"{record!r} is no record id; record ids are source:id, as in arxiv:2111.12710")
    fields = {
        "id": identifier or "k" + secrets.token_hex(6),
        "action": action,
        "author": author,
        "reason": reason,
        "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
        **{name: value for name, value in (("a", a), ("b", b), ("undoes", undoes)) if value},
    }
    try:
        return read_correction(msgspec.json.encode(fields))
    except (PayloadError, UnicodeEncodeError) as error:
        raise UsageError(f"no correction: {error.detail if isinstance(error, PayloadError) else error}") from None


def corrections_of_sets(sets: Sequence[Sequence[str]], author: str, reason: str = "") -> list[Correction]:
    """Return the corrections that make each set of records one paper, and every two sets two papers.

    Of n records in k sets these are n - k `same` and k(k - 1)/2 `different`. Raises UsageError where a set is empty, a record is in
    two places, or nothing is said: one set of one record.
    """
    records = [record for members in sets for record in members]
    if not all(sets) or len(records) < 2:
        raise UsageError("sets: give at least two records, and no empty set")
    if len(set(records)) < len(records):
        raise UsageError("sets: each record may be named once")
    same = [(SAME, members[0], other) for members in sets for other in members[1:]]
    different = [(DIFFERENT, one[0], other[0]) for one, other in combinations(sets, 2)]
    return [make_correction(action, author, reason, a=a, b=b) for action, a, b in same + different]


def is_repeated(correction: Correction, known: Correction) -> bool:
    """Return whether a correction says what a known one with its id says, at whatever time."""
    return msgspec.structs.replace(correction, time=known.time) == known


def correction_log(settings: Settings, connection: Connection) -> CorrectionLog:
    """Return the verdicts of the index version of the settings."""
    return CorrectionLog(Layout.of(settings), connection)


async def publish_correction(settings: Settings, correction: Correction, about: Verdict) -> None:
    """Publish a correction; return when the broker has acknowledged it. Raises BrokerError.

    `about` is the verdict that is expected: its two records are the key of the message.
    """
    await create_topics(settings)
    key = f"{about.a}|{about.b}".encode()
    async with Publisher(KafkaConnection.of(settings), settings.topic_prefix, shared=True) as publisher:
        await publisher.publish([Outgoing(events.CORRECTIONS, key, msgspec.json.encode(correction))])


def decided(settings: Settings, connection: Connection, identifier: str) -> Verdict | None:
    """Return the verdict on a correction once the clusters follow it; None until then.

    Reads the index version in force, as a rebuild may switch to another one between two calls.
    """
    current = current_generation(settings, connection)
    (verdict,) = correction_log(current, connection).find([identifier])
    if verdict and (not verdict.accepted or Inspection(current, connection).applied(ruling(verdict))):
        return verdict
    return None


def statuses(verdicts: Sequence[Verdict]) -> list[Status]:
    """Return what became of each correction, given the verdicts on all, in their order."""
    active = {verdict.correction.id for verdict in Standing(verdicts).verdicts()}
    undone = {v.correction.undoes: v.correction.id for v in verdicts if v.accepted and v.correction.undoes}

    def status(verdict: Verdict) -> Status:
        if not verdict.accepted:
            return Status("refused")
        if verdict.correction.id in undone:
            return Status("undone", undone[verdict.correction.id])
        return Status("active" if verdict.correction.id in active else "done")

    return [status(verdict) for verdict in verdicts]


def verdict_fields(verdict: Verdict) -> dict[str, Any]:
    """Return a correction as JSON fields, with the code and the detail of its refusal."""
    refusal = {} if verdict.accepted else {"code": verdict.code, "detail": verdict.detail}
    return verdict.fields() | refusal
