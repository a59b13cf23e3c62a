"""`/dead-letters`: messages that could not be read, by source and reason; opened, sent again, dropped.

| address                               | what it does                                                          |
|---------------------------------------|-----------------------------------------------------------------------|
| GET `/dead-letters`                   | the counts, and the newest letters of a source and a reason           |
| GET `/dead-letters/{origin}`          | a message with its payload, its faults marked: scope `operate`        |
| POST `/dead-letters/all`              | asks before all letters of a source and a reason are sent or dropped  |
| POST `/dead-letters/retry`, `…/drop`  | sends again, or drops; leads to the outcome of each message           |
| GET `/dead-letters/outcomes/{id}`     | the outcomes                                                          |
"""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Literal

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import PathParameter, QueryParameter, URLEncodedBody

from streams.curation import dead_letter_book
from streams.curation.dead_letter_book import LetterPosition, Selection
from streams.errors import NotFoundError
from streams.serve.access import Caller, requires
from streams.serve.dead_letters import (
    MOST_CHOSEN,
    Choice,
    DeadLetterOutcomes,
    RetryRequest,
    drop_chosen,
    open_letter,
    retry_chosen,
)  # fmt: skip
from streams.serve.page.templates import page, redirect
from streams.serve.page.views.dead_letters import Kind, count_rows, letter_row, letter_view, outcomes_view
from streams.serve.paging import read_cursor, write_cursor
from streams.serve.problems import ProblemError
from streams.serve.resources import Resources
from streams.sources import SOURCES

__all__ = ["router"]

Anything = Request[Any, Any, Any]
_A_PAGE = 50
_MOST_COUNTS = 40

Action = Literal["retry", "drop"]
SourceName = Annotated[str, msgspec.Meta(max_length=200)]
Origin = Annotated[str, msgspec.Meta(max_length=2000)]
ReasonCode = Annotated[str, msgspec.Meta(max_length=100)]


class ChoiceForm(msgspec.Struct, frozen=True, kw_only=True):
    """The letters: by `origin`, or all of a source and a reason. `to` is the source that they are sent to, empty for their own."""

    origin: Annotated[list[Origin], msgspec.Meta(max_length=MOST_CHOSEN)] | Origin = []
    source: SourceName = ""
    reason: ReasonCode = ""
    to: SourceName = ""

    def choice(self) -> dict[str, Any]:
        """Return what the API takes: names, or filters. Raises ProblemError where nothing is chosen."""
        if self.origin:
            # A form with one box marked has a text, not a list.
            return {"origins": [self.origin] if isinstance(self.origin, str) else list(dict.fromkeys(self.origin))}
        if not (self.source or self.reason):
            raise ProblemError(422, "malformed", "nothing is chosen: mark letters, or choose a source or a reason")
        return {"source": self.source, "reason": self.reason}


class AllForm(msgspec.Struct, frozen=True, kw_only=True):
    """All letters of a source and a reason, and what is to be done with them."""

    action: Action
    source: SourceName = ""
    reason: ReasonCode = ""


class Done(msgspec.Struct, frozen=True):
    """What one form did, and where it was sent from."""

    action: Action
    outcomes: DeadLetterOutcomes
    kind: tuple[str, str]


@get("/dead-letters", operation_id="pageDeadLetters")
async def dead_letters(
    request: Anything,
    resources: NamedDependency[Resources],
    caller: NamedDependency[Caller],
    source: Annotated[str, QueryParameter(max_length=200)] = "",
    reason: Annotated[str, QueryParameter(max_length=100)] = "",
    cursor: Annotated[str, QueryParameter(max_length=4000)] = "",
) -> Response[str]:
    """Show the counts of all letters, and the newest of those that are asked for."""
    kind, selection, book = Kind(source, reason), Selection(source, reason), resources.curation.database
    name = f"dead-letters page {source} {reason}"
    after = read_cursor(name, cursor or None, LetterPosition)
    found = await book.run(partial(dead_letter_book.newest, selection=selection, after=after, most=_A_PAGE + 1))
    counts = await book.run(partial(dead_letter_book.counts, selection=Selection()))
    chosen = [each for each in counts if source in ("", each.source) and reason in ("", each.code)]
    shown = found[:_A_PAGE]
    more = write_cursor(name, LetterPosition(shown[-1].time, *shown[-1].place)) if len(found) > _A_PAGE else ""
    return page(
        request,
        "dead-letters.html",
        kind=kind,
        counts=count_rows(counts[:_MOST_COUNTS]),
        counts_left=max(len(counts) - _MOST_COUNTS, 0),
        sources=sorted({each.source for each in counts} | {source} - {""}),
        reasons=sorted({each.code for each in counts} | {reason} - {""}),
        all=sum(each.letters for each in counts),
        total=sum(each.letters for each in chosen),
        rows=[letter_row(letter) for letter in shown],
        is_first=after is None,
        next=kind.address(cursor=more) if more else "",
        most=MOST_CHOSEN,
        is_current=resources.curation.is_current,
        may_operate=caller.may("operate"),
        address=kind.address(),
    )


