"""A labelled set made ready to be decided: its records in a `World`, the pairs that are compared, and the truth.

Feeds and lists of labelled pairs take the same shape here, so that every measure is written once. A list of pairs is a
world in which only the labelled pairs are compared, and of those only the ones that meet in the key index.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import combinations

from sets import TRUTH, FeedSet, LabelledPair, LabelledSet, PairSet
from world import Pair, World

from streams.evaluation.scores import connected_components
from streams.matching.features import extract
from streams.records.record import Record

__all__ = ["Subject", "pairs_within", "trace_shared_pairs"]


class Subject:
    """One set.

    - `met`: the pairs that are compared when the records arrive in the order of their ids;
    - `gold`: the pairs that are one work, `unread`: how many more each work has, one record of which cannot be read;
    - `works`: the work of each record: its gold cluster; of labelled pairs all that share a title;
    - `labels`: the labelled pairs, empty for a feed; `cross`: only pairs across sources are labelled;
    - `elsewhere`: the other sets that have a pair, or of a labelled pair one of its records.
    """

    def __init__(self, labelled: LabelledSet) -> None:
        self.labelled = labelled
        self.name, self.base = labelled.name, labelled.base
        self.labels: dict[Pair, LabelledPair] = {}
        self.unread: Counter[int] = Counter()
        self.elsewhere: dict[Pair, set[str]] = {}
        if isinstance(labelled, FeedSet):
            self._feed(labelled)
        else:
            self._pairs(labelled)

    def _feed(self, feed: FeedSet) -> None:
        self.world = World({name: extract(record) for name, record in feed.records.items()})
        number = self.world.number
        self.met = self.world.arrive(range(len(number)))
        self.cross = bool(feed.cross)
        self.is_labelled = bool(feed.cross or feed.gold)
        pairs = feed.gold_pairs()
        works = {
            name: work
            for work, group in enumerate(connected_components({*number, *feed.gold}, pairs))
            for name in group
        }
        self.works = {record: works[name] for name, record in number.items()}
        self.gold = {_sorted(number[a], number[b]) for a, b in pairs if a in number and b in number}
        self.unread.update(works[a] for a, b in pairs if a not in number or b not in number)
        self._scored = frozenset(number[name] for name in (number if feed.cross else feed.gold) if name in number)

    def _pairs(self, given: PairSet) -> None:
        sides = [(f"{pair.name}/a", f"{pair.name}/b", pair) for pair in given.pairs]
        features = {a: extract(pair.a) for a, _, pair in sides} | {b: extract(pair.b) for _, b, pair in sides}
        self.world = World(features)
        number = self.world.number
        self.labels = {_sorted(number[a], number[b]): pair for a, b, pair in sides}
        self.met = {pair for pair in self.labels if self.world.are_candidates(*pair)}
        self.cross, self.is_labelled = False, True
        self.works = _works_by_title(self.world, self.labels)
        self.gold = {pair for pair, given in self.labels.items() if TRUTH[given.label]}

    @property
    def is_feed(self) -> bool:
        """Whether the set is a feed, of which clusters are made."""
        return not self.labels

    def truth(self, pair: Pair) -> bool | None:
        """Return whether a pair is one work, None where the set does not say."""
        if self.labels:
            return TRUTH[self.labels[pair].label] if pair in self.labels else None
        a, b = pair
        if not self.is_labelled or a not in self._scored or b not in self._scored:
            return None
        if self.cross and self.world.features[a].source == self.world.features[b].source:
            return None
        return pair in self.gold

    def judged(self) -> Iterator[tuple[Pair, bool]]:
        """Return the compared pairs of which the set says whether they are one work; of labelled pairs all."""
        for pair in sorted(self.labels or self.met):
            truth = self.truth(pair)
            if truth is not None:
                yield pair, truth

    def found(self, world: World) -> set[Pair]:
        """Return the pairs that a world of these records puts together, as far as the set can score them."""
        if self.labels:
            found = {pair for pair in self.met if world.link(pair) is not None}
        else:
            found = pairs_within(world.clusters(self.met))
        return {pair for pair in found if self.truth(pair) is not None}

    def record(self, number: int) -> Record:
        """Return a record as the set has it."""
        name = self.world.names[number]
        if isinstance(self.labelled, FeedSet):
            return self.labelled.records[name]
        return self._sides[name]

    @cached_property
    def _sides(self) -> dict[str, Record]:
        given = self.labels.values()
        return {f"{pair.name}/a": pair.a for pair in given} | {f"{pair.name}/b": pair.b for pair in given}

    def key(self, pair: Pair) -> str:
        """Return the name of a pair: that of the labelled pair, or both record ids."""
        if pair in self.labels:
            return self.labels[pair].name
        return " ".join(sorted(self.world.names[record] for record in pair))


def trace_shared_pairs(subjects: Collection[Subject]) -> None:
    """Note which pairs are in two sets, so that neither is fitted on what is measured on the other.

    Of a labelled pair one record in a feed, by id and title, is enough; of a feed both records must be a labelled pair's.
    """
    feeds = [subject for subject in subjects if subject.is_feed and subject.name == subject.base]
    for subject in subjects:
        for pair, labelled in subject.labels.items():
            for feed in feeds:
                there = [_find(feed, one) for one in (labelled.a, labelled.b)]
                known = [number for number in there if number is not None]
                if known:
                    subject.elsewhere.setdefault(pair, set()).add(feed.base)
                if len(known) == len(there) and known[0] != known[1]:
                    feed.elsewhere.setdefault(_sorted(*known), set()).add(subject.base)


def _find(feed: Subject, one: Record) -> int | None:
    number = feed.world.number.get(one.id)
    return number if number is not None and feed.record(number).title == one.title else None


def pairs_within(clusters: Iterable[Sequence[int]]) -> set[Pair]:
    """Return all pairs within clusters."""
    return {_sorted(a, b) for members in clusters for a, b in combinations(members, 2)}


def _works_by_title(world: World, pairs: Collection[Pair]) -> dict[int, int]:
    """Return works of labelled pairs: pairs that share a title in normal form are about one work, or its neighbours."""
    titles: dict[str, int] = {}
    ties = list(pairs)
    for pair in pairs:
        for record in pair:
            if title := world.features[record].title:
                ties.append((record, titles.setdefault(title, record)))
    groups = connected_components((record for pair in pairs for record in pair), ties)
    return {record: work for work, group in enumerate(groups) for record in group}


def _sorted(a: int, b: int) -> Pair:
    return (a, b) if a < b else (b, a)
