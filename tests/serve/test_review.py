"""The queue as pages and the API read it: open pairs with their claims."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

from streams.curation import folding
from streams.curation.review_queue import Filters, pair_id
from streams.errors import NotFoundError
from streams.serve.curation import Curation
from streams.serve.resources import Resources
from streams.serve.review import claim_pair, open_pair, open_pairs
from tests.curation.messages import Topics
from tests.query.conftest import Library
from tests.serve.desk import CHAPTER, OTHER

T = TypeVar("T")
OPEN = pair_id("mine:8", "mine:9")


def within(library: Library, use: Callable[[Curation], Awaitable[T]]) -> T:
    """Use the queue with one open question and one settled one."""
    library.send("mine:8", **CHAPTER)
    library.send("mine:9", **OTHER)
    topics = Topics()
    topics.review("mine:8", "mine:9")
    topics.review("mine:1", "mine:2")

    async def run() -> T:
        async with Resources(library.settings) as resources:
            await resources.curation.database.run(lambda file: folding.fold(file, "", topics.messages))
            return await use(resources.curation)

    return asyncio.run(run())


def test_open_pairs_come_with_their_claims_and_places(library: Library) -> None:
    async def use(curation: Curation) -> None:
        found, more = await open_pairs(curation, "doubt", Filters(), after=None, most=5, person="ada")
        assert [(pair.asked.id, pair.claim.claimant) for pair in found] == [(OPEN, "")]
        assert more is None
        assert (await open_pairs(curation, "doubt", Filters(), after=found[0].place, most=5, person="ada"))[0] == []
        assert (await claim_pair(curation, OPEN, "bob")).claim.claimant == "bob"
        assert (await claim_pair(curation, OPEN, "ada")).claim.claimant == "bob"
        assert (await open_pair(curation, OPEN)).claim.claimant == "bob"

    within(library, use)


def test_a_settled_pair_is_none(library: Library) -> None:
    async def use(curation: Curation) -> None:
        for settled in (pair_id("mine:1", "mine:2"), "nothing"):
            with pytest.raises(NotFoundError, match="settled"):
                await claim_pair(curation, settled, "ada")

    within(library, use)
