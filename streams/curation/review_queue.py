"""The queue of doubtful pairs: folded from `dedup.review`, in an order, claimed by people. Tables `doubt` and `claim`.

A row says that a person was asked about a pair. Whether the question is still open is decided again whenever the pair is shown
(`streams/query/doubts.py`), for clusters change and nothing is published about that. What was found is noted in the row (`looked`:
when, in ms; `settled`; `by_effect`) to spare looking again too soon; it changes no answer but in how old it may be.

| column      | value                                                                                 |
|-------------|---------------------------------------------------------------------------------------|
| `id`        | 20 hexadecimal digits, a digest of both record ids                                    |
| `a`, `b`    | record ids, `a` < `b`; `source_a`, `source_b`: what is before their first colon       |
| `score`     | that of the message; `reasons`: its reason codes, a space before and after each       |
| `asked`     | the time of the message, in ms                                                        |
| `by_…`      | the order: `by_doubt` the distance of the score from a half, `by_new` -`asked`,       |
|             | `by_effect` minus the number of records in the two clusters, 0 where not looked at yet |
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Any, Literal, NamedTuple

import msgspec

from streams.curation.database import transaction

__all__ = [
    "CLAIM_SECONDS",
    "Asked",
    "Claim",
    "Filters",
    "Looked",
    "Order",
    "Position",
    "QueueCount",
    "asked",
    "claim",
    "claims",
    "count",
    "due",
    "fold",
    "note",
    "ordered",
    "pair_id",
    "prune",
    "reopen",
]

CLAIM_SECONDS = 300
Order = Literal["doubt", "new", "effect"]
_COLUMNS = "d.id, d.a, d.b, d.score, d.reasons, d.asked"
_CORRECTED = "SELECT 1 FROM correction c WHERE c.a = d.a AND c.b = d.b AND NOT c.undone AND NOT c.refused"
_TAKEN = "SELECT id FROM claim WHERE until > :now AND claimant <> :person"


class Asked(NamedTuple):
    """A pair that a person was asked about; `by` is its value in the order that was asked for. Times are Unix time in ms."""

    id: str
    a: str
    b: str
    score: float
    reasons: tuple[str, ...]
    asked: int
    by: float = 0.0


class Filters(NamedTuple):
    """Which pairs: those with a record of this source, and those with this reason code; empty: all."""

    source: str = ""
    reason: str = ""


class Position(msgspec.Struct, frozen=True, array_like=True):
    """The place after a pair in an order. `taken`: among the pairs that other people look at, which come last."""

    taken: bool
    by: float
    id: str


class Looked(NamedTuple):
    """What looking at a pair found: whether it is settled, and the number of records in the two clusters."""

    id: str
    settled: bool
    effect: int


class QueueCount(NamedTuple):
    """How many pairs there are, and of them: `open` as of the last look at each, and `unlooked`, open for not being looked at yet.

    `looked_since` is the Unix time in ms of the longest ago of these looks, 0 where none was.
    """

    pairs: int
    open: int
    unlooked: int
    looked_since: int


class Claim(NamedTuple):
    """A person who looks at a pair until a time, Unix time in ms."""

    claimant: str
    until: int


class _Message(msgspec.Struct):
    a: str
    b: str
    score: float
    reasons: tuple[str, ...] = ()


_decoder = msgspec.json.Decoder(_Message)


def pair_id(a: str, b: str) -> str:
    """Return the id of a pair, the same in either order."""
    return sha256("|".join(sorted((a, b))).encode("utf-8", "replace")).hexdigest()[:20]


def fold(connection: sqlite3.Connection, message: Any) -> None:
    """Take over a message (aiokafka's ConsumerRecord) of `dedup.review`; one that cannot be read is none."""
    try:
        said = _decoder.decode(message.value or b"")
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return
    a, b = sorted((said.a, said.b))
    connection.execute(
        "INSERT OR REPLACE INTO doubt "
        '(id, a, b, source_a, source_b, score, reasons, asked, partition, "offset", by_doubt, by_new) '
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            pair_id(a, b),
            a,
            b,
            a.partition(":")[0],
            b.partition(":")[0],
            said.score,
            f" {' '.join(said.reasons)} ",
            message.timestamp,
            message.partition,
            message.offset,
            abs(said.score - 0.5),
            -message.timestamp,
        ),
    )


def prune(connection: sqlite3.Connection, partition: int, first: int) -> None:
    """Remove the pairs whose message the topic no longer has: `first` is the first offset of a partition."""
    connection.execute('DELETE FROM doubt WHERE partition = ? AND "offset" < ?', (partition, first))


def reopen(connection: sqlite3.Connection) -> None:
    """Look at all pairs again: a correction was undone, which may separate records far from those that it named."""
    connection.execute("UPDATE doubt SET settled = 0, looked = 0 WHERE settled")


