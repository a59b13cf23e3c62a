"""The current dead letters: folded from `dedup.dead-letter`, without their payloads. Table `letter`, columns as in `Letter`.

`place` is `Letter.where`, and `cut` is `truncated`.

A letter is current until its tombstone (`streams/kafka/dead_letters.py`). Its payload is read from the topic when it is asked for.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Annotated, Any, NamedTuple

import msgspec
from msgspec import Meta

from streams.curation import sent_corrections
from streams.engine.prepare import CORRECTIONS
from streams.kafka.dead_letters import Letter, letter_of

__all__ = [
    "Count",
    "LetterPosition",
    "Selection",
    "counts",
    "delete",
    "fold",
    "named",
    "newest",
    "of_messages",
    "prune",
    "restarted",
    "selected",
]

_COLUMNS = 'id, origin, place, source, code, detail, size, time, retry_of, arrival, cut, partition, "offset"'


_Integer = Annotated[int, Meta(ge=-(1 << 63), le=(1 << 63) - 1)]


class LetterPosition(msgspec.Struct, frozen=True, array_like=True):
    """The place of a letter in the list, newest first: its time, and its partition and offset in the topic."""

    time: _Integer
    partition: _Integer
    offset: _Integer


class Count(NamedTuple):
    """How many current letters a source has for a reason."""

    source: str
    code: str
    letters: int


class Selection(NamedTuple):
    """Which letters: those of this source and with this reason code; empty: all."""

    source: str = ""
    code: str = ""


def fold(connection: sqlite3.Connection, message: Any) -> None:
    """Take over a message (aiokafka's ConsumerRecord) of `dedup.dead-letter`: a letter, or the tombstone of one."""
    letter = letter_of(message)
    if isinstance(letter, str):
        connection.execute("DELETE FROM letter WHERE id = ?", (letter,))
        return
    connection.execute(
        f"INSERT OR REPLACE INTO letter ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - a constant
        (*msgspec.structs.astuple(letter.shown)[:-1], letter.arrival, letter.truncated, *letter.place),
    )
    if letter.source == CORRECTIONS:
        sent_corrections.refused(connection, letter.origin)


def prune(connection: sqlite3.Connection, partition: int, first: int) -> None:
    """Remove the letters that the topic no longer has: `first` is the first offset of a partition."""
    connection.execute('DELETE FROM letter WHERE partition = ? AND "offset" < ?', (partition, first))


def restarted(connection: sqlite3.Connection, partition: int) -> None:
    """Remove the letters of a partition that begins again: their payloads are gone, and their places are those of others."""
    connection.execute("DELETE FROM letter WHERE partition = ?", (partition,))


def newest(
    connection: sqlite3.Connection, selection: Selection, after: LetterPosition | None, most: int
) -> list[Letter]:
    """Return a page of the dead letters, the newest first: those that come after a place in that list."""
    where, given = _where(selection)
    if after is not None:
        where += ' AND (time, partition, "offset") < (:time, :partition, :offset)'
        given |= {"time": after.time, "partition": after.partition, "offset": after.offset}
    sql = f'SELECT {_COLUMNS} FROM letter WHERE {where} ORDER BY time DESC, partition DESC, "offset" DESC LIMIT :most'  # noqa: S608 - no text from outside
    return [_letter(row) for row in connection.execute(sql, given | {"most": most})]


def counts(connection: sqlite3.Connection, selection: Selection) -> list[Count]:
    """Return the numbers of letters by source and reason, the largest first."""
    where, given = _where(selection)
    sql = f"SELECT source, code, COUNT(*) FROM letter WHERE {where} GROUP BY source, code ORDER BY 3 DESC, source, code"  # noqa: S608 - no text from outside
    return [Count(*row) for row in connection.execute(sql, given)]


def named(connection: sqlite3.Connection, name: str) -> list[Letter]:
    """Return the letters with an id, or all of the message with an origin."""
    sql = f"SELECT {_COLUMNS} FROM letter WHERE id = :name OR origin = :name ORDER BY place"  # noqa: S608 - a constant
    return [_letter(row) for row in connection.execute(sql, {"name": name})]


def selected(connection: sqlite3.Connection, selection: Selection, most: int) -> list[Letter]:
    """Return the letters of a selection, oldest first, of at most so many messages."""
    where, given = _where(selection)
    sql = (
        f"SELECT {_COLUMNS} FROM letter WHERE {where} AND origin IN "  # noqa: S608 - no text from outside
        f"(SELECT origin FROM letter WHERE {where} GROUP BY origin ORDER BY MIN(time), origin LIMIT :most) ORDER BY time, place"
    )
    return [_letter(row) for row in connection.execute(sql, given | {"most": most})]


def of_messages(connection: sqlite3.Connection, letters: Iterable[Letter]) -> list[Letter]:
    """Return all letters of the messages of some of them."""
    origins = dict.fromkeys(letter.origin for letter in letters)
    return [each for origin in origins for each in named(connection, origin) if each.origin == origin]


def delete(connection: sqlite3.Connection, letters: Iterable[Letter]) -> None:
    """Delete letters whose tombstones the broker has acknowledged; they will be read later."""
    connection.executemany("DELETE FROM letter WHERE id = ?", [(letter.id,) for letter in letters])


def _where(selection: Selection) -> tuple[str, dict[str, Any]]:
    given: dict[str, Any] = {}
    conditions = ["1"]
    for column, value in zip(("source", "code"), selection, strict=True):
        if value:
            conditions.append(f"{column} = :{column}")
            given[column] = value
    return " AND ".join(conditions), given


def _letter(row: Sequence[Any]) -> Letter:
    identifier, origin, where, source, code, detail, size, time, retry_of, arrival, cut, partition, offset = row
    return Letter(
        identifier, origin, where, source, code, detail, size, time, retry_of, bool(cut), arrival, (partition, offset)
    )