@get("/dead-letters/outcomes/{identifier:str}", operation_id="pageDeadLetterOutcomes", sync_to_thread=False)
def outcomes(
    request: Anything,
    resources: NamedDependency[Resources],
    identifier: Annotated[str, PathParameter(description="The id of what was done.")],
) -> Response[str]:
    """Show what became of each message."""
    done = resources.recent.find(identifier, Done)
    if done is None:
        raise NotFoundError("unknown_outcomes", "these outcomes are not kept any more; what was done stays done")
    view = outcomes_view(done.outcomes.items, is_retry=done.action == "retry", is_cut=done.outcomes.more)
    return page(request, "dead-letter-outcomes.html", view=view, back=Kind(*done.kind).address(), most=MOST_CHOSEN)


@get("/dead-letters/{origin:path}", operation_id="pageDeadLetter", guards=[requires("operate")])
async def dead_letter(
    request: Anything,
    resources: NamedDependency[Resources],
    origin: Annotated[str, PathParameter(description="The `origin` or the `id` of a dead letter.")],
) -> Response[str]:
    """Show a message with its payload, and mark where its faults are."""
    content = await open_letter(resources, origin.removeprefix("/"))
    return page(request, "dead-letter.html", view=letter_view(content), sources=SOURCES)


@post("/dead-letters/all", operation_id="pageAllDeadLetters", guards=[requires("operate")], status_code=200)
async def all_letters(
    request: Anything, resources: NamedDependency[Resources], data: URLEncodedBody[AllForm]
) -> Response[str]:
    """Show what would be sent again or dropped, and ask."""
    kind, book = Kind(data.source, data.reason), resources.curation.database
    selection = Selection(data.source, data.reason)
    letters = await book.run(partial(dead_letter_book.selected, selection=selection, most=MOST_CHOSEN + 1))
    counts = await book.run(partial(dead_letter_book.counts, selection=selection))
    messages = len({letter.origin for letter in letters})
    return page(
        request,
        "dead-letters-all.html",
        kind=kind,
        action=data.action,
        counts=count_rows(counts),
        messages=min(messages, MOST_CHOSEN),
        is_cut=messages > MOST_CHOSEN,
        letters=sum(each.letters for each in counts),
        most=MOST_CHOSEN,
        sources=SOURCES,
    )


@post("/dead-letters/retry", operation_id="pageRetry", guards=[requires("operate")], status_code=303)
async def retry_letters(resources: NamedDependency[Resources], data: URLEncodedBody[ChoiceForm]) -> Response[Any]:
    """Send the payloads again, and lead to the outcomes."""
    done = await retry_chosen(resources, RetryRequest(**data.choice(), to=data.to))
    return _leads_to_outcomes(resources, Done("retry", done, (data.source, data.reason)))


@post("/dead-letters/drop", operation_id="pageDrop", guards=[requires("operate")], status_code=303)
async def drop_letters(resources: NamedDependency[Resources], data: URLEncodedBody[ChoiceForm]) -> Response[Any]:
    """Drop the letters, and lead to the outcomes."""
    done = await drop_chosen(resources, Choice(**data.choice()))
    return _leads_to_outcomes(resources, Done("drop", done, (data.source, data.reason)))


@get(
    ["/dead-letters/retry", "/dead-letters/drop", "/dead-letters/all"],
    operation_id="pageDeadLettersAgain",
    sync_to_thread=False,
)
def lead_back() -> Response[Any]:
    """Lead to the list: a person who had to sign in first comes back to the address of a form."""
    return redirect("/dead-letters")


def _leads_to_outcomes(resources: Resources, done: Done) -> Response[Any]:
    return redirect(f"/dead-letters/outcomes/{resources.recent.keep(done)}")


router = Router(
    "/", route_handlers=[dead_letters, outcomes, all_letters, retry_letters, drop_letters, lead_back, dead_letter]
)
