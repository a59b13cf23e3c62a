"""Choices of dead letters; what becomes of them is in tests/serve/routes/test_dead_letters.py."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from streams.curation import folding
from streams.errors import NotFoundError, UsageError
from streams.serve.dead_letters import Choice, RetryRequest, drop_chosen, open_letter, retry_chosen
from streams.serve.problems import ProblemError
from streams.serve.resources import Resources
from tests.curation.messages import Topics
from tests.query.conftest import Library


def within(library: Library, use: Callable[[Resources], Awaitable[None]]) -> None:
    topics = Topics()
    topics.letter("records.document:0:1", "not_json")

    async def run() -> None:
        async with Resources(library.settings) as resources:
            await resources.curation.database.run(lambda file: folding.fold(file, "", topics.messages))
            await use(resources)

    asyncio.run(run())


def test_what_is_no_choice(library: Library) -> None:
    async def use(resources: Resources) -> None:
        with pytest.raises(ProblemError, match="either origins"):
            await drop_chosen(resources, Choice())
        with pytest.raises(ProblemError, match="either origins"):
            await retry_chosen(resources, RetryRequest(origins=["a"], source="document"))
        with pytest.raises(UsageError, match="unknown source"):
            await retry_chosen(resources, RetryRequest(reason="not_json", to="nowhere"))
        with pytest.raises(NotFoundError):
            await open_letter(resources, "nothing:0:1")

    within(library, use)


def test_names_of_none_have_an_outcome(library: Library) -> None:
    async def use(resources: Resources) -> None:
        for act in (
            retry_chosen(resources, RetryRequest(origins=["x"])),
            drop_chosen(resources, Choice(origins=["x"])),
        ):
            outcomes = await act
            assert [(each.origin, each.problem) for each in outcomes.items] == [("x", "there is no such dead letter")]
            assert not outcomes.more

    within(library, use)
