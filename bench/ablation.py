"""What each rule is good for: the pairs it decides, right and wrong, and what the clusters of a set become without it.

A rule decides a pair where it is the first that holds. It is right where it lets the pair be one work and it is, or keeps it
from that (distinct, related, in doubt) and it is not. Without the rule the pairs it decided are decided anew, by the next
rule that holds or by their weights, and the set is clustered again.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from typing import NamedTuple

from rules_in_use import RULES, decider, holding, without
from subjects import Subject
from world import Pair, World

from streams.evaluation.scores import Pairwise
from streams.matching.decide import decide
from streams.matching.decision import DUPLICATE, Decision
from streams.matching.pair import compare, compare_fully


class Row(NamedTuple):
    """One rule on one set.

    `right` and `wrong` count the compared pairs it decides, as far as the set knows them. `before` and `without` are the
    pairs of the clusters with all rules and without this one.
    """

    code: str
    name: str
    right: int
    wrong: int
    before: Pairwise
    without: Pairwise

    @property
    def balance(self) -> int:
        """The errors, wrong and missed pairs of the clusters together, that there are more without it."""
        return self.more_wrong + self.more_missed

    @property
    def more_wrong(self) -> int:
        """Pairs put together wrongly that there are more without it."""
        return (self.without.predicted - self.without.correct) - (self.before.predicted - self.before.correct)

    @property
    def more_missed(self) -> int:
        """Pairs of one work missed that there are more without it."""
        return self.before.correct - self.without.correct


class Alarm(NamedTuple):
    """One guard on one set: pairs for which it holds, whether another rule comes first or not.

    `false` of them are one work, `decided` of these the guard itself keeps apart or in doubt; `true` are two works.
    """

    code: str
    name: str
    false: int
    decided: int
    true: int


def ablate(subject: Subject, world: World, found: Collection[Pair]) -> Iterator[Row]:
    """Leave out each rule that decides any pair of a set, which puts together `found` with all rules."""
    before = _count(subject, set(found))
    decided = _decided(subject, world)
    for code, pairs in sorted(decided.items(), key=lambda item: list(RULES).index(item[0])):
        truths = [truth for pair in pairs if pair in subject.met and (truth := subject.truth(pair)) is not None]
        right = sum(truth == (RULES[code][1].effect == DUPLICATE) for truth in truths)
        after = _count(subject, _found_without(subject, world, code, pairs))
        yield Row(code, subject.name, right, len(truths) - right, before, after)


def _decided(subject: Subject, world: World) -> dict[str, list[Pair]]:
    """Return the pairs each rule decides among all that were decided."""
    found: dict[str, list[Pair]] = defaultdict(list)
    for a, b in world.decisions:
        pair = compare(subject.world.features[a], subject.world.features[b])
        if pair is not None and (rule := decider(pair, world.rules)):
            found[rule.code].append((a, b))
    return found


def _found_without(subject: Subject, world: World, code: str, pairs: Collection[Pair]) -> set[Pair]:
    features = subject.world.features
    with without(code):
        decided = {pair: decide(features[pair[0]], features[pair[1]], world.rules) for pair in pairs}
        changes = {pair: one for pair, one in decided.items() if _effect(one) != _effect(world.decide(pair))}
        return subject.found(world.revised(changes))


def _effect(decision: Decision) -> tuple[object, ...]:
    return decision.verdict, decision.score, decision.veto, decision.opposes, decision.strength


def _count(subject: Subject, found: set[Pair]) -> Pairwise:
    gold = len(subject.gold) + subject.unread.total()
    return Pairwise(len(found & subject.gold), len(found), gold)


def alarms(subject: Subject, world: World) -> list[Alarm]:
    """Return for which pairs of a set each guard holds: of the compared pairs, and of those that are one work all."""
    false, decided, true = Counter[str](), Counter[str](), Counter[str]()
    features = subject.world.features
    known = {pair: truth for pair in subject.met if (truth := subject.truth(pair)) is not None}
    for (a, b), same in (known | dict.fromkeys(subject.gold, True)).items():
        pair = compare(features[a], features[b]) or compare_fully(features[a], features[b])
        (false if same else true).update(holding(pair))
        if same and (rule := decider(pair, world.rules)) and rule.effect != DUPLICATE:
            decided[rule.code] += 1
    seen = [code for code in RULES if false[code] or true[code]]
    return [Alarm(code, subject.name, false[code], decided[code], true[code]) for code in seen]
