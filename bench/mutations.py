"""Changes to a record of a known pair: harmless ones, which leave it the same work, and decisive ones, which make it another.

Each is a row: code, meaning, and a function of the pair and a seeded random number generator that gives None where the change
does not apply. The word lists are our own.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import NamedTuple, TypeAlias

from streams.records.record import Record

Changed: TypeAlias = Record | None


class Harmless(NamedTuple):
    """A change of one record after which the pair is still one work."""

    code: str
    meaning: str
    change: Callable[[Record, Random], Changed]


class Trio(NamedTuple):
    """A record, one that is the same work, and one that is another work and differs from the second in one thing alone."""

    a: Record
    same: Record
    other: Record


class Decisive(NamedTuple):
    """A change after which the pair is two works."""

    code: str
    meaning: str
    change: Callable[[Record, Record, Random], Trio | None]
