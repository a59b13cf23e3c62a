"""`/review/bulk`: one decision on several pairs that pass the filters, seen before it is sent.

The preview lists the pairs and what results; what is sent names each of them, so that nothing is decided that was not seen. Every
pair has an outcome of its own, which `/review/outcomes/{id}` lists.
"""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import PathParameter, QueryParameter, URLEncodedBody

from streams.curation import review_queue
from streams.curation.review_queue import Order
from streams.errors import NotFoundError
from streams.serve.access import Caller, requires
from streams.serve.deciding import MOST_AT_ONCE, Decided, Deciding, decide_all, foresee
from streams.serve.page.templates import page, redirect
from streams.serve.page.views.review import ORDERS, FurtherView, Part, bulk_view, further_view, outcome_rows, queue_view
from streams.serve.problems import ProblemError
from streams.serve.resources import Resources
from streams.serve.review import OfReason, OfSource, OpenPair, open_pair, open_pairs

__all__ = ["router"]

Anything = Request[Any, Any, Any]
_MOST_COUNTED = 5_000
_NOTE = "several at once"

PairId = Annotated[str, msgspec.Meta(max_length=64)]


class BulkForm(msgspec.Struct, frozen=True, kw_only=True):
    """The decision, the pairs that were seen and are still chosen, and a note."""

    action: Deciding
    pair: Annotated[list[PairId], msgspec.Meta(max_length=MOST_AT_ONCE)] | PairId = []
    note: Annotated[str, msgspec.Meta(max_length=1900)] = ""


class Outcomes(msgspec.Struct, frozen=True, kw_only=True):
    """What one form did: the decision, its outcome on each pair, and the pairs that were settled before it came.

    `further` are the open pairs that the decisions settled beside their own.
    """

    action: Deciding
    decided: tuple[Decided, ...]
    settled: tuple[str, ...]
    further: FurtherView


@get("/review/bulk", operation_id="pageReviewBulk")
async def bulk(
    request: Anything,
    resources: NamedDependency[Resources],
    caller: NamedDependency[Caller],
    order: Annotated[Order, QueryParameter()] = "worth",
    source: OfSource = "",
    reason: OfReason = "",
    low: Annotated[float, QueryParameter(ge=0, le=1)] = 0.0,
    high: Annotated[float, QueryParameter(ge=0, le=1)] = 1.0,
    action: Annotated[str, QueryParameter(pattern="^(same|different)?$")] = "",
) -> Response[str]:
    """Show the pairs that pass the filters, and what one decision on all of them would do."""
    part = Part(order, source, reason, low, high)
    person = caller.author
    facets = await resources.curation.database.run(
        partial(review_queue.facets, filters=part.filters, most=_MOST_COUNTED)
    )
    view = None
    if action:
        pairs, more = await open_pairs(
            resources.curation, order, part.filters, after=None, most=MOST_AT_ONCE, person=person
        )
        planned = await foresee(resources, pairs, _deciding(action), person)
        view = bulk_view(pairs, action, planned, is_cut=more is not None)
    return page(
        request,
        "review-bulk.html",
        part=part,
        orders=ORDERS,
        queue=queue_view(facets, is_current=resources.curation.is_current),
        action=action,
        view=view,
        most=MOST_AT_ONCE,
        may_decide=caller.may("curate"),
        address=part.address("/review/bulk", action=action),
    )


@post("/review/bulk", operation_id="pageDecideBulk", guards=[requires("curate")], status_code=303)
async def decide_bulk(
    resources: NamedDependency[Resources],
    caller: NamedDependency[Caller],
    data: URLEncodedBody[BulkForm],
) -> Response[Any]:
    """Send one decision on each of the pairs, and lead to the outcomes."""
    if not data.pair:
        raise ProblemError(422, "malformed", "no pair is chosen")
    pairs: list[OpenPair] = []
    settled: list[str] = []
    # A form with one box marked has a text, not a list.
    for identifier in dict.fromkeys([data.pair] if isinstance(data.pair, str) else data.pair):
        try:
            pairs.append(await open_pair(resources.curation, identifier))
        except NotFoundError:
            settled.append(identifier)
    note = f"{data.note.strip()} ({_NOTE})" if data.note.strip() else _NOTE
    together = await decide_all(resources, pairs, data.action, caller.author, note)
    outcomes = Outcomes(
        action=data.action,
        decided=tuple(together.decided),
        settled=tuple(settled),
        further=further_view(together.further, is_done=True),
    )
    return redirect(f"/review/outcomes/{resources.recent.keep(outcomes)}")


@get("/review/outcomes/{identifier:str}", operation_id="pageReviewOutcomes", sync_to_thread=False)
def outcomes(
    request: Anything,
    resources: NamedDependency[Resources],
    caller: NamedDependency[Caller],
    identifier: Annotated[str, PathParameter(description="The id of what was done.")],
) -> Response[str]:
    """Show what became of each decision."""
    found = resources.recent.find(identifier, Outcomes)
    if found is None:
        raise NotFoundError("unknown_outcomes", "these outcomes are not kept any more; the decisions are in force")
    return page(
        request,
        "review-outcomes.html",
        action=found.action,
        rows=outcome_rows(found.decided),
        settled=len(found.settled),
        further=found.further,
        may_decide=caller.may("curate"),
    )


def _deciding(action: str) -> Deciding:
    return "same" if action == "same" else "different"


router = Router("/", route_handlers=[bulk, decide_bulk, outcomes])
