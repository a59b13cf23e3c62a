"""`/review`: doubtful pairs, one at a time, decided by keyboard or by buttons.

| address                       | what it does                                                                             |
|-------------------------------|------------------------------------------------------------------------------------------|
| GET `/review`                 | the first pair of a part of the queue that no other person looks at, or the one of `pair` |
| POST `/review/{pair}/decide`  | sends the decision; leads to the next pair, with what was settled                        |
| POST `/review/{pair}/skip`    | ends the claim; leads to the next pair                                                   |
| POST `/review/undo`           | undoes a decision; leads back to its pair                                                |
| POST `/review/blind`          | hides or shows scores, remembered in a cookie                                            |

Forms are answered with a redirect, so that a page can be loaded again. Showing a pair to a person who may decide claims it: other
people get other pairs for five minutes, and may decide it all the same. Several at once: `review_bulk.py`.
"""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, NamedTuple

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.params import PathParameter, QueryParameter, URLEncodedBody

from streams.curation import claims, review_queue
from streams.curation.review_queue import Order, Position
from streams.errors import NotFoundError
from streams.matching.decision import Explanation
from streams.query.explain import Inspection
from streams.query.index_reader import IndexReader
from streams.query.titles import titles_of
from streams.records.record import Record
from streams.records.stored import id_of
from streams.serve.access import Caller, requires
from streams.serve.deciding import Decided, Deciding, decide, decisions_of, undo
from streams.serve.page.templates import page, redirect
from streams.serve.page.views.review import ORDERS, Part, done_view, item_view, mine_rows, queue_view
from streams.serve.paging import read_cursor, write_cursor
from streams.serve.problems import ProblemError
from streams.serve.resources import Resources
from streams.serve.review import OfReason, OfSource, OpenPair, claim_pair, open_pair, open_pairs

__all__ = ["PartForm", "part_of", "router"]

Anything = Request[Any, Any, Any]
BLIND = "streams_blind"
_BLIND_SECONDS = 365 * 24 * 3600
_MOST_COUNTED = 5_000
_MOST_TRIED = 20
"""Pairs tried in turn where other people claim them at the same moment."""
_MINE = 6

Score = Annotated[float, msgspec.Meta(ge=0, le=1)]
PairId = Annotated[str, PathParameter(description="The `id` of a pair.")]


class PartForm(msgspec.Struct, frozen=True, kw_only=True):
    """What every form here has: the part of the queue to continue with."""

    order: Order = "worth"
    source: Annotated[str, msgspec.Meta(max_length=200)] = ""
    reason: Annotated[str, msgspec.Meta(max_length=100)] = ""
    low: Score = 0.0
    high: Score = 1.0
    after: Annotated[str, msgspec.Meta(max_length=4000)] = ""


class DecideForm(PartForm, frozen=True, kw_only=True):
    """The decision on a pair, with a note of the person."""

    action: Deciding
    note: Annotated[str, msgspec.Meta(max_length=2000)] = ""
    again: bool = False
    """Sent although the pair was settled meanwhile."""


class SkipForm(PartForm, frozen=True, kw_only=True):
    """`next` is the place after the pair."""

    next: Annotated[str, msgspec.Meta(max_length=4000)] = ""


class UndoForm(PartForm, frozen=True, kw_only=True):
    """The decision that is undone."""

    undoes: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9._-]{1,64}$")]


class BlindForm(PartForm, frozen=True, kw_only=True):
    """Whether scores are hidden, and the pair that is shown."""

    blind: bool = False
    pair: Annotated[str, msgspec.Meta(max_length=64)] = ""


class _Shown(NamedTuple):
    """A pair with what is shown of it."""

    pair: OpenPair
    a: Record
    b: Record
    explanation: Explanation


def part_of(form: PartForm) -> Part:
    """Return the part of the queue that a form names."""
    return Part(form.order, form.source, form.reason, form.low, form.high, form.after)


@get("/review", operation_id="pageReview")
async def review(
    request: Anything,
    resources: NamedDependency[Resources],
    caller: NamedDependency[Caller],
    order: Annotated[Order, QueryParameter()] = "worth",
    source: OfSource = "",
    reason: OfReason = "",
    low: Annotated[float, QueryParameter(ge=0, le=1)] = 0.0,
    high: Annotated[float, QueryParameter(ge=0, le=1)] = 1.0,
    after: Annotated[str, QueryParameter(max_length=4000)] = "",
    pair: Annotated[str, QueryParameter(max_length=64)] = "",
    done: Annotated[str, QueryParameter(max_length=64)] = "",
) -> Response[str]:
    """Show a pair, and claim it for a person who may decide."""
    part = Part(order, source, reason, low, high, after)
    shown = await _shown(resources, caller, part, caller.author, pair)
    return await _page(request, resources, caller, part, shown, pair=pair, done=resources.recent.find(done, Decided))


@post("/review/{pair:str}/decide", operation_id="pageDecide", guards=[requires("curate")], status_code=303)
async def decide_pair(
    request: Anything,
    resources: NamedDependency[Resources],
    caller: NamedDependency[Caller],
    pair: PairId,
    data: URLEncodedBody[DecideForm],
) -> Response[Any]:
    """Send the decision before the next pair is shown. One that was settled meanwhile is not decided without asking."""
    part = part_of(data)
    try:
        found = await open_pair(resources.curation, pair)
    except NotFoundError:
        return await _page(request, resources, caller, part, None, pair=pair, status_code=409, refused=data)
    try:
        decided = await decide(resources, found, data.action, caller.author, data.note.strip())
    except ProblemError as error:
        if error.problem.status != 409:
            raise
        shown = await _load(resources, found)
        return await _page(
            request, resources, caller, part, shown, pair=pair, status_code=409, refused=data, problem=error.problem
        )
    return redirect(part.address(done=resources.recent.keep(decided)))


