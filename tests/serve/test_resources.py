"""What requests share: readers that follow a rebuild, and questions that do not wait for one another."""

from __future__ import annotations

import asyncio
import threading

import pytest

from streams.query.index_reader import IndexReader
from streams.serve import resources as module
from streams.serve.resources import READERS, Resources
from streams.state.connection import Command
from tests.query.conftest import Library


def test_a_reader_follows_the_switch_of_a_rebuild(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_FOLLOW_SECONDS", 0.0)

    async def generations() -> tuple[str, str]:
        async with Resources(library.settings) as resources:
            before = await resources.ask(lambda index: index.settings.generation)
            meta = f"{library.settings.namespace}:{before}:meta".encode()
            library.connection.execute([Command(meta, ("HSET", meta, "successor", "the-next"))])
            return before, await resources.ask(lambda index: index.settings.generation)

    assert asyncio.run(generations()) == (library.settings.generation, "the-next")


def test_questions_are_answered_beside_one_another(library: Library) -> None:
    met = threading.Barrier(READERS, timeout=10)

    def meet(index: IndexReader) -> int:
        met.wait()
        return id(index)

    async def ask_all() -> list[int]:
        async with Resources(library.settings) as resources:
            return await asyncio.gather(*(resources.ask(meet) for _ in range(READERS)))

    assert len(set(asyncio.run(ask_all()))) == READERS, "each thread has a reader of its own"
