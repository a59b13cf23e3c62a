"""A file of its own for each test."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest

from streams.curation.database import open_database


@pytest.fixture
def file() -> Iterator[sqlite3.Connection]:
    """The tables in a temporary file."""
    connection = open_database("", "streams")
    yield connection
    connection.close()
