"""Sends a correction once, waits for a worker's verdict, and says what became of it: what the API and the page share."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from functools import partial
from typing import Literal, NamedTuple

import msgspec

from streams.clusters.corrections import ID_USED, Correction, Standing, Verdict
from streams.curation import sent_corrections
from streams.curation.corrections import Status, decided, is_repeated, publish_correction, statuses
from streams.errors import BrokerError, NotFoundError, ServiceError
from streams.kafka.cancellation import cancelled_only_by_caller
from streams.query.index_reader import IndexReader
from streams.serve.problems import ProblemError
from streams.serve.resources import Resources

__all__ = ["Action", "CorrectionAnswer", "StatusName", "answer_of", "correction_answer", "send_correction"]

_WAIT_SECONDS, _POLL_SECONDS, _SEND_SECONDS = 2.0, 0.05, 15.0

Action = Literal["same", "different", "undo"]
StatusName = Literal["sent", "refused", "active", "undone", "done"]


class CorrectionAnswer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A correction and what became of it.

    `status`: `sent` (no worker has decided it yet), `refused` (`code` and `detail` say why), `active`, `undone` (by `undone_by`),
    or `done` (an undo that took effect). `a` and `b` of an undo are the records of what it undoes.
    """

    id: str
    action: Action
    status: StatusName
    author: str
    time: str
    a: str = ""
    b: str = ""
    undoes: str = ""
    reason: str = ""
    undone_by: str = ""
    code: str = ""
    detail: str = ""


class _Expected(NamedTuple):
    """The verdict that is there, the verdict that is expected where there is none, and what the correction contradicts."""

    known: Verdict | None
    verdict: Verdict
    against: Sequence[Correction]


async def send_correction(resources: Resources, correction: Correction) -> CorrectionAnswer:
    """Send a correction and wait up to two seconds for the verdict and for the clusters to follow it.

    One that was sent already is not sent again. The status is `sent` where no worker has decided it in time.
    Raises ProblemError (409) where it is refused or its id is that of another one, BrokerError where Kafka does not take it.
    """
    sent = await _send_once(resources, correction)
    verdict = await _await(resources, sent.id)
    if verdict is None:
        return answer_of(sent, Status("sent"))
    if not verdict.accepted:
        raise _conflict(await resources.ask(lambda index: _expect(index, sent)), verdict)
    return await correction_answer(resources, sent.id)


async def _send_once(resources: Resources, correction: Correction) -> Correction:
    """Send a correction, but where it was sent already; return the one that was sent.

    Raises ProblemError where it would be refused, or its id is that of another one.
    """
    curation = resources.curation
    async with curation.sending(correction.id):
        expected = await resources.ask(lambda index: _expect(index, correction))
        sent = await curation.database.run(partial(sent_corrections.known, identifier=correction.id))
        if known := expected.known.correction if expected.known else sent:
            if not is_repeated(correction, known):
                raise ProblemError(409, ID_USED, f"the id is that of {known}; every correction needs one of its own")
            return known
        if not expected.verdict.accepted:
            raise _conflict(expected, expected.verdict)
        try:
            async with asyncio.timeout(_SEND_SECONDS):
                await cancelled_only_by_caller(publish_correction(resources.settings, correction, expected.verdict))
        except TimeoutError:
            raise BrokerError(f"Kafka did not accept the correction within {_SEND_SECONDS:g} s") from None
        await curation.database.run(partial(sent_corrections.note_sent, correction=correction))
    return correction


def _expect(index: IndexReader, correction: Correction) -> _Expected:
    verdicts = index.corrections.all()
    standing = Standing(verdicts)
    known = next((verdict for verdict in verdicts if verdict.correction.id == correction.id), None)
    return _Expected(known, standing.decide(correction), standing.contradicted(correction))


def _conflict(expected: _Expected, verdict: Verdict) -> ProblemError:
    conflicts = tuple(made.id for made in expected.against)
    return ProblemError(409, verdict.code, verdict.detail, conflicts=conflicts)


async def _await(resources: Resources, identifier: str) -> Verdict | None:
    """Wait for the verdict and for the clusters to follow it; None where that takes too long, or Redis is away meanwhile."""
    deadline = time.monotonic() + _WAIT_SECONDS
    while time.monotonic() < deadline:
        try:
            found = await resources.ask(lambda index: decided(resources.settings, index.connection, identifier))
        except ServiceError:
            found = None
        if found:
            return found
        await asyncio.sleep(_POLL_SECONDS)
    return None


async def correction_answer(resources: Resources, identifier: str) -> CorrectionAnswer:
    """Return a correction by its id. Raises NotFoundError."""
    verdicts = await resources.ask(lambda index: index.corrections.all())
    for verdict, status in zip(verdicts, statuses(verdicts), strict=True):
        if verdict.correction.id == identifier:
            return answer_of(verdict.correction, status, verdict)
    sent = await resources.curation.database.run(partial(sent_corrections.known, identifier=identifier))
    if sent is None:
        raise NotFoundError("unknown_correction", f"no correction {identifier!r} is known")
    return answer_of(sent, Status("sent"))


def answer_of(correction: Correction, status: Status, verdict: Verdict | None = None) -> CorrectionAnswer:
    """Return a correction with what became of it; without a `verdict`, its records are as they were sent."""
    return CorrectionAnswer(
        id=correction.id,
        action=correction.action,
        status=status.name,
        author=correction.author,
        time=correction.time,
        a=(verdict.a if verdict else "") or correction.a,
        b=(verdict.b if verdict else "") or correction.b,
        undoes=correction.undoes,
        reason=correction.reason,
        undone_by=status.undone_by,
        code=verdict.code if verdict else "",
        detail=verdict.detail if verdict else "",
    )