def ordered(
    connection: sqlite3.Connection,
    order: Order,
    filters: Filters,
    after: Position | None,
    most: int,
    *,
    person: str,
    now: int,
) -> list[tuple[Asked, Position]]:
    """Return the next pairs in an order, each with the place after it; pairs that other people look at come last.

    Left out are pairs that were found settled, and those that a correction names which is not undone, whether it was decided yet
    or not.
    """
    found: list[tuple[Asked, Position]] = []
    for taken in (False, True):
        if after is None or after.taken <= taken:
            began = after if after is not None and after.taken == taken else None
            found += _ordered(connection, order, filters, began, most - len(found), person, now, taken=taken)
        if len(found) >= most:
            break
    return found


def _ordered(
    connection: sqlite3.Connection,
    order: Order,
    filters: Filters,
    after: Position | None,
    most: int,
    person: str,
    now: int,
    *,
    taken: bool,
) -> list[tuple[Asked, Position]]:
    key = f"d.by_{order}"
    conditions = ["d.settled = 0", f"NOT EXISTS ({_CORRECTED})", f"d.id {'' if taken else 'NOT'} IN ({_TAKEN})"]
    if filters.source:
        conditions.append(":source IN (d.source_a, d.source_b)")
    if filters.reason:
        conditions.append("instr(d.reasons, :reason)")
    if after is not None:
        conditions.append(f"({key}, d.id) > (:by, :id)")
    rows = connection.execute(
        f"SELECT {_COLUMNS}, {key} FROM doubt d WHERE {' AND '.join(conditions)} ORDER BY {key}, d.id LIMIT :most",  # noqa: S608 - no text from outside
        {
            "now": now,
            "person": person,
            "source": filters.source,
            "reason": f" {filters.reason} ",
            "by": after.by if after else 0,
            "id": after.id if after else "",
            "most": most,
        },
    )
    return [(made, Position(taken, made.by, made.id)) for made in map(_asked, rows)]


def due(connection: sqlite3.Connection, before: int, most: int) -> list[Asked]:
    """Return pairs that were looked at before a time, in ms, or never; the longest ago first."""
    sql = f"SELECT {_COLUMNS}, 0 FROM doubt d WHERE d.looked < ? ORDER BY d.looked LIMIT ?"  # noqa: S608 - a constant
    return [_asked(row) for row in connection.execute(sql, (before, most))]


def count(connection: sqlite3.Connection) -> QueueCount:
    """Count the pairs that `ordered` returns. Takes as long as to count the rows of an index, and one look-up a correction."""
    (pairs,) = connection.execute("SELECT COUNT(*) FROM doubt").fetchone()
    (unsettled,) = connection.execute("SELECT COUNT(*) FROM doubt WHERE settled = 0").fetchone()
    (unlooked,) = connection.execute("SELECT COUNT(*) FROM doubt WHERE looked = 0").fetchone()
    (since,) = connection.execute("SELECT MIN(looked) FROM doubt WHERE looked > 0").fetchone()
    corrected = connection.execute("SELECT DISTINCT a, b FROM correction WHERE NOT undone AND NOT refused").fetchall()
    answered = [
        looked
        for a, b in corrected
        for (looked,) in connection.execute("SELECT looked FROM doubt WHERE id = ? AND settled = 0", (pair_id(a, b),))
    ]
    return QueueCount(pairs, unsettled - len(answered), unlooked - answered.count(0), since or 0)


def note(connection: sqlite3.Connection, looked: Iterable[Looked], now: int) -> None:
    """Note what looking at pairs found, `now` in ms."""
    with transaction(connection):
        connection.executemany(
            "UPDATE doubt SET looked = ?, settled = ?, by_effect = ? WHERE id = ?",
            [(now, each.settled, -each.effect, each.id) for each in looked],
        )


def asked(connection: sqlite3.Connection, identifier: str) -> Asked | None:
    """Return a pair by its id; None where nothing was asked about it."""
    sql = f"SELECT {_COLUMNS}, 0 FROM doubt d WHERE d.id = ?"  # noqa: S608 - a constant
    row = connection.execute(sql, (identifier,)).fetchone()
    return _asked(row) if row else None


def claims(connection: sqlite3.Connection, identifiers: Sequence[str], now: int) -> dict[str, Claim]:
    """Return the claims that are in force on pairs, at `now` in ms."""
    marks = ", ".join("?" * len(identifiers))
    sql = f"SELECT id, claimant, until FROM claim WHERE until > ? AND id IN ({marks})"  # noqa: S608 - question marks
    rows = connection.execute(sql, (now, *identifiers))
    return {identifier: Claim(claimant, until) for identifier, claimant, until in rows}


def claim(connection: sqlite3.Connection, identifier: str, person: str, now: int) -> Claim:
    """Claim a pair for a person for `CLAIM_SECONDS`, from `now` in ms; return the claim in force, which may be another person's."""
    with transaction(connection):
        connection.execute("DELETE FROM claim WHERE until <= ?", (now,))
        other = claims(connection, [identifier], now).get(identifier)
        if other and other.claimant != person:
            return other
        made = Claim(person, now + CLAIM_SECONDS * 1000)
        connection.execute("INSERT OR REPLACE INTO claim VALUES (?, ?, ?)", (identifier, *made))
        return made


def _asked(row: tuple[Any, ...]) -> Asked:
    identifier, a, b, score, reasons, time, by = row
    return Asked(identifier, a, b, score, tuple(reasons.split()), time, by)
