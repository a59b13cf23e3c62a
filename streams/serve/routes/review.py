"""`/review`: the doubtful pairs that people are asked about, and who looks at which.

A pair is decided again when it is shown, so what was settled meanwhile is left out. Answer with `POST /corrections`.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import PathParameter, QueryParameter

from streams.curation.claims import Claim
from streams.curation.review_queue import Filters, Order, Position
from streams.query.doubts import Side
from streams.serve.access import TOKEN_NEEDED, Caller, requires
from streams.serve.curation import now_ms
from streams.serve.lines import ListResponse
from streams.serve.paging import CursorParameter, LimitParameter, next_link, read_cursor, write_cursor
from streams.serve.problems import ProblemError, answers
from streams.serve.resources import Resources
from streams.serve.review import OfReason, OfSource, OpenPair, claim_pair, open_pairs

__all__ = ["ReviewItem", "ReviewPage", "router"]

Anything = Request[object, object, State]


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
    caller: NamedDependency[Caller],
    source: OfSource = "",
    reason: OfReason = "",
    order: Annotated[
        Order,
        QueryParameter(
            description="`worth`: the largest clusters first, and of equal ones the most doubtful pair; "
            "`doubt`: the score nearest to a half first; `new`: asked last first; `effect`: the largest clusters first."
        ),
    ] = "worth",
    limit: LimitParameter = 30,
    cursor: CursorParameter = None,
) -> Response[ReviewPage]:
    """Return open pairs in an order; those that other people have claimed come last."""
    name = f"review {order} {source} {reason}"
    after = read_cursor(name, cursor, Position)
    curation = resources.curation
    found, after = await open_pairs(
        curation, order, Filters(source, reason), after=after, most=limit, person=caller.author
    )
    more = write_cursor(name, after) if after else None
    return ListResponse(
        ReviewPage(tuple(map(_item, found)), more, curation.is_current), headers=next_link(request, more)
    )


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
    resources: NamedDependency[Resources],
    caller: NamedDependency[Caller],
    pair: Annotated[str, PathParameter(description="The `id` of a pair.")],
) -> ReviewItem:
    """Claim a pair, so that it comes last for other people; again, to keep it. 409 where another person has claimed it.

    A claim is for order alone: a correction on the pair is accepted from any author.
    """
    person = caller.author
    made = await claim_pair(resources.curation, pair, person)
    if made.claim.claimant != person:
        raise ProblemError(
            409, "claimed", f"{made.claim.claimant} is looking at the pair for {_left(made.claim)} s more"
        )
    return _item(made)


def _item(pair: OpenPair) -> ReviewItem:
    asked, doubt, claim = pair.asked, pair.doubt, pair.claim
    return ReviewItem(
        id=asked.id,
        a=_side(doubt.a),
        b=_side(doubt.b),
        score=round(doubt.decision.score, 6),
        reasons=doubt.decision.reasons,
        effect=doubt.effect,
        asked=asked.asked,
        claimed_by=claim.claimant,
        claimed_until=claim.until,
    )


def _side(side: Side) -> ReviewSide:
    return ReviewSide(side.record, side.title, side.cluster_id, side.size)


def _left(claim: Claim) -> int:
    return max(claim.until - now_ms(), 0) // 1000


router = Router("/review", route_handlers=[review, claim], tags=["review"])
