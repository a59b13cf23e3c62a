"""The SQLite file that three topics are folded into: what people still have to decide, at hand without reading the topics.

| table        | rows                                                                                      | module              |
|--------------|-------------------------------------------------------------------------------------------|---------------------|
| `doubt`      | a pair of `dedup.review` that a person is asked about                                     | review_queue.py     |
| `claim`      | a person who looks at a pair, for some minutes                                            | claims.py           |
| `correction` | a message of `dedup.corrections`                                                          | sent_corrections.py |
| `refusal`    | the offset of a refused correction, from its dead letter that was read first              | sent_corrections.py |
| `letter`     | a current dead letter without its payload                                                 | dead_letter_book.py |
| `position`   | topic and partition: the offset to read next, and the mark of the message before          | database.py         |
| `about`      | `layout`: the number of this layout; `installation`: the namespace and the topics' prefix | database.py         |

Rows and positions change in one transaction, so the file is what the topics say up to the positions, wherever a process was
killed. It is no only copy: a file of another layout or installation, or one that is damaged, is replaced and folded again. A claim
is not in the topics; it lasts minutes.

The broker that keeps topics in memory begins them again when it restarts. Offsets then name other messages, which the mark shows:
the partition is read from its beginning, and each table does with its rows what `restarted` in its module says.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from streams.errors import ServiceError, SettingsError
from streams.event_log import EventLog
from streams.kafka.topic_follower import Position

__all__ = ["Database", "Place", "open_database", "positions", "store_position", "transaction"]

log = EventLog(__name__)
T = TypeVar("T")

FILE = "curation.sqlite"
_LAYOUT = "3"
_TABLES = """
CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE position (
  topic TEXT NOT NULL, partition INTEGER NOT NULL, next INTEGER NOT NULL, mark TEXT NOT NULL, PRIMARY KEY (topic, partition)
) WITHOUT ROWID;
CREATE TABLE doubt (
  id TEXT PRIMARY KEY, a TEXT NOT NULL, b TEXT NOT NULL, source_a TEXT NOT NULL, source_b TEXT NOT NULL,
  score REAL NOT NULL, reasons TEXT NOT NULL, asked INTEGER NOT NULL, partition INTEGER NOT NULL, "offset" INTEGER NOT NULL,
  by_doubt REAL NOT NULL, by_new INTEGER NOT NULL, by_effect INTEGER NOT NULL DEFAULT -2,
  by_worth REAL GENERATED ALWAYS AS (by_effect + by_doubt) VIRTUAL,
  looked INTEGER NOT NULL DEFAULT 0, settled INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX doubt_by_doubt ON doubt (settled, by_doubt, id);
CREATE INDEX doubt_by_new ON doubt (settled, by_new, id);
CREATE INDEX doubt_by_effect ON doubt (settled, by_effect, id);
CREATE INDEX doubt_by_worth ON doubt (settled, by_worth, id);
CREATE INDEX doubt_a ON doubt (a);
CREATE INDEX doubt_b ON doubt (b);
CREATE INDEX doubt_looked ON doubt (looked);
CREATE INDEX doubt_offset ON doubt (partition, "offset");
CREATE TABLE claim (id TEXT PRIMARY KEY, claimant TEXT NOT NULL, until INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE correction (
  id TEXT PRIMARY KEY, a TEXT NOT NULL, b TEXT NOT NULL, undoes TEXT NOT NULL, message BLOB NOT NULL, "offset" INTEGER,
  undone INTEGER NOT NULL DEFAULT 0, refused INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX correction_pair ON correction (a, b);
CREATE INDEX correction_offset ON correction ("offset");
CREATE TABLE refusal ("offset" INTEGER PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE letter (
  id TEXT NOT NULL, place TEXT NOT NULL, origin TEXT NOT NULL, source TEXT NOT NULL, code TEXT NOT NULL, detail TEXT NOT NULL,
  size INTEGER NOT NULL, time INTEGER NOT NULL, retry_of TEXT NOT NULL, arrival INTEGER NOT NULL, cut INTEGER NOT NULL,
  partition INTEGER NOT NULL, "offset" INTEGER NOT NULL, PRIMARY KEY (id, place)
) WITHOUT ROWID;
CREATE INDEX letter_time ON letter (time, partition, "offset");
CREATE INDEX letter_kind ON letter (source, code);
CREATE INDEX letter_origin ON letter (origin);
CREATE INDEX letter_offset ON letter (partition, "offset");
"""

Place = tuple[str, int]
"""A topic, without the prefix of the installation, and a partition."""


class Database:
    """The file, used on a thread of its own: one statement after the other, however many requests there are."""

    def __init__(self, directory: str, installation: str) -> None:
        """Keep the file in `directory`; where that is empty, in a temporary file that ends with the process."""
        self._directory, self._installation = directory, installation
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="curation")
        self._connection: sqlite3.Connection | None = None

    async def open(self) -> None:
        """Open the file. Raises SettingsError where that cannot be done."""
        self._connection = await self._on_thread(lambda: open_database(self._directory, self._installation))

    async def close(self) -> None:
        """Close the file, once what was begun on it has ended."""
        if (connection := self._connection) is not None:
            await self._on_thread(connection.close)
            self._connection = None
        self._thread.shutdown()

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Return what `work` returns. Raises what it raises, and ServiceError where the file cannot be used."""

        def guarded() -> T:
            if self._connection is None:
                raise ServiceError("the review queue is not open")
            try:
                return work(self._connection)
            except sqlite3.Error as error:
                raise ServiceError(f"the file of the review queue cannot be used: {error}") from error

        return await self._on_thread(guarded)

    async def _on_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


def open_database(directory: str, installation: str) -> sqlite3.Connection:
    """Open the file of an installation in a directory, which is made; replace one that is damaged or of another layout.

    Raises SettingsError where the directory cannot be used, or another process uses the file.
    """
    if not directory:
        return _ready(sqlite3.connect("", isolation_level=None, check_same_thread=False), installation)
    path = Path(directory).expanduser() / FILE
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        for attempt in range(2):
            try:
                return _opened(path, installation)
            except _StaleError as stale:
                reason = str(stale)
            except sqlite3.OperationalError:
                raise  # locked, or not to be had: not a fault of its content
            except sqlite3.DatabaseError as error:
                reason = str(error)
            if not attempt:
                log.warning("curation_file_replaced", "{path} is made again: {reason}", path=str(path), reason=reason)
                _remove(path)
    except (OSError, sqlite3.Error) as error:
        raise _unusable(path, error) from None
    raise _unusable(path, reason)


class _StaleError(Exception):
    """The file is of another layout or another installation."""


def _opened(path: Path, installation: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=1)
    try:
        path.chmod(0o600)
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        return _ready(connection, installation)
    except BaseException:
        connection.close()
        raise


def _ready(connection: sqlite3.Connection, installation: str) -> sqlite3.Connection:
    """Make the tables where there are none. Raises _StaleError where they are not those of this installation."""
    expected = {"layout": _LAYOUT, "installation": installation}
    with transaction(connection):
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'about'").fetchone():
            for statement in _TABLES.split(";\n"):
                connection.execute(statement)
            connection.executemany("INSERT INTO about VALUES (?, ?)", expected.items())
    if (found := dict(connection.execute("SELECT name, value FROM about"))) != expected:
        raise _StaleError(f"it is of {found}, not of {expected}")
    return connection


def _remove(path: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-journal"):
        with contextlib.suppress(FileNotFoundError):
            path.with_name(path.name + suffix).unlink()


def _unusable(path: Path, problem: object) -> SettingsError:
    text = f"{path} cannot be used: {problem}"
    return SettingsError("STREAMS_SERVE_DATA", text, "a directory of this `streams serve` alone, or empty")


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Keep all statements of the block, or none of them where it raises."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def positions(connection: sqlite3.Connection) -> Mapping[Place, Position]:
    """Return the position in each partition that was read."""
    rows = connection.execute("SELECT topic, partition, next, mark FROM position")
    return {(topic, partition): Position(after, mark) for topic, partition, after, mark in rows}


def store_position(connection: sqlite3.Connection, place: Place, position: Position) -> None:
    """Store the position in a partition."""
    connection.execute("INSERT OR REPLACE INTO position VALUES (?, ?, ?, ?)", (*place, *position))
