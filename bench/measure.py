"""All numbers of one set, by the product's rules in memory (`bench/world.py`)."""

from __future__ import annotations

import statistics
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import combinations
from typing import NamedTuple

from compare import ordered
from sets import Feed, Labels
from world import World

from streams.evaluation import B3, Pairwise, cluster_scores, cross_scores, decision_scores
from streams.matching.decision import DISTINCT, DUPLICATE, REVIEW, Decision
from streams.matching.features import extract

Pair = tuple[str, str]
KindRow = tuple[str, int | str, int | str, int, int]


class Error(NamedTuple):
    """A pair told wrongly: `missed` or `wrong`, in which category, and the decision behind it."""

    what: str
    category: str
    a: str
    b: str
    decision: Decision


class Result(NamedTuple):
    """All numbers of one set; None where the set cannot say.

    `candidates` are pairs read under keys, `compared` those left after the screen, both per record; `blocking` is the
    share of true pairs read under a key, `screened` of those compared. `kinds` is the table of kinds of key: candidates,
    compared, true pairs, true pairs no other kind brings.
    """

    name: str
    records: int
    pairs: Pairwise
    b_cubed: B3 | None
    review_share: float
    blocking: float
    screened: float
    candidates: float | None
    compared: float | None
    per_second: float
    decide_us: float
    kinds: list[KindRow]
    errors: list[Error]
    clusters: list[list[str]]


def measure_feed(name: str, feed: Feed) -> Result:
    """Block, decide and cluster a feed, and score it."""
    start = time.perf_counter()
    world = World({record: extract(value) for record, value in feed.records.items()})
    order = [world.number[record] for record in feed.records]
    met = world.arrive(order)
    reviews = sum(world.decide(pair).verdict == REVIEW for pair in met)
    clusters = world.named(world.clusters(met))
    seconds = time.perf_counter() - start
    gold = feed.gold_pairs()
    read = world.meetings(order)
    scores = cross_scores(clusters, feed.cross) if feed.cross else cluster_scores(clusters, feed.gold)
    by_name = {ordered(world.names[a], world.names[b]): (a, b) for a, b in read}
    return Result(
        name=name,
        records=len(feed.records),
        pairs=scores.pairs,
        b_cubed=None if feed.cross else scores.b_cubed,  # type: ignore[union-attr]
        review_share=share(reviews, len(met)),
        blocking=share(len(gold & by_name.keys()), len(gold)),
        screened=share(sum(by_name.get(pair) in met for pair in gold), len(gold)),
        candidates=len(read) / max(1, len(feed.records)),
        compared=len(met) / max(1, len(feed.records)),
        per_second=len(feed.records) / seconds,
        decide_us=1e6 * statistics.median(world.seconds or [0.0]),
        kinds=kind_table(world, read, {by_name[pair] for pair in gold & by_name.keys()}),
        errors=list(errors_of(world, feed, clusters, gold)),
        clusters=clusters,
    )


def errors_of(world: World, feed: Feed, clusters: list[list[str]], gold: set[Pair]) -> Iterable[Error]:
    """The pairs put together or left apart wrongly."""
    found = {
        ordered(a, b)
        for members in clusters
        for a, b in combinations(members, 2)
        if not feed.cross or a.partition(":")[0] != b.partition(":")[0]
    }
    for what, pairs in (("wrong", found - gold), ("missed", gold - found)):
        for a, b in sorted(pairs):
            if a in world.number and b in world.number and (feed.cross or (a in feed.gold and b in feed.gold)):
                pair = world.number[a], world.number[b]
                pair = (min(pair), max(pair))
                decision = world.decide(pair)
                yield Error(what, category(world, pair, what), a, b, decision)


def category(world: World, pair: tuple[int, int], what: str) -> str:
    """Why a pair is told wrongly, in a few words."""
    decision = world.decide(pair)
    reason = decision.reasons[0] if decision.reasons else "none"
    meets = world.meets(*pair)
    if what == "wrong":
        if meets and decision.verdict == DUPLICATE:
            return f"duplicate: {reason}"
        return f"joined by others, {decision.verdict if meets else 'not compared'}"
    if not meets:
        why = "left out by the screen" if world.shares_key(*pair) else "no key in common"
        return f"{why} (else {decision.verdict})"
    return "kept apart by another record" if decision.verdict == DUPLICATE else f"{decision.verdict}: {reason}"


def kind_table(world: World, read: Mapping[tuple[int, int], set[str]], gold: set[tuple[int, int]]) -> list[KindRow]:
    """What each kind of key brings."""
    total, compared, found, alone = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    for pair, kinds in read.items():
        total.update(kinds)
        if world.consents(pair, kinds):
            compared.update(kinds)
        if pair in gold:
            found.update(kinds)
            if len(kinds) == 1:
                alone.update(kinds)
    return [(kind, total[kind], compared[kind], found[kind], alone[kind]) for kind in sorted(total)]


def measure_pairs(name: str, labels: list[Labels]) -> Result:
    """Decide labelled pairs, each a world of its own; a pair that does not meet in the index is not compared."""
    start = time.perf_counter()
    worlds = [World({"a": extract(pair.a), "b": extract(pair.b)}) for pair in labels]
    decided = [(world, world.decide((0, 1))) for world in worlds]
    verdicts = [decision.verdict if world.meets(0, 1) else DISTINCT for world, decision in decided]
    seconds = time.perf_counter() - start
    scores = decision_scores((pair.label, verdict) for pair, verdict in zip(labels, verdicts, strict=True))
    same = [world for world, pair in zip(worlds, labels, strict=True) if pair.label == DUPLICATE]
    shared = [{world.kinds[key] for key, _ in set(world.keys[0]) & set(world.keys[1])} for world in same]
    kinds = Counter(kind for met in shared for kind in met)
    alone = Counter(kind for met in shared for kind in met if len(met) == 1)
    errors = []
    for (world, decision), pair, verdict in zip(decided, labels, verdicts, strict=True):
        if pair.label != "unsure" and (verdict == DUPLICATE) != (pair.label == DUPLICATE):
            what = "missed" if pair.label == DUPLICATE else "wrong"
            why = category(world, (0, 1), what)
            errors.append(Error(what, why, pair.a.id, pair.b.id, decision))
    return Result(
        name=name,
        records=2 * len(labels),
        pairs=scores.pairs,
        b_cubed=None,
        review_share=scores.review_share,
        blocking=share(sum(map(bool, shared)), len(same)),
        screened=share(sum(world.meets(0, 1) for world in same), len(same)),
        candidates=None,
        compared=None,
        per_second=2 * len(labels) / seconds,
        decide_us=1e6 * statistics.median(second for world in worlds for second in world.seconds),
        kinds=[(kind, "–", "–", kinds[kind], alone[kind]) for kind in sorted(kinds)],
        errors=errors,
        clusters=[],
    )


def share(part: int, whole: int) -> float:
    """`part` of `whole`, 1 where there is no whole."""
    return part / whole if whole else 1.0
