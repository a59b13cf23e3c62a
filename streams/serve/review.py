"""Reads the review queue in an order and claims pairs of it: what the API and the page share.

A pair is decided again whenever it is read, so what was settled meanwhile is left out.
"""

from __future__ import annotations

from functools import partial
from typing import Annotated, NamedTuple

from litestar.params import QueryParameter

from streams.curation import claims, review_queue
from streams.curation.claims import Claim
from streams.curation.review_queue import Asked, Filters, Order, Position
from streams.errors import NotFoundError
from streams.query.doubts import OpenDoubt
from streams.serve.curation import Curation, now_ms

__all__ = ["OfReason", "OfSource", "OpenPair", "claim_pair", "open_pair", "open_pairs"]

OfSource = Annotated[str, QueryParameter(max_length=200, description="Pairs with a record of this source.")]
OfReason = Annotated[str, QueryParameter(pattern=r"^[a-z0-9_]{0,100}$", description="Pairs with this reason code.")]

_MOST_LOOKED = 2_000
"""Pairs that one answer looks at: where nearly all are settled, a page may have fewer items than asked for, and a next one."""
_UNCLAIMED = Claim("", 0)


class OpenPair(NamedTuple):
    """A question that is open, the claim in force on it (empty where there is none), and the place after it in the order."""

    asked: Asked
    doubt: OpenDoubt
    claim: Claim = _UNCLAIMED
    place: Position | None = None


async def open_pairs(
    curation: Curation, order: Order, filters: Filters, *, after: Position | None, most: int, person: str
) -> tuple[list[OpenPair], Position | None]:
    """Return the next open pairs, up to `most`, and the place after them, None at the end of the queue.

    Pairs that people other than `person` have claimed come last.
    """
    now, looked = now_ms(), 0
    found: list[OpenPair] = []
    end = False
    while len(found) < most and looked < _MOST_LOOKED and not end:
        wanted = 2 * most
        rows = await curation.database.run(
            partial(
                review_queue.ordered, order=order, filters=filters, after=after, most=wanted, person=person, now=now
            )
        )
        end = len(rows) < wanted
        doubts = await curation.look([asked for asked, _ in rows]) if rows else []
        looked += len(rows)
        for (asked, place), doubt in zip(rows, doubts, strict=True):
            if len(found) == most:
                end = False
                break
            after = place
            if doubt:
                found.append(OpenPair(asked, doubt, place=place))
    claimed = await curation.database.run(
        partial(claims.claims, identifiers=[pair.asked.id for pair in found], now=now)
    )
    return [pair._replace(claim=claimed.get(pair.asked.id, _UNCLAIMED)) for pair in found], None if end else after


async def open_pair(curation: Curation, identifier: str) -> OpenPair:
    """Return an open pair by its id. Raises NotFoundError where it was never asked about, or was settled."""
    asked = await curation.database.run(partial(review_queue.asked, identifier=identifier))
    (doubt,) = await curation.look([asked]) if asked else (None,)
    if asked is None or doubt is None:
        raise NotFoundError(
            "unknown_pair", f"no pair {identifier!r} is open: it was never asked about, or it was settled"
        )
    claimed = await curation.database.run(partial(claims.claims, identifiers=[identifier], now=now_ms()))
    return OpenPair(asked, doubt, claimed.get(identifier, _UNCLAIMED))


async def claim_pair(curation: Curation, identifier: str, person: str) -> OpenPair:
    """Claim an open pair for a person; return it with the claim in force, which may be another person's. Raises NotFoundError."""
    pair = await open_pair(curation, identifier)
    made = await curation.database.run(partial(claims.claim, identifier=identifier, person=person, now=now_ms()))
    return pair._replace(claim=made)
