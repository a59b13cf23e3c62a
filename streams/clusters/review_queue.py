"""Which doubtful pairs a person is asked about: a pure choice among those of one micro-batch.

A pair is not worth a person's time where its two records are in one cluster already, by other pairs; and of the pairs between
two clusters one is enough, for the answer settles the others. A record that is
doubtful against many others (a short note with a common title) would fill the queue alone: of each record that arrives only
the most likely pairs are asked, and none that meets under crowded keys alone, so that a record is asked about at most as
often as its keys have room.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

__all__ = ["CROWD", "MOST_PER_RECORD", "Choice", "Doubtful", "Home", "choose"]

MOST_PER_RECORD = 3
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


def choose(doubtful: Iterable[Doubtful], home: Callable[[bytes], Home]) -> Choice:
    """Choose the pairs to ask about; `home` names the cluster that a record is in now."""
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
        if pair.crowd <= CROWD and seen[pair.arrived] < MOST_PER_RECORD:
            seen[pair.arrived] += 1
            settled.add(between)
            asked.append(pair)
        else:
            capped += 1
    return Choice(asked, capped)
