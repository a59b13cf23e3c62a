"""What is asked of persons: which records have a doubtful pair, how many of these pairs are one work, and who is asked most."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from subjects import Subject
from world import Pair, World

from streams.clusters.review_queue import Budget, Doubtful, Home, choose, is_new
from streams.matching.decision import REVIEW

BINS = (0.50, 0.55, 0.60, 0.65)
"""Lower bounds of the bins of review scores; the last ends where duplicates begin."""
BATCH = 1024  # records of a micro-batch, as the setting batch_records


class Bin(NamedTuple):
    """Pairs asked about with a score from `least` up: those of known truth, and how many of them are one work."""

    least: float
    known: int
    same: int


class Review(NamedTuple):
    """The doubtful pairs of a set, and those that a person is asked about.

    `touched` records have a pair that is asked about. Of `doubtful` pairs `asked` are, `capped` are passed over by a cap, and
    the others are settled elsewhere. Of `known` ones among the asked the set knows the truth, and `same` of these are one
    work. `most` is the most pairs asked about one record.
    """

    is_feed: bool
    records: int
    touched: int
    doubtful: int
    asked: int
    capped: int
    known: int
    same: int
    most: int
    bins: tuple[Bin, ...]


def review(subject: Subject, world: World) -> Review:
    """Return what is asked about a set; of labelled pairs every doubtful one."""
    doubtful = [pair for pair in subject.met if world.decide(pair).verdict == REVIEW]
    asked, capped = _chosen(subject, world, doubtful) if subject.is_feed else (doubtful, 0)
    each = Counter(record for pair in asked for record in pair)
    known = [(world.decide(pair).score, truth) for pair in asked if (truth := subject.truth(pair)) is not None]
    return Review(
        is_feed=subject.is_feed,
        records=len(world.names),
        touched=len(each),
        doubtful=len(doubtful),
        asked=len(asked),
        capped=capped,
        known=len(known),
        same=sum(truth for _, truth in known),
        most=max(each.values(), default=0),
        bins=tuple(_bin(known, least, most) for least, most in zip(BINS, (*BINS[1:], 1.0), strict=True)),
    )


def _bin(known: list[tuple[float, bool]], least: float, most: float) -> Bin:
    mine = [truth for score, truth in known if least <= score < most]
    return Bin(least, len(mine), sum(mine))


def _chosen(subject: Subject, world: World, doubtful: list[Pair]) -> tuple[list[Pair], int]:
    """Return the pairs that the product asks about when the records come in the order of their ids, and how many a cap stops."""
    asked: list[Pair] = []
    capped = 0
    budget = Budget()
    crowds = _crowds(world, doubtful)

    def in_doubt(one: bytes, other: bytes) -> bool:
        a, b = sorted((int.from_bytes(one, "big"), int.from_bytes(other, "big")))
        return world.decide((a, b)).verdict == REVIEW

    for end, pairs in _by_batch(doubtful):
        clusters = world.clusters(pair for pair in subject.met if pair[1] < end)
        homes = {record: number for number, members in enumerate(clusters) for record in members}

        def home(record: bytes, homes: dict[int, int] = homes) -> Home:
            return b"", homes[int.from_bytes(record, "big")]

        given = {Doubtful(_id(b), _id(a), world.decide((a, b)).score, crowds[a, b]): (a, b) for a, b in pairs}

        def before(record: bytes, clusters: Sequence[Sequence[int]] = clusters, end: int = end) -> list[bytes]:
            return [_id(member) for member in clusters[home(record)[1]] if member < end - BATCH]

        choice = choose(given, home, budget.earn(BATCH))
        fresh = [given[one] for one in choice.asked if is_new(before(one.arrived), before(one.other), in_doubt)]
        budget.spend(len(fresh))
        asked += fresh
        capped += choice.capped
    return asked, capped


def _id(record: int) -> bytes:
    return record.to_bytes(8, "big")


def _by_batch(pairs: list[Pair]) -> Iterator[tuple[int, list[Pair]]]:
    """Return the pairs that come with each micro-batch, and the record after its last."""
    found: dict[int, list[Pair]] = defaultdict(list)
    for pair in sorted(pairs):
        found[pair[1] // BATCH].append(pair)
    return (((number + 1) * BATCH, found[number]) for number in sorted(found))


def _crowds(world: World, pairs: list[Pair]) -> dict[Pair, int]:
    """Return how many records the least crowded key of a pair holds when the second record arrives."""
    waiting: dict[int, list[int]] = defaultdict(list)
    for first, second in pairs:
        waiting[second].append(first)
    found: dict[Pair, int] = {}
    there: Counter[int] = Counter()
    for record, mine in enumerate(world.keys):
        for other in waiting.get(record, ()):
            shared = {key for key, _ in mine}.intersection(key for key, _ in world.keys[other])
            found[other, record] = min((there[key] for key in shared), default=0)
        there.update(key for key, _ in mine)
    return found
