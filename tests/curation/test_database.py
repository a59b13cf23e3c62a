"""The file: made, opened again, replaced where it is another's or damaged, and used by one process."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from streams.curation.database import FILE, Database, open_database, positions, store_position, transaction
from streams.errors import ServiceError, SettingsError
from streams.kafka.topic_follower import Position


def stored(directory: Path, installation: str = "streams") -> dict[tuple[str, int], Position]:
    with closing(open_database(str(directory), installation)) as file:
        return dict(positions(file))


@pytest.fixture
def used(tmp_path: Path) -> Path:
    """A directory with a file in it that has a position."""
    with closing(open_database(str(tmp_path), "streams")) as file:
        store_position(file, ("dedup.review", 1), Position(7, "mark"))
    return tmp_path


def test_the_file_has_what_was_stored_and_is_for_its_user_alone(used: Path) -> None:
    assert stored(used) == {("dedup.review", 1): Position(7, "mark")}
    assert (used / FILE).stat().st_mode & 0o777 == 0o600


def test_the_file_of_another_installation_is_replaced(used: Path) -> None:
    assert stored(used, "streams other.") == {}
    assert stored(used) == {}


@pytest.mark.parametrize(
    "content", [b"no database at all, but more than a few bytes of it", b"SQLite format 3\0" + b"x" * 5000]
)
def test_a_damaged_file_is_replaced(used: Path, content: bytes) -> None:
    (used / FILE).write_bytes(content)
    assert stored(used) == {}
    assert stored(used) == {}


def test_a_second_process_is_refused_by_the_name_of_the_setting(used: Path) -> None:
    with (
        closing(open_database(str(used), "streams")),
        pytest.raises(SettingsError, match=r"STREAMS_SERVE_DATA.*locked"),
    ):
        open_database(str(used), "streams")
    assert stored(used) != {}


def test_a_directory_that_cannot_be_used_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match="STREAMS_SERVE_DATA"):
        open_database(str(tmp_path / "file"), "streams")


def test_a_transaction_keeps_all_or_nothing(file: sqlite3.Connection) -> None:
    def fail() -> None:
        with transaction(file):
            store_position(file, ("t", 0), Position(1, ""))
            raise ValueError("killed")

    with pytest.raises(ValueError, match="killed"):
        fail()
    assert positions(file) == {}


def test_faults_of_the_file_are_those_of_a_service(tmp_path: Path) -> None:
    database = Database(str(tmp_path), "streams")

    async def use() -> None:
        with pytest.raises(ServiceError, match="not open"):
            await database.run(positions)
        await database.open()
        assert await database.run(positions) == {}
        with pytest.raises(ServiceError, match="no such table"):
            await database.run(lambda file: file.execute("SELECT * FROM absent"))
        await database.close()

    asyncio.run(use())
    assert stored(tmp_path) == {}
