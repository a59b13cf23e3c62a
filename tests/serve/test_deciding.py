"""Decisions on doubtful pairs: what they settle, many at once, and the last ones of a person."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

from streams.curation.review_queue import Filters
from streams.serve.deciding import Deciding, InCluster, decide, decide_all, decisions_of, foresee, undo
from streams.serve.resources import Resources
from streams.serve.review import OpenPair, open_pairs
from tests.serve.desk import CHAPTER, OTHER, Desk

T = TypeVar("T")
DOI = {"doi": "10.5555/book.1"}


def within(desk: Desk, pairs: int, use: Callable[[Resources, list[OpenPair]], Awaitable[T]]) -> T:
    """Use a service of its own with the open pairs, with the worker that decides."""

    async def run() -> T:
        async with Resources(desk.settings) as resources:
            async with asyncio.timeout(60):
                while True:
                    found, _ = await open_pairs(
                        resources.curation, "doubt", Filters(), after=None, most=50, person="ada"
                    )
                    if len(found) == pairs:
                        break
                    await asyncio.sleep(0.1)
                return await use(resources, found)

    with desk.deciding():
        return asyncio.run(run())


def test_a_decision_settles_other_questions_about_its_clusters(desk: Desk) -> None:
    for number, paper in enumerate((CHAPTER, OTHER, {"title": "Rivers, deltas and floods", "year": 1987})):
        desk.send(f"mine:{number}", paper | DOI)
    desk.wait_for_pairs(3)

    async def use(resources: Resources, pairs: list[OpenPair]) -> None:
        first, second, _ = pairs
        made = await decide(resources, first, "same", "ada", "one book")
        assert made.correction is not None
        assert (made.correction.status, made.correction.author, made.correction.reason) == ("active", "ada", "one book")
        assert [each.size for each in made.settled.before] == [1, 1]
        assert [each.size for each in made.settled.after] == [2]
        assert (made.settled.pairs, made.settled.is_all) == (0, True)
        again = await decide(resources, second, "same", "ada")
        assert sorted(each.size for each in again.settled.before) == [1, 2]
        assert [each.size for each in again.settled.after] == [3]
        assert again.settled.pairs == 1
        assert again.correction is not None
        assert [each.id for each in await decisions_of(resources, "ada", 5)] == [
            again.correction.id,
            made.correction.id,
        ]
        assert await decisions_of(resources, "bob", 5) == []
        undone = await undo(resources, again.correction.id, "ada")
        assert undone.correction is not None
        assert (undone.correction.status, undone.pair) == ("done", second.asked.id)
        assert ([each.size for each in undone.settled.before], sorted(each.size for each in undone.settled.after)) == (
            [3],
            [1, 2],
        )
        assert [each.id for each in await decisions_of(resources, "ada", 5)] == [made.correction.id]

    within(desk, 3, use)


@pytest.mark.parametrize("action", ["same", "different"])
def test_what_several_decisions_settle_beside_their_own_pairs_is_foreseen(desk: Desk, action: Deciding) -> None:
    """Three papers of one DOI, each doubtful with each: as one paper two pairs settle the third, as different ones they do not."""
    for number, paper in enumerate((CHAPTER, OTHER, {"title": "Rivers, deltas and floods", "year": 1987})):
        desk.send(f"mine:{number}", paper | DOI)
    desk.wait_for_pairs(3)

    async def use(resources: Resources, pairs: list[OpenPair]) -> None:
        chosen, third = pairs[:2], pairs[2].asked.id
        expected = [third] if action == "same" else []
        planned = await foresee(resources, chosen, action, "ada")
        assert [asked.id for asked, _ in planned.further.pairs] == expected
        done = await decide_all(resources, chosen, action, "ada")
        assert [asked.id for asked, _ in done.further.pairs] == expected
        assert done.further.is_all

    within(desk, 3, use)


def test_many_are_foreseen_and_decided_each_with_its_outcome(desk: Desk) -> None:
    for number in (1, 2):
        doi = {"doi": f"10.5555/book.{number}"}
        desk.send(f"mine:{number}-a", CHAPTER | doi)
        desk.send(f"other:{number}-b", OTHER | doi)
    desk.wait_for_pairs(2)

    async def use(resources: Resources, pairs: list[OpenPair]) -> None:
        planned = await foresee(resources, pairs, "same", "ada")
        assert planned.refused == {}
        assert [len(cluster.records) for cluster in planned.result.clusters] == [2, 2]
        first, second = pairs
        await decide(resources, first, "different", "bob")
        planned = await foresee(resources, pairs, "same", "ada")
        assert list(planned.refused) == [first.asked.id]
        assert len(planned.result.clusters) == 1
        together = await decide_all(resources, pairs, "same", "ada")
        made = {each.pair: each for each in together.decided}
        assert (len(together.further.pairs), together.further.is_all) == (0, True)
        assert made[first.asked.id].code == "correction_conflict"
        assert len(made[first.asked.id].conflicts) == 1
        done = made[second.asked.id].correction
        assert done is not None
        assert done.status == "active"
        assert InCluster("c", 1) not in made[second.asked.id].settled.before

    within(desk, 2, use)
