"""What is asked of persons: which records have a doubtful pair, how many of these pairs are one work, and who is asked most."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from subjects import Subject, pairs_within
from world import World

from streams.matching.decision import REVIEW

BINS = (0.50, 0.55, 0.60, 0.65)
"""Lower bounds of the bins of review scores; the last ends where duplicates begin."""


class Bin(NamedTuple):
    """Doubtful pairs with a score from `least` up: those of known truth, and how many of them are one work."""

    least: float
    known: int
    same: int


class Review(NamedTuple):
    """The doubtful pairs of a set.

    `touched` records have one; `asked` are all such pairs, `settled` those whose records are in one cluster all the same;
    of `known` ones the set knows the truth, and `same` of these are one work. `most` is the most pairs of one record.
    """

    is_feed: bool
    records: int
    touched: int
    asked: int
    settled: int
    known: int
    same: int
    most: int
    bins: tuple[Bin, ...]


def review(subject: Subject, world: World) -> Review:
    """Return what is asked about a set: every compared pair with the verdict `review`, as `dedup.review` has it."""
    asked = [pair for pair in subject.met if world.decide(pair).verdict == REVIEW]
    each = Counter(record for pair in asked for record in pair)
    together = pairs_within(world.clusters(subject.met)) if subject.is_feed else set()
    known = [(world.decide(pair).score, truth) for pair in asked if (truth := subject.truth(pair)) is not None]
    return Review(
        is_feed=subject.is_feed,
        records=len(world.names),
        touched=len(each),
        asked=len(asked),
        settled=sum(pair in together for pair in asked),
        known=len(known),
        same=sum(truth for _, truth in known),
        most=max(each.values(), default=0),
        bins=tuple(_bin(known, least, most) for least, most in zip(BINS, (*BINS[1:], 1.0), strict=True)),
    )


def _bin(known: list[tuple[float, bool]], least: float, most: float) -> Bin:
    mine = [truth for score, truth in known if least <= score < most]
    return Bin(least, len(mine), sum(mine))
