"""`/corrections`: say that two records are one paper or two, undo it, see what became of it, and what would.

A correction is sent to `dedup.corrections`, a worker decides, and an answer within two seconds has the verdict. The client's own
`id` makes a request repeatable: the same again finds the same correction.
"""

from __future__ import annotations

from functools import partial
from typing import Annotated

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.params import JSONBody, PathParameter, QueryParameter

from streams.clusters.corrections import Correction
from streams.curation import sent_corrections
from streams.curation.corrections import Status, corrections_of_sets, make_correction, statuses
from streams.query.answers import PreviewAnswer
from streams.query.preview import preview
from streams.serve.access import TOKEN_NEEDED, Caller, requires
from streams.serve.corrections import (
    Action,
    CorrectionAnswer,
    StatusName,
    answer_of,
    correction_answer,
    send_correction,
)
from streams.serve.lines import ListResponse
from streams.serve.paging import CursorParameter, LimitParameter, next_link, read_cursor, write_cursor
from streams.serve.problems import ProblemError, answers
from streams.serve.resources import Resources

__all__ = ["CorrectionPage", "CorrectionRequest", "PreviewRequest", "router"]

MOST_PREVIEWED = 100
_MOST_SENT, _ALL = 1_000, sent_corrections.UNREAD + 1

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
    request: Anything,
    resources: NamedDependency[Resources],
    caller: NamedDependency[Caller],
    data: JSONBody[CorrectionRequest],
) -> Response[CorrectionAnswer]:
    """Send a correction and wait up to two seconds for the verdict and for the clusters to follow it.

    It outranks every decision and stays when the records change. Refused with 409 where it contradicts corrections in force, which
    `conflicts` names: undo them first. The author is the authenticated user.
    """
    made = await send_correction(resources, _made(data, caller.author))
    if made.status == "sent":
        location = f"{request.url.path.rstrip('/')}/{made.id}"
        return Response(made, status_code=202, headers={"Location": location})
    return Response(made)


@post(
    "/preview",
    guards=[requires("read")],
    operation_id="previewCorrections",
    summary="The clusters that would result from corrections",
    status_code=200,
    responses=answers(413, 422),
)
async def preview_corrections(
    resources: NamedDependency[Resources],
    caller: NamedDependency[Caller],
    data: JSONBody[PreviewRequest],
) -> CorrectionPreview:
    """Return the clusters that would result, and what the corrections contradict. Nothing is sent.

    Give `corrections`, decided in their order, or `sets`: n records in k sets take n - k `same` and k(k - 1)/2 `different`.
    """
    if bool(data.corrections) == bool(data.sets):
        raise ProblemError(422, "malformed", "give either corrections or sets, not empty")
    author = caller.author
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
    found = [(_Place(at, each.id, _ALL), answer_of(each, Status("sent"))) for at, each in sent if each.id not in known]
    found += [
        (_Place(-1, "", verdict.serial), answer_of(verdict.correction, outcome, verdict))
        for verdict, outcome in zip(reversed(verdicts), reversed(statuses(verdicts)), strict=True)
        if verdict.serial < place.serial
    ]
    chosen = [(at, answer) for at, answer in found if status in (None, answer.status)]
    more = write_cursor("corrections", chosen[limit - 1][0]) if len(chosen) > limit else None
    return ListResponse(
        CorrectionPage(tuple(answer for _, answer in chosen[:limit]), more), headers=next_link(request, more)
    )


@get("/{identifier:str}", operation_id="getCorrection", summary="A correction by its id", responses=answers(404))
async def one_correction(
    resources: NamedDependency[Resources],
    identifier: Annotated[str, PathParameter(description="The id of a correction.")],
) -> CorrectionAnswer:
    """Return a correction and what became of it."""
    return await correction_answer(resources, identifier)


def _made(data: CorrectionRequest, author: str) -> Correction:
    return make_correction(data.action, author, data.reason, identifier=data.id, a=data.a, b=data.b, undoes=data.undoes)


router = Router(
    "/corrections", route_handlers=[correct, preview_corrections, corrections, one_correction], tags=["corrections"]
)
