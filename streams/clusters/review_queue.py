"""Chooses the doubtful pairs of one micro-batch that a person is asked about. Pure.

A pair is not worth a person's time where its two records are in one cluster already, by other pairs; and of the pairs between
two clusters one is enough, for the answer settles the others, also those that earlier records of the two have brought up.
A record that is doubtful against many others (a short note with a common title) would fill the queue alone: of each record
that arrives only the most likely pairs are asked, and none that meets under crowded keys alone, so that a record is asked
about at most as often as its keys have room. And a feed of poor records would ask more than people can answer: a budget
bounds the pairs by the records that arrive, the most likely first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

__all__ = ["CROWD", "MOST_PER_RECORD", "RECORDS_PER_PAIR", "Budget", "Choice", "Doubtful", "Home", "choose", "is_new"]

MOST_PER_RECORD = 3
RECORDS_PER_PAIR = 70
"""A pair is about two records, so that less than 3 of 100 records are asked about."""
_SAVINGS = 14
_LOOKED_AT = 8
CROWD = 16
"""Records under a key beyond which meeting there says nothing: its title or author is too common."""


Home = tuple[bytes, int]
"""A cluster: its group and the number in it."""


class Doubtful(NamedTuple):
    """A pair with the verdict `review`: the record that arrived, the other, the score, and the least crowded key they share."""

    arrived: bytes
    other: bytes
    score: float
    crowd: int


class Choice(NamedTuple):
    """The pairs to ask about, and how many were passed over by a cap."""

    asked: list[Doubtful]
    capped: int


class Budget:
    """How many pairs may be asked about: one for each `RECORDS_PER_PAIR` records that arrive, saved up to `_SAVINGS`."""

    def __init__(self) -> None:
        self._records = RECORDS_PER_PAIR * _SAVINGS

    def earn(self, records: int) -> int:
        """Add the records that arrived, and return how many pairs may be asked about now."""
        self._records = min(self._records + records, max(records, RECORDS_PER_PAIR * _SAVINGS))
        return self._records // RECORDS_PER_PAIR

    def spend(self, pairs: int) -> None:
        """Subtract the pairs that were asked about."""
        self._records -= pairs * RECORDS_PER_PAIR


def choose(doubtful: Iterable[Doubtful], home: Callable[[bytes], Home], most: int = 1_000_000) -> Choice:
    """Choose up to `most` pairs to ask about; `home` names the cluster that a record is in now."""
    ranked: Sequence[Doubtful] = sorted(doubtful, key=lambda pair: (-pair.score, pair.arrived, pair.other))
    asked: list[Doubtful] = []
    capped = 0
    seen: Counter[bytes] = Counter()
    settled: set[tuple[Home, Home]] = set()
    for pair in ranked:
        one, other = home(pair.arrived), home(pair.other)
        between = (one, other) if one < other else (other, one)
        if one == other or between in settled:
            continue
        if len(asked) < most and pair.crowd <= CROWD and seen[pair.arrived] < MOST_PER_RECORD:
            seen[pair.arrived] += 1
            settled.add(between)
            asked.append(pair)
        else:
            capped += 1
    return Choice(asked, capped)


def is_new(mine: Sequence[bytes], theirs: Sequence[bytes], in_doubt: Callable[[bytes, bytes], bool]) -> bool:
    """Return whether no two earlier records of two clusters are in doubt against each other, so that no person was asked yet.

    `mine` and `theirs` are the records of the clusters that were there before this micro-batch.
    """
    return not any(in_doubt(one, other) for one in mine[:_LOOKED_AT] for other in theirs[:_LOOKED_AT])
