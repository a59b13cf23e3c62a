"""Corrections that were sent: folded from `dedup.corrections`, decided or not. Tables `correction` and `refusal`.

Verdicts are in Redis (`streams/state/correction_log.py`). Here are the messages, so that a correction which no worker has decided
yet is known, and a pair is not shown again to the next person meanwhile. `a` < `b` are empty for an undo; `offset` is none where
the service has sent the message itself and not read it yet. A refused correction is found by its dead letter, whose origin is its
offset; that may be read before the correction.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from typing import Any

import msgspec

from streams.clusters.corrections import UNDO, Correction, read_correction
from streams.curation import review_queue
from streams.errors import PayloadError

__all__ = ["UNREAD", "fold", "known", "latest", "note_sent", "refused", "restarted"]

UNREAD = 1 << 62
_OFFSET = re.compile(r":0:(\d{1,18})$")


def fold(connection: sqlite3.Connection, message: Any) -> None:
    """Take over a message (aiokafka's ConsumerRecord) of `dedup.corrections`; the first one under an id counts."""
    try:
        correction = read_correction(message.value)
    except PayloadError:
        return
    _add(connection, correction, message.offset)


def note_sent(connection: sqlite3.Connection, correction: Correction) -> None:
    """Note a correction that was sent just now; its message will be read later."""
    _add(connection, correction, None)


def refused(connection: sqlite3.Connection, origin: str) -> None:
    """Note that the correction was refused whose message is named by the origin of a dead letter."""
    if match := _OFFSET.search(origin):
        offset = int(match[1])
        connection.execute('UPDATE correction SET refused = 1 WHERE "offset" = ?', (offset,))
        connection.execute("INSERT OR IGNORE INTO refusal VALUES (?)", (offset,))


def restarted(connection: sqlite3.Connection) -> None:
    """Remove all: the topic is another one, so messages that no worker has decided are lost, and Redis has the other verdicts."""
    connection.execute("DELETE FROM correction")
    connection.execute("DELETE FROM refusal")


def known(connection: sqlite3.Connection, identifier: str) -> Correction | None:
    """Return a correction by its id; None where none was sent."""
    row = connection.execute("SELECT message FROM correction WHERE id = ?", (identifier,)).fetchone()
    return msgspec.json.decode(row[0], type=Correction) if row else None


def latest(connection: sqlite3.Connection, before: tuple[int, str], most: int) -> Sequence[tuple[int, Correction]]:
    """Return at most `most` corrections with their offsets, the one sent last first: a page of the list.

    `before` is the offset and the id of the last one of the page before. A correction that was sent and not read from the topic
    yet has the offset `UNREAD`.
    """
    rows = connection.execute(
        'SELECT COALESCE("offset", :unread) AS at, message FROM correction WHERE (at, id) < (:at, :id) '
        "ORDER BY at DESC, id DESC LIMIT :most",
        {"unread": UNREAD, "at": before[0], "id": before[1], "most": most},
    )
    return [(at, msgspec.json.decode(message, type=Correction)) for at, message in rows]


def _add(connection: sqlite3.Connection, correction: Correction, offset: int | None) -> None:
    a, b = sorted((correction.a, correction.b)) if correction.action != UNDO else ("", "")
    first = connection.execute(
        'INSERT INTO correction (id, a, b, undoes, message, "offset") VALUES (?, ?, ?, ?, ?, ?) '
        "ON CONFLICT (id) DO UPDATE SET a = excluded.a, b = excluded.b, undoes = excluded.undoes, "
        'message = excluded.message, "offset" = excluded."offset" '
        'WHERE correction."offset" IS NULL AND excluded."offset" IS NOT NULL',
        (correction.id, a, b, correction.undoes, msgspec.json.encode(correction), offset),
    )
    if not first.rowcount:
        return
    if correction.action == UNDO:
        connection.execute("UPDATE correction SET undone = 1 WHERE id = ?", (correction.undoes,))
        review_queue.reopen(connection)
    if offset is not None and connection.execute('SELECT 1 FROM refusal WHERE "offset" = ?', (offset,)).fetchone():
        connection.execute("UPDATE correction SET refused = 1 WHERE id = ?", (correction.id,))
