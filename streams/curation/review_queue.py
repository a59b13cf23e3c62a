"""The queue of doubtful pairs: folded from `dedup.review`, in an order; who has claimed a pair is in claims.py. Table `doubt`.

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
|             | `by_effect` minus the number of records in the two clusters, -2 until they are looked  |
|             | at, `by_worth` the sum of `by_effect` and `by_doubt`: by effect, then by doubt         |
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Any, Literal, NamedTuple

import msgspec

from streams.curation.claims import CLAIMED_BY_OTHERS
from streams.curation.database import transaction

__all__ = [
    "CORRECTED",
    "Asked",
    "Facets",
    "Filters",
    "Looked",
    "Order",
    "Position",
    "QueueCount",
    "about",
    "asked",
    "count",
    "due",
    "facets",
    "fold",
    "note",
    "ordered",
    "pair_id",
    "place",
    "prune",
    "reopen",
]

Order = Literal["worth", "doubt", "new", "effect"]
_COLUMNS = "d.id, d.a, d.b, d.score, d.reasons, d.asked"
CORRECTED = "SELECT 1 FROM correction c WHERE c.a = d.a AND c.b = d.b AND NOT c.undone AND NOT c.refused"
"""Whether a correction names a pair `d`, and is neither undone nor refused."""


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
    """Which pairs: those with a record of this source, with this reason code, and with a score from `low` to `high`.

    Empty texts pass all. The score is the one with which the question was asked.
    """

    source: str = ""
    reason: str = ""
    low: float = 0.0
    high: float = 1.0


class Facets(NamedTuple):
    """How many open pairs have each source and each reason, the most first, among the `pairs` that were counted.

    `is_all` is false where the queue has more pairs than were counted.
    """

    pairs: int
    sources: Sequence[tuple[str, int]]
    reasons: Sequence[tuple[str, int]]
    is_all: bool


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
    conditions = [*_open_and(filters), f"d.id {'' if taken else 'NOT'} IN ({CLAIMED_BY_OTHERS})"]
    if after is not None:
        conditions.append(f"({key}, d.id) > (:by, :id)")
    rows = connection.execute(
        f"SELECT {_COLUMNS}, {key} FROM doubt d WHERE {' AND '.join(conditions)} ORDER BY {key}, d.id LIMIT :most",  # noqa: S608 - no text from outside
        {
            **_given(filters),
            "now": now,
            "person": person,
            "by": after.by if after else 0,
            "id": after.id if after else "",
            "most": most,
        },
    )
    return [(made, Position(taken, made.by, made.id)) for made in map(_asked, rows)]


def _open_and(filters: Filters) -> list[str]:
    """Return the SQL conditions of pairs that no correction has settled yet and that pass the filters."""
    conditions = ["d.settled = 0", f"NOT EXISTS ({CORRECTED})"]
    if filters.source:
        conditions.append(":source IN (d.source_a, d.source_b)")
    if filters.reason:
        conditions.append("instr(d.reasons, :reason)")
    if (filters.low, filters.high) != (0.0, 1.0):
        conditions.append("d.score BETWEEN :low AND :high")
    return conditions


def _given(filters: Filters) -> dict[str, Any]:
    return filters._asdict() | {"reason": f" {filters.reason} "}


def facets(connection: sqlite3.Connection, filters: Filters, most: int) -> Facets:
    """Count the open pairs by source and by reason, `most` of them where there are more."""
    conditions = " AND ".join(_open_and(filters))
    sql = f"SELECT source_a, source_b, reasons FROM doubt d WHERE {conditions} LIMIT :most"  # noqa: S608 - no text from outside
    rows = connection.execute(sql, {**_given(filters), "most": most + 1}).fetchall()
    counted = rows[:most]
    sources = Counter(source for a, b, _ in counted for source in {a, b})
    reasons = Counter(reason for _, _, text in counted for reason in text.split())
    return Facets(len(counted), _most_first(sources), _most_first(reasons), len(rows) <= most)


def _most_first(counted: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counted.items(), key=lambda each: (-each[1], each[0]))


def about(connection: sqlite3.Connection, records: Sequence[str], most: int) -> list[Asked]:
    """Return the pairs with one of these records or more that are open, as far as it is known; at most so many."""
    chosen = ", ".join("?" * len(records))
    conditions = " AND ".join(_open_and(Filters()))
    sql = f"SELECT {_COLUMNS}, 0 FROM doubt d WHERE (d.a IN ({chosen}) OR d.b IN ({chosen})) AND {conditions} LIMIT ?"  # noqa: S608 - question marks
    return [_asked(row) for row in connection.execute(sql, (*records, *records, most))]


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


def place(connection: sqlite3.Connection, identifier: str, order: Order) -> Position | None:
    """Return the place after a pair in an order; None where nothing was asked about it."""
    sql = f"SELECT d.by_{order} FROM doubt d WHERE d.id = ?"  # noqa: S608 - one of four words
    row = connection.execute(sql, (identifier,)).fetchone()
    return Position(False, row[0], identifier) if row else None


def _asked(row: tuple[Any, ...]) -> Asked:
    identifier, a, b, score, reasons, time, by = row
    return Asked(identifier, a, b, score, tuple(reasons.split()), time, by)
