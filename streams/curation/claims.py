"""Claims of people on doubtful pairs: they order the review queue for other people, and hide nothing. Table `claim`.

| column     | value                                                        |
|------------|--------------------------------------------------------------|
| `id`       | that of a pair in `review_queue.py`                          |
| `claimant` | the person who looks at it                                   |
| `until`    | the end of the claim, in ms                                  |

Claims are in no topic: they end after minutes, and with the file.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from streams.curation.database import transaction

__all__ = ["CLAIMED_BY_OTHERS", "CLAIM_SECONDS", "Claim", "claim", "claims", "release"]

CLAIM_SECONDS = 300
CLAIMED_BY_OTHERS = "SELECT id FROM claim WHERE until > :now AND claimant <> :person"
"""SQL of the pairs that people other than `:person` have claimed at `:now`."""


class Claim(NamedTuple):
    """A person who looks at a pair until a time, Unix time in ms."""

    claimant: str
    until: int


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


def release(connection: sqlite3.Connection, identifier: str, person: str) -> None:
    """End a person's claim on a pair; a claim of another person stays."""
    connection.execute("DELETE FROM claim WHERE id = ? AND claimant = ?", (identifier, person))
