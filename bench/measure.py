"""All numbers of one set under one ruleset, by the product's rules in memory (`bench/world.py`)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple, TypeAlias

from matching_speed import Cost, cost
from reviews import Review, review
from scores import Scores, score
from subjects import Subject
from world import Pair, World

from streams.evaluation.scores import B3, cluster_scores
from streams.matching.decide import decide
from streams.matching.decision import DUPLICATE, Decision

KindRow: TypeAlias = tuple[str, int | str, int | str, int, int]
Histogram: TypeAlias = Counter[tuple[int, bool]]
"""How many compared pairs have a score, in thousandths, and are one work or not."""


class Error(NamedTuple):
    """A pair of a set that is `missed` or `wrong`, in which category, and the decision behind it."""

    what: str
    category: str
    pair: Pair
    decision: Decision


class Outcome(NamedTuple):
    """What one ruleset makes of a set. `scores` is None where the set has no truth."""

    name: str
    records: int
    scores: Scores | None
    review: Review
    scored: Histogram


class Blocking(NamedTuple):
    """What keys and prefilter bring together; None where the set is no feed and cannot say.

    `read` is the share of true pairs read under a key, `compared` of those compared; `candidates` and `decided` are pairs
    per record, read and compared. `kinds` is the table of kinds of key: candidates, compared, true pairs, true pairs no
    other kind brings.
    """

    read: float
    compared: float
    candidates: float | None
    decided: float | None
    kinds: list[KindRow]


def outcome(subject: Subject, world: World) -> Outcome:
    """Decide and cluster a set under the rules of a world, and score it."""
    scores = score(subject, subject.found(world)) if subject.is_labelled else None
    return Outcome(subject.name, len(world.names), scores, review(subject, world), histogram(subject, world))


def histogram(subject: Subject, world: World) -> Histogram:
    """Return the scores of the compared pairs whose truth the set knows."""
    found: Histogram = Counter()
    for pair, same in subject.judged():
        if pair in subject.met:
            found[round(world.decide(pair).score * 1000), same] += 1
    return found


def one_sided(subject: Subject, world: World) -> int:
    """Return how many compared pairs are decided otherwise when their records change places."""
    features = world.features
    return sum(decide(features[b], features[a], world.rules) != world.decide((a, b)) for a, b in subject.met)


def b_cubed(subject: Subject, world: World) -> B3 | None:
    """Return the B-cubed scores of a feed with gold clusters."""
    gold = getattr(subject.labelled, "gold", None)
    return cluster_scores(world.named(world.clusters(subject.met)), gold).b_cubed if gold else None


def time_matching(subject: Subject) -> Cost:
    """Run a set once more from its records to its clusters, and time it."""
    records = {name: subject.record(number) for name, number in subject.world.number.items()}
    return cost(records, None if subject.is_feed else subject.met)


def blocking(subject: Subject) -> Blocking:
    """Return what keys and prefilter bring together."""
    world = subject.world
    gold = len(subject.gold) + subject.unread.total()
    if not subject.is_feed:
        shared = [world.shared_kinds(*pair) for pair in subject.gold]
        total = Counter(kind for kinds in shared for kind in kinds)
        alone = Counter(kind for kinds in shared for kind in kinds if len(kinds) == 1)
        rows: list[KindRow] = [(kind, "–", "–", total[kind], alone[kind]) for kind in sorted(total)]
        met = len(subject.gold & subject.met)
        return Blocking(share(sum(map(bool, shared)), gold), share(met, gold), None, None, rows)
    read = world.meetings(range(len(world.names)))
    records = max(1, len(world.names))
    return Blocking(
        share(len(subject.gold & read.keys()), gold),
        share(len(subject.gold & subject.met), gold),
        len(read) / records,
        len(subject.met) / records,
        kind_table(world, read, subject.gold),
    )


def kind_table(world: World, read: Mapping[Pair, set[str]], gold: set[Pair]) -> list[KindRow]:
    """Return what each kind of key brings."""
    total, compared, found, alone = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    for pair, kinds in read.items():
        total.update(kinds)
        if world.are_compared(pair, kinds):
            compared.update(kinds)
        if pair in gold:
            found.update(kinds)
            if len(kinds) == 1:
                alone.update(kinds)
    return [(kind, total[kind], compared[kind], found[kind], alone[kind]) for kind in sorted(total)]


def errors(subject: Subject, world: World, found: Iterable[Pair]) -> Iterator[Error]:
    """Return the pairs put together or left apart wrongly."""
    given = set(found)
    for what, pairs in (("wrong", given - subject.gold), ("missed", subject.gold - given)):
        for pair in sorted(pairs):
            yield Error(what, category(world, pair, what), pair, world.decide(pair))


def category(world: World, pair: Pair, what: str) -> str:
    """Return why a pair is put together or left apart wrongly, in a few words."""
    decision = world.decide(pair)
    reason = decision.reasons[0] if decision.reasons else "none"
    meets = world.are_candidates(*pair)
    if what == "wrong":
        if meets and decision.verdict == DUPLICATE:
            return f"duplicate: {reason}"
        return f"joined by others, {decision.verdict if meets else 'not compared'}"
    if not meets:
        why = "left out by the screen" if world.shared_kinds(*pair) else "no key in common"
        return f"{why} (else {decision.verdict})"
    return "kept apart by another record" if decision.verdict == DUPLICATE else f"{decision.verdict}: {reason}"


def share(part: float, whole: float) -> float:
    """Return `part` of `whole`, 1 where there is no whole."""
    return part / whole if whole else 1.0