@post("/review/{pair:str}/skip", operation_id="pageSkip", guards=[requires("curate")], status_code=303)
async def skip_pair(
    resources: NamedDependency[Resources],
    caller: NamedDependency[Caller],
    pair: PairId,
    data: URLEncodedBody[SkipForm],
) -> Response[Any]:
    """End the claim on a pair, and lead to the next one."""
    person = caller.author
    await resources.curation.database.run(partial(claims.release, identifier=pair, person=person))
    return redirect(part_of(data)._replace(after=data.next).address())


@post("/review/undo", operation_id="pageUndo", guards=[requires("curate")], status_code=303)
async def undo_decision(
    resources: NamedDependency[Resources],
    caller: NamedDependency[Caller],
    data: URLEncodedBody[UndoForm],
) -> Response[Any]:
    """Undo a decision, and lead back to its pair."""
    undone = await undo(resources, data.undoes, caller.author)
    return redirect(part_of(data).address(pair=undone.pair, done=resources.recent.keep(undone)))


@post("/review/blind", operation_id="pageBlind", guards=[requires("read")], status_code=303, sync_to_thread=False)
def hide_scores(data: URLEncodedBody[BlindForm]) -> Response[Any]:
    """Hide scores until a pair is decided, or show them; remembered in the browser."""
    answer = redirect(part_of(data).address(pair=data.pair))
    seconds = _BLIND_SECONDS if data.blind else 0
    answer.set_cookie(Cookie(BLIND, value="1", max_age=seconds, path="/review", httponly=True, samesite="strict"))
    return answer


@get(["/review/{pair:str}/decide", "/review/{pair:str}/skip"], operation_id="pageDecideAgain", sync_to_thread=False)
def decide_again(pair: PairId) -> Response[Any]:
    """Lead to the pair: a person who had to sign in first comes back to the address of the form."""
    return redirect(Part().address(pair=pair))


async def _shown(resources: Resources, caller: Caller, part: Part, person: str, wanted: str) -> _Shown | None:
    """Return the pair to show, claimed where the caller may decide; None at the end, or where it was settled."""
    curation = resources.curation
    if wanted:
        try:
            found = await (
                claim_pair(curation, wanted, person) if caller.may("curate") else open_pair(curation, wanted)
            )
        except NotFoundError:
            return None
        place = await curation.database.run(partial(review_queue.place, identifier=wanted, order=part.order))
        return await _load(resources, found._replace(place=place))
    after = read_cursor(_cursor_of(part), part.after or None, Position)
    others: OpenPair | None = None
    for _ in range(_MOST_TRIED):
        pairs, _more = await open_pairs(curation, part.order, part.filters, after=after, most=1, person=person)
        if not pairs:
            break
        found, after = pairs[0], pairs[0].place
        if not caller.may("curate"):
            return await _load(resources, found)
        try:
            found = (await claim_pair(curation, found.asked.id, person))._replace(place=after)
        except NotFoundError:  # settled at this moment
            continue
        if found.claim.claimant == person:
            return await _load(resources, found)
        others = others or found
    return await _load(resources, others) if others else None


async def _load(resources: Resources, pair: OpenPair) -> _Shown:
    def question(index: IndexReader) -> _Shown:
        keys = [id_of(pair.asked.a), id_of(pair.asked.b)]
        reader = index.reader()
        reader.load_records(keys)
        a, b = (
            reader.record(key) or Record(source=name.partition(":")[0], source_id=name.partition(":")[2])
            for key, name in zip(keys, (pair.asked.a, pair.asked.b), strict=True)
        )
        explanation = Inspection(index.settings, index.connection).compare(pair.asked.a, pair.asked.b).explanation
        return _Shown(pair, a, b, explanation)

    return await resources.ask(question)


async def _page(
    request: Anything,
    resources: Resources,
    caller: Caller,
    part: Part,
    shown: _Shown | None,
    *,
    pair: str = "",
    done: Decided | None = None,
    status_code: int = 200,
    refused: DecideForm | None = None,
    problem: Any = None,
) -> Response[str]:
    person = caller.author
    facets = await resources.curation.database.run(
        partial(review_queue.facets, filters=part.filters, most=_MOST_COUNTED)
    )
    mine = await decisions_of(resources, person, _MINE) if caller.may("curate") else []
    named = {record for each in (*mine, done) if each for record in (each.a, each.b) if record}
    titles = await resources.ask(lambda index: titles_of(index, sorted(named))) if named else {}
    meanwhile = None
    if pair and shown is None:
        meanwhile = await resources.curation.database.run(partial(review_queue.asked, identifier=pair))
        status_code = 404 if status_code == 200 else status_code
    place = shown.pair.place if shown else None
    return page(
        request,
        "review.html",
        status_code=status_code,
        part=part,
        orders=ORDERS,
        item=item_view(shown.pair, shown.a, shown.b, shown.explanation, person) if shown else None,
        queue=queue_view(facets, is_current=resources.curation.is_current),
        done=done_view(done, titles) if done else None,
        mine=mine_rows(mine, titles),
        next=write_cursor(_cursor_of(part), place) if place else "",
        is_blind=request.cookies.get(BLIND) == "1",
        may_decide=caller.may("curate"),
        wanted=pair,
        meanwhile=meanwhile,
        refused=refused,
        problem=problem,
    )


def _cursor_of(part: Part) -> str:
    return f"review {part.order}"


router = Router("/", route_handlers=[review, decide_pair, skip_pair, undo_decision, hide_scores, decide_again])
