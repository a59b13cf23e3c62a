"""What curators' routes share: rows looked at in the background, and one sender for each id."""

from __future__ import annotations

import asyncio

import pytest

from streams.curation import folding
from streams.query.doubts import look_again
from streams.serve import curation as serve_curation
from streams.serve.curation import Curation
from streams.serve.resources import Resources
from streams.totals.snapshot import ReviewQueue
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


def test_the_count_is_that_of_all_pairs_decided_again(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """Records come, change clusters, and are deleted; a worker knows nothing of the queue."""
    monkeypatch.setattr(serve_curation, "_OLD_SECONDS", (0, 0))
    topics = Topics()
    for number in range(6):
        doi = {"doi": f"10.5555/book.{number}"}
        library.send(f"mine:{number}a", **CHAPTER | doi)
        library.send(f"mine:{number}b", **OTHER | doi)
        topics.review(f"mine:{number}a", f"mine:{number}b")
    topics.review("mine:1", "mine:2")
    pairs = [(f"mine:{number}a", f"mine:{number}b") for number in range(6)] + [("mine:1", "mine:2")]

    def recount(answered: int) -> int:
        found = look_again(library.index, pairs)
        return sum(doubt is not None for doubt in found) - answered

    async def run() -> None:
        async with Resources(library.settings) as resources:
            curation = resources.curation
            assert await curation.count() is None, "not all of the queue was read"
            monkeypatch.setattr(Curation, "is_current", True)
            await curation.database.run(lambda file: folding.fold(file, "", topics.messages))
            assert await curation.count() == ReviewQueue(7, 7, 0)
            for change, answered in (
                (lambda: None, 0),
                (lambda: library.bench.send("mine:0a", None), 0),
                (lambda: library.bench.correct("k1", "same", "mine:1a", "mine:1b"), 0),
                (lambda: library.bench.correct("k2", "different", "mine:2a", "mine:2b"), 0),
                (lambda: topics.correct("k3", "different", a="mine:3a", b="mine:3b"), 1),
            ):
                change()
                await curation.database.run(lambda file: folding.fold(file, "", topics.messages[7:]))
                await asyncio.sleep(0.002)
                await curation.look_at_due()
                found = await curation.count()
                assert found is not None
                assert (found.open, found.unlooked) == (recount(answered), 0)
            assert found == ReviewQueue(2, 0, found.looked_since if found else 0)

    asyncio.run(run())


def test_two_requests_with_one_id_come_one_after_the_other(library: Library) -> None:
    async def run() -> None:
        async with Resources(library.settings) as resources:
            curation = resources.curation
            one, other = curation.sending("k1"), curation.sending("k1")
            assert one is other
            assert curation.sending("k2") is not one
            assert not curation.is_current

    asyncio.run(run())
