"""An engine that was fed, and readers of its state."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from streams.query.index_reader import IndexReader
from streams.settings import Settings
from streams.state.connection import Connection
from tests.engine.one_engine import Bench


class Library:
    """One engine that stores records, and the queries on its state."""

    def __init__(self, settings: Settings, connection: Connection, reading: Connection) -> None:
        self.bench = Bench(settings, connection)
        self.settings, self.connection, self.reading = settings, connection, reading
        self.index = IndexReader(settings, reading)

    def send(self, record: str, **content: Any) -> None:
        self.bench.send(record, content)

    def dump(self) -> dict[bytes, bytes]:
        """Every key of this index version with its serialized value."""
        keys = [key for answer in self.connection.everywhere("KEYS", f"{self._prefix}*") for key in answer]
        return {key: self.connection.call("DUMP", key) for key in sorted(keys)}

    @property
    def _prefix(self) -> str:
        return f"{self.settings.namespace}:{self.settings.generation}:"


@pytest.fixture
def new_library(new_connection: Callable[[], Connection]) -> Callable[[Settings], Library]:
    return lambda settings: Library(settings, new_connection(), new_connection())


@pytest.fixture
def library(generation: Settings, new_library: Callable[[Settings], Library]) -> Library:
    return new_library(generation)


@pytest.fixture
def unchanged(library: Library) -> Iterator[Callable[[], None]]:
    """Begin to watch the state; it must be the same at the end of the test."""
    before: list[dict[bytes, bytes]] = []
    yield lambda: before.append(library.dump())
    assert before, "the test did not begin to watch"
    assert len(before[0]) > 3
    assert library.dump() == before[0]
