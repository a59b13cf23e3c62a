"""How much waits for people: open pairs of the review queue, and current dead letters. Counted in the file, row by row.

Open are the pairs that were not found settled at the last look, and that no correction names. With some millions of rows this takes
seconds, so it is for a background task, not for requests.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import NamedTuple

from streams.curation.dead_letter_book import Selection, counts
from streams.curation import review_queue
from streams.curation.review_queue import CORRECTED, QueueCount

__all__ = ["NOTHING", "Backlog", "count"]


class Backlog(NamedTuple):
    """What waits.

    `pairs` has the number of open pairs by the sources of their two records, the lesser first; `oldest` is the time of the oldest
    question among them, Unix time in ms, None without one; `letters` the number of dead letters by source and reason code; `queue` how
    many pairs there are in all.
    """

    pairs: Mapping[tuple[str, str], int]
    oldest: int | None
    letters: Mapping[tuple[str, str], int]
    queue: QueueCount


NOTHING = Backlog({}, None, {}, QueueCount(0, 0, 0, 0))


def count(connection: sqlite3.Connection) -> Backlog:
    """Count what waits now."""
    sql = (
        "SELECT min(source_a, source_b), max(source_a, source_b), count(*), min(asked) FROM doubt d "  # noqa: S608 - a constant
        f"WHERE d.settled = 0 AND NOT EXISTS ({CORRECTED}) GROUP BY 1, 2"
    )
    rows = connection.execute(sql).fetchall()
    return Backlog(
        {(a, b): pairs for a, b, pairs, _ in rows},
        min((asked for *_, asked in rows), default=None),
        {(each.source, each.code): each.letters for each in counts(connection, Selection())},
        review_queue.count(connection),
    )
