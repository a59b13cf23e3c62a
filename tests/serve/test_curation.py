"""What curators' routes share: rows looked at in the background, and one sender for each id."""

from __future__ import annotations

import asyncio

import pytest

from streams.curation import folding
from streams.serve.curation import Curation
from streams.serve.resources import Resources
from tests.curation.messages import Topics
from tests.query.conftest import Library
from tests.serve.desk import CHAPTER, OTHER


@pytest.fixture
def topics(library: Library) -> Topics:
    """Two questions, one of which is open."""
    library.send("mine:8", **CHAPTER)
    library.send("mine:9", **OTHER)
    topics = Topics()
    topics.review("mine:8", "mine:9")
    topics.review("mine:1", "mine:2")
    return topics


def test_pairs_are_looked_at_before_anyone_asks(library: Library, topics: Topics) -> None:
    async def look(curation: Curation) -> list[tuple[str, int, int]]:
        await curation.database.run(lambda file: folding.fold(file, "", topics.messages))
        assert await curation.look_at_due() == 2
        assert await curation.look_at_due() == 0, "not again so soon"
        return await curation.database.run(
            lambda file: file.execute("SELECT a, settled, by_effect FROM doubt ORDER BY a").fetchall()
        )

    async def run() -> list[tuple[str, int, int]]:
        async with Resources(library.settings) as resources:
            return await look(resources.curation)

    assert asyncio.run(run()) == [("mine:1", 1, 0), ("mine:8", 0, -2)]


def test_two_requests_with_one_id_come_one_after_the_other(library: Library) -> None:
    async def run() -> None:
        async with Resources(library.settings) as resources:
            curation = resources.curation
            one, other = curation.sending("k1"), curation.sending("k1")
            assert one is other
            assert curation.sending("k2") is not one
            assert not curation.is_current

    asyncio.run(run())
