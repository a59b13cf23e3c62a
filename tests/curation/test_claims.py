"""Claims: for minutes, of one person at a time."""

from __future__ import annotations

import sqlite3

from streams.curation.claims import Claim, claim, claims, release

NOW = 1_000_000


def test_a_claim_lasts_five_minutes_and_is_one_persons(file: sqlite3.Connection) -> None:
    made = claim(file, "p", "bob", NOW - 1)
    assert made == Claim("bob", NOW - 1 + 300_000)
    assert claim(file, "p", "ada", NOW) == made
    assert claim(file, "p", "bob", NOW).until == NOW + 300_000
    assert claims(file, ["p", "other"], NOW) == {"p": Claim("bob", NOW + 300_000)}
    assert claim(file, "p", "ada", NOW + 300_000).claimant == "ada", "bob's has ended"


def test_a_claim_is_released_by_its_owner_alone(file: sqlite3.Connection) -> None:
    claim(file, "p", "bob", NOW)
    release(file, "p", "ada")
    assert claims(file, ["p"], NOW)
    release(file, "p", "bob")
    assert claims(file, ["p"], NOW) == {}
