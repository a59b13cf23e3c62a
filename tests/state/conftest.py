"""Connections that several files of tests here need."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from streams.settings import Settings
from streams.state.connection import Connection, connect


@pytest.fixture
def connection(generation: Settings) -> Iterator[Connection]:
    made = connect(generation)
    yield made
    made.close()
