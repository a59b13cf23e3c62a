"""`/corrections`: say that two records are one paper or two, undo it, see what became of it, and what would.

A correction is sent to `dedup.corrections`, a worker decides, and an answer within two seconds has the verdict. The client's own
`id` makes a request repeatable: the same again finds the same correction.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from functools import partial
from typing import Annotated, Literal, NamedTuple

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.params import JSONBody, PathParameter, QueryParameter

from streams.clusters.corrections import ID_USED, Correction, Standing, Verdict
from streams.curation import sent_corrections
from streams.curation.corrections import (
    Status,
    corrections_of_sets,
    decided,
    is_repeated,
    make_correction,
    publish_correction,
    statuses,
)
from streams.errors import BrokerError, NotFoundError, ServiceError
from streams.query.answers import PreviewAnswer
from streams.query.index_reader import IndexReader
from streams.query.preview import preview
from streams.serve.access import TOKEN_NEEDED, requires
from streams.serve.author import author_of
from streams.serve.paging import CursorParameter, LimitParameter, next_link, read_cursor, write_cursor
from streams.serve.problems import ProblemError, answers
from streams.serve.resources import Resources

__all__ = ["CorrectionAnswer", "CorrectionPage", "CorrectionRequest", "PreviewRequest", "router"]

MOST_PREVIEWED = 100
_WAIT_SECONDS, _POLL_SECONDS, _SEND_SECONDS = 2.0, 0.05, 15.0
_MOST_SENT, _ALL = 1_000, sent_corrections.UNREAD + 1

Action = Literal["same", "different", "undo"]
StatusName = Literal["sent", "refused", "active", "undone", "done"]
RecordId = Annotated[str, msgspec.Meta(max_length=1000)]
Anything = Request[object, object, State]


class CorrectionRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A correction: `same` and `different` name two records, `a` and `b`; `undo` names the correction that it `undoes`.

    `id` is the client's own, letters, digits and `._-`; without one, the answer has a new one.
    """

    action: Action
    id: Annotated[str, msgspec.Meta(pattern=r"^([A-Za-z0-9._-]{1,64})?$")] = ""
    a: RecordId = ""
    b: RecordId = ""
    undoes: Annotated[str, msgspec.Meta(pattern=r"^([A-Za-z0-9._-]{1,64})?$")] = ""
    reason: Annotated[str, msgspec.Meta(max_length=2000)] = ""


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


class CorrectionPage(msgspec.Struct, frozen=True):
    """Corrections, newest first: those that no worker has decided, then the decided ones."""

    items: tuple[CorrectionAnswer, ...]
    next: str | None


class PreviewRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Up to 100 corrections, or sets of records: each set would be one paper, and every two sets two papers."""

    corrections: Annotated[list[CorrectionRequest], msgspec.Meta(max_length=MOST_PREVIEWED)] = []
    sets: Annotated[
        list[Annotated[list[RecordId], msgspec.Meta(max_length=MOST_PREVIEWED)]],
        msgspec.Meta(max_length=MOST_PREVIEWED),
    ] = []


class CorrectionPreview(msgspec.Struct, frozen=True):
    """The corrections that were previewed, in their order, and the clusters that would result."""

    corrections: tuple[CorrectionRequest, ...]
    result: PreviewAnswer


class _Place(msgspec.Struct, frozen=True, array_like=True):
    """The place in the list: before an offset and an id of those not decided, and before a serial number of the others."""

    offset: Annotated[int, msgspec.Meta(ge=-1, le=_ALL)]
    id: str
    serial: Annotated[int, msgspec.Meta(ge=0, le=_ALL)]


class _Expected(NamedTuple):
    """The verdict that is there, the verdict that is expected where there is none, and what the correction contradicts."""

    known: Verdict | None
    verdict: Verdict
    against: Sequence[Correction]


@post(
    "",
    operation_id="correct",
    summary="Say that two records are one paper, or two, or undo that",
    status_code=200,
    guards=[requires("curate")],
    security=TOKEN_NEEDED,
    responses={
        **answers(409, 413, 422),
        202: ResponseSpec(
            CorrectionAnswer, description="It was sent; no worker has decided it yet. `Location` will have the verdict."
        ),
    },
)
async def correct(
    request: Anything, resources: NamedDependency[Resources], data: JSONBody[CorrectionRequest]
) -> Response[CorrectionAnswer]:
    """Send a correction and wait up to two seconds for the verdict and for the clusters to follow it.

    It outranks every decision and stays when the records change. Refused with 409 where it contradicts corrections in force, which
    `conflicts` names: undo them first. The author is the authenticated user.
    """
    correction = await _send_once(resources, _made(data, author_of(request)))
    verdict = await _await(resources, correction.id)
    if verdict is None:
        location = f"{request.url.path.rstrip('/')}/{correction.id}"
        return Response(_answer(correction, Status("sent")), status_code=202, headers={"Location": location})
    if not verdict.accepted:
        raise _conflict(await resources.ask(lambda index: _expect(index, correction)), verdict)
    return Response(await _answered(resources, correction.id))


@post(
    "/preview",
    guards=[requires("read")],
    operation_id="previewCorrections",
    summary="The clusters that would result from corrections",
    status_code=200,
    responses=answers(413, 422),
)
async def preview_corrections(
    request: Anything, resources: NamedDependency[Resources], data: JSONBody[PreviewRequest]
) -> CorrectionPreview:
    """Return the clusters that would result, and what the corrections contradict. Nothing is sent.

    Give `corrections`, decided in their order, or `sets`: n records in k sets take n - k `same` and k(k - 1)/2 `different`.
    """
    if bool(data.corrections) == bool(data.sets):
        raise ProblemError(422, "malformed", "give either corrections or sets, not empty")
    author = author_of(request)
    made = [_made(each, author) for each in data.corrections] or corrections_of_sets(data.sets, author)
    if len(made) > MOST_PREVIEWED:
        raise ProblemError(422, "malformed", f"sets: they take {len(made)} corrections, more than {MOST_PREVIEWED}")
    result = await resources.ask(lambda index: preview(index, made))
    shown = data.corrections or [CorrectionRequest(action=each.action, a=each.a, b=each.b) for each in made]
    return CorrectionPreview(tuple(shown), result)


@get("", operation_id="listCorrections", summary="All corrections, newest first", responses=answers(422))
async def corrections(
    request: Anything,
    resources: NamedDependency[Resources],
    status: Annotated[StatusName | None, QueryParameter(description="Only those with this status.")] = None,
    limit: LimitParameter = 50,
    cursor: CursorParameter = None,
) -> Response[CorrectionPage]:
    """Return corrections and what became of each."""
    place = read_cursor("corrections", cursor, _Place) or _Place(_ALL, "", _ALL)
    sent = await resources.curation.database.run(
        partial(sent_corrections.latest, before=(place.offset, place.id), most=_MOST_SENT)
    )
    verdicts = await resources.ask(lambda index: index.corrections.all())
    known = {verdict.correction.id for verdict in verdicts}
    found = [(_Place(at, each.id, _ALL), _answer(each, Status("sent"))) for at, each in sent if each.id not in known]
    found += [
        (_Place(-1, "", verdict.serial), _answer(verdict.correction, outcome, verdict))
        for verdict, outcome in zip(reversed(verdicts), reversed(statuses(verdicts)), strict=True)
        if verdict.serial < place.serial
    ]
    chosen = [(at, answer) for at, answer in found if status in (None, answer.status)]
    more = write_cursor("corrections", chosen[limit - 1][0]) if len(chosen) > limit else None
    return Response(
        CorrectionPage(tuple(answer for _, answer in chosen[:limit]), more), headers=next_link(request, more)
    )


@get("/{identifier:str}", operation_id="getCorrection", summary="A correction by its id", responses=answers(404))
async def one_correction(
    resources: NamedDependency[Resources],
    identifier: Annotated[str, PathParameter(description="The id of a correction.")],
) -> CorrectionAnswer:
    """Return a correction and what became of it."""
    return await _answered(resources, identifier)


def _made(data: CorrectionRequest, author: str) -> Correction:
    return make_correction(data.action, author, data.reason, identifier=data.id, a=data.a, b=data.b, undoes=data.undoes)


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
                await _publish(resources, correction, expected.verdict)
        except TimeoutError:
            raise BrokerError(f"Kafka did not accept the correction within {_SEND_SECONDS:g} s") from None
        await curation.database.run(partial(sent_corrections.note_sent, correction=correction))
    return correction


async def _publish(resources: Resources, correction: Correction, about: Verdict) -> None:
    try:
        await publish_correction(resources.settings, correction, about)
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        raise BrokerError("Kafka closed the connection") from None  # aiokafka cancels what waits for an answer on it


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


async def _answered(resources: Resources, identifier: str) -> CorrectionAnswer:
    """Return a correction by its id. Raises NotFoundError."""
    verdicts = await resources.ask(lambda index: index.corrections.all())
    for verdict, status in zip(verdicts, statuses(verdicts), strict=True):
        if verdict.correction.id == identifier:
            return _answer(verdict.correction, status, verdict)
    sent = await resources.curation.database.run(partial(sent_corrections.known, identifier=identifier))
    if sent is None:
        raise NotFoundError("unknown_correction", f"no correction {identifier!r} is known")
    return _answer(sent, Status("sent"))


def _answer(correction: Correction, status: Status, verdict: Verdict | None = None) -> CorrectionAnswer:
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


router = Router(
    "/corrections", route_handlers=[correct, preview_corrections, corrections, one_correction], tags=["corrections"]
)
