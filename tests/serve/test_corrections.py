"""What became of a correction; that it is sent once and waited for is in tests/serve/routes/test_corrections.py."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from streams.curation import sent_corrections
from streams.curation.corrections import make_correction
from streams.errors import NotFoundError
from streams.serve.corrections import correction_answer, send_correction
from streams.serve.problems import ProblemError
from streams.serve.resources import Resources
from tests.query.conftest import Library


def test_one_that_was_sent_has_its_status(library: Library) -> None:
    made = make_correction("same", "ada", identifier="k1", a="mine:1", b="mine:3")

    async def use() -> None:
        async with Resources(library.settings) as resources:
            with pytest.raises(NotFoundError):
                await correction_answer(resources, "k1")
            await resources.curation.database.run(lambda file: sent_corrections.note_sent(file, made))
            answer = await correction_answer(resources, "k1")
            assert (answer.status, answer.author, answer.a, answer.b) == ("sent", "ada", "mine:1", "mine:3")
            with pytest.raises(ProblemError, match="the id is that of"):
                await send_correction(resources, msgspec.structs.replace(made, reason="other"))

    asyncio.run(use())
