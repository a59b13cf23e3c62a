"""`/dead-letters`: messages that could not be read: look, send again after a fix, drop."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import JSONBody, PathParameter, QueryParameter

from streams.curation import dead_letter_book
from streams.curation.dead_letter_book import LetterPosition, Selection
from streams.kafka.dead_letters import DeadLetter
from streams.serve.access import TOKEN_NEEDED, requires
from streams.serve.dead_letters import (
    Choice,
    DeadLetterContent,
    DeadLetterOutcomes,
    RetryRequest,
    drop_chosen,
    open_letter,
    retry_chosen,
)  # fmt: skip
from streams.serve.lines import ListResponse
from streams.serve.paging import CursorParameter, LimitParameter, next_link, read_cursor, write_cursor
from streams.serve.problems import answers
from streams.serve.resources import Resources

__all__ = ["DeadLetterPage", "router"]

Anything = Request[object, object, State]
Source = Annotated[str, QueryParameter(max_length=200, description="Those that came by the topic of this source.")]
Reason = Annotated[str, QueryParameter(max_length=100, description="Those with this reason code, as in `not_json`.")]


class ReasonCount(msgspec.Struct, frozen=True):
    """How many dead letters a source has for a reason."""

    source: str
    code: str
    letters: int


class DeadLetterPage(msgspec.Struct, frozen=True):
    """Current dead letters, the newest first, and all that were asked for counted by source and reason.

    `current` is false while not all of `dedup.dead-letter` was read, as after a start: some are missing then.
    """

    items: tuple[DeadLetter, ...]
    next: str | None
    counts: tuple[ReasonCount, ...]
    current: bool


@get("", operation_id="listDeadLetters", summary="Messages that could not be read", responses=answers(422))
async def dead_letters(
    request: Anything,
    resources: NamedDependency[Resources],
    source: Source = "",
    reason: Reason = "",
    limit: LimitParameter = 50,
    cursor: CursorParameter = None,
) -> Response[DeadLetterPage]:
    """Return current dead letters, the newest first, without their payloads."""
    name, chosen = f"dead-letters {source} {reason}", Selection(source, reason)
    after = read_cursor(name, cursor, LetterPosition)
    book = resources.curation.database
    found = await book.run(partial(dead_letter_book.newest, selection=chosen, after=after, most=limit + 1))
    counts = await book.run(partial(dead_letter_book.counts, selection=chosen))
    shown = found[:limit]
    more = write_cursor(name, LetterPosition(shown[-1].time, *shown[-1].place)) if len(found) > limit else None
    page = DeadLetterPage(
        tuple(letter.shown for letter in shown),
        more,
        tuple(ReasonCount(*count) for count in counts),
        resources.curation.is_current,
    )
    return ListResponse(page, headers=next_link(request, more))


@get(
    "/{origin:path}",
    operation_id="getDeadLetter",
    summary="A message that could not be read, with its payload",
    guards=[requires("operate")],
    security=TOKEN_NEEDED,
    responses=answers(404),
)
async def dead_letter(
    resources: NamedDependency[Resources],
    origin: Annotated[str, PathParameter(description="The `origin` or the `id` of a dead letter, `#` as `%23`.")],
) -> DeadLetterContent:
    """Return a message that could not be read: what is wrong, where in it, and its payload."""
    return await open_letter(resources, origin.removeprefix("/"))


@post(
    "/retry",
    operation_id="retryDeadLetters",
    summary="Send messages again that could not be read",
    status_code=200,
    guards=[requires("operate")],
    security=TOKEN_NEEDED,
    responses=answers(413, 422),
)
async def retry_letters(resources: NamedDependency[Resources], data: JSONBody[RetryRequest]) -> DeadLetterOutcomes:
    """Send the original payloads to the topic of their source again, and delete the dead letters; one outcome for each message.

    A payload that still cannot be read becomes a new dead letter. It keeps its first time: it replaces no newer version of its
    record.
    """
    return await retry_chosen(resources, data)


@post(
    "/drop",
    operation_id="dropDeadLetters",
    summary="Delete dead letters",
    status_code=200,
    guards=[requires("operate")],
    security=TOKEN_NEEDED,
    responses=answers(413, 422),
)
async def drop_letters(resources: NamedDependency[Resources], data: JSONBody[Choice]) -> DeadLetterOutcomes:
    """Delete dead letters permanently without sending anything; one outcome for each message."""
    return await drop_chosen(resources, data)


router = Router(
    "/dead-letters", route_handlers=[dead_letters, retry_letters, drop_letters, dead_letter], tags=["dead letters"]
)
