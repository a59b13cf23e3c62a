"""`/review`: the doubtful pairs that people are asked about, and who looks at which.

A pair is decided again when it is shown, so what was settled meanwhile is left out. Answer with `POST /corrections`.
"""

from __future__ import annotations

from functools import partial
from typing import Annotated

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import PathParameter, QueryParameter

from streams.curation import review_queue
from streams.curation.review_queue import Asked, Claim, Filters, Order, Position
from streams.errors import NotFoundError
from streams.query.doubts import OpenDoubt, Side
from streams.serve.access import TOKEN_NEEDED, requires
from streams.serve.author import author_of
from streams.serve.curation import Curation, now_ms
from streams.serve.paging import CursorParameter, LimitParameter, next_link, read_cursor, write_cursor
from streams.serve.problems import ProblemError, answers
from streams.serve.resources import Resources

__all__ = ["ReviewItem", "ReviewPage", "router"]

Anything = Request[object, object, State]

_MOST_LOOKED = 2_000
"""Pairs that one answer looks at: where nearly all are settled, a page may have fewer items than asked for, and a next one."""


class ReviewSide(msgspec.Struct, frozen=True):
    """A record of a pair, and the cluster that it is in with `size` records."""

    record: str
    title: str
    cluster_id: str
    size: int


class ReviewItem(msgspec.Struct, frozen=True, kw_only=True):
    """A pair that a person is asked about, with the decision on it as it is now.

    `effect` is the number of records in the two clusters. `asked` is when the question was published, `claimed_until` how long
    `claimed_by` is looking at it; Unix times in ms, 0 where the pair is not claimed.
    """

    id: str
    a: ReviewSide
    b: ReviewSide
    score: float
    reasons: tuple[str, ...]
    effect: int
    asked: int
    claimed_by: str = ""
    claimed_until: int = 0


class ReviewPage(msgspec.Struct, frozen=True):
    """Open pairs. `current` is false while not all of `dedup.review` was read, as after a start: pairs are missing then."""

    items: tuple[ReviewItem, ...]
    next: str | None
    current: bool


@get("", operation_id="listReview", summary="Doubtful pairs that people are asked about", responses=answers(422))
async def review(
    request: Anything,
    resources: NamedDependency[Resources],
    source: Annotated[str, QueryParameter(max_length=200, description="Pairs with a record of this source.")] = "",
    reason: Annotated[
        str, QueryParameter(pattern=r"^[a-z0-9_]{0,100}$", description="Pairs with this reason code.")
    ] = "",
    order: Annotated[
        Order,
        QueryParameter(
            description="`doubt`: the score nearest to a half first; `new`: asked last first; `effect`: the largest clusters first."
        ),
    ] = "doubt",
    limit: LimitParameter = 30,
    cursor: CursorParameter = None,
) -> Response[ReviewPage]:
    """Return open pairs in an order; those that other people have claimed come last."""
    name = f"review {order} {source} {reason}"
    after = read_cursor(name, cursor, Position)
    curation = resources.curation
    items, after = await _open(curation, order, Filters(source, reason), after, limit, author_of(request))
    more = write_cursor(name, after) if after else None
    return Response(ReviewPage(tuple(items), more, curation.is_current), headers=next_link(request, more))


@post(
    "/{pair:str}/claim",
    operation_id="claimPair",
    summary="Claim a pair for five minutes",
    status_code=200,
    guards=[requires("curate")],
    security=TOKEN_NEEDED,
    responses=answers(404, 409),
)
async def claim(
    request: Anything,
    resources: NamedDependency[Resources],
    pair: Annotated[str, PathParameter(description="The `id` of a pair.")],
) -> ReviewItem:
    """Claim a pair, so that it comes last for other people; again, to keep it. 409 where another person has claimed it.

    A claim is for order alone: a correction on the pair is accepted from any author.
    """
    curation = resources.curation
    asked = await curation.database.run(partial(review_queue.asked, identifier=pair))
    (doubt,) = await curation.look([asked]) if asked else (None,)
    if asked is None or doubt is None:
        raise NotFoundError("unknown_pair", f"no pair {pair!r} is open: it was never asked about, or it was settled")
    person = author_of(request)
    made = await curation.database.run(partial(review_queue.claim, identifier=pair, person=person, now=now_ms()))
    if made.claimant != person:
        raise ProblemError(409, "claimed", f"{made.claimant} is looking at the pair for {_left(made)} s more")
    return _item(asked, doubt, made)


async def _open(
    curation: Curation, order: Order, filters: Filters, after: Position | None, limit: int, person: str
) -> tuple[list[ReviewItem], Position | None]:
    """Return the next open pairs, up to `limit`, and the place after them, None at the end of the queue."""
    now, looked = now_ms(), 0
    found: list[tuple[Asked, OpenDoubt]] = []
    end = False
    while len(found) < limit and looked < _MOST_LOOKED and not end:
        most = 2 * limit
        rows = await curation.database.run(
            partial(review_queue.ordered, order=order, filters=filters, after=after, most=most, person=person, now=now)
        )
        end = len(rows) < most
        doubts = await curation.look([asked for asked, _ in rows]) if rows else []
        looked += len(rows)
        for (asked, place), doubt in zip(rows, doubts, strict=True):
            if len(found) == limit:
                end = False
                break
            after = place
            if doubt:
                found.append((asked, doubt))
    claims = await curation.database.run(
        partial(review_queue.claims, identifiers=[asked.id for asked, _ in found], now=now)
    )
    return [_item(asked, doubt, claims.get(asked.id)) for asked, doubt in found], None if end else after


def _item(asked: Asked, doubt: OpenDoubt, claim: Claim | None) -> ReviewItem:
    return ReviewItem(
        id=asked.id,
        a=_side(doubt.a),
        b=_side(doubt.b),
        score=round(doubt.decision.score, 6),
        reasons=doubt.decision.reasons,
        effect=doubt.effect,
        asked=asked.asked,
        claimed_by=claim.claimant if claim else "",
        claimed_until=claim.until if claim else 0,
    )


def _side(side: Side) -> ReviewSide:
    return ReviewSide(side.record, side.title, side.cluster_id, side.size)


def _left(claim: Claim) -> int:
    return max(claim.until - now_ms(), 0) // 1000


router = Router("/review", route_handlers=[review, claim], tags=["review"])
