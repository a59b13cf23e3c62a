"""What the product does with a set of records, in memory: index, prefilter, decisions, groups, partition.

The rules are the product's own functions; only storage is replaced. A record reads its keys and is then added to them; a
key keeps the 64 smallest ids; pairs that share only weak keys must pass the prefilter; a link needs the verdict
`duplicate` and a meeting in the index (`Judge.meet`); links that were met make groups, and each group is divided by
`clusters.partition`, for which all pairs of its members are judged.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from itertools import combinations
from typing import TypeAlias

from streams.clusters.partition import Link, Opposition, partition
from streams.evaluation.scores import connected_components
from streams.matching.blocking import blocking_keys
from streams.matching.candidate_pairs import make_candidates
from streams.matching.decide import decide
from streams.matching.decision import DUPLICATE, Decision
from streams.matching.features import Features
from streams.matching.prefilter import WEAK_KINDS, passes, signature
from streams.matching.ruleset import DEFAULT, Rules
from streams.records.stored import id_of

KEY_CAP = 64  # as the setting key_cap
GROUP_CAP = 1000  # as the setting cluster_cap

Pair: TypeAlias = tuple[int, int]


class World:
    """Records by number, in the order of their 8-byte ids, so that numbers compare as ids do."""

    def __init__(self, features: Mapping[str, Features], rules: Rules = DEFAULT) -> None:
        self.names = sorted(features, key=id_of)
        self.number = {name: number for number, name in enumerate(self.names)}
        self.features = [features[name] for name in self.names]
        numbered: dict[tuple[str, str], int] = {}
        self.keys = [
            tuple((numbered.setdefault(key, len(numbered)), key.kind in WEAK_KINDS) for key in blocking_keys(feature))
            for feature in self.features
        ]
        self.kinds = [kind for kind, _ in numbered]
        self.signatures = [signature(feature) for feature in self.features]
        self._begin(rules)

    def _begin(self, rules: Rules) -> None:
        self.rules = rules
        self.seconds: list[float] = []  # what each decision took
        self.largest = 0  # members of the largest group seen
        self._decisions: dict[Pair, Decision] = {}
        self._links: dict[Pair, float | None] = {}
        self._parts: dict[tuple[int, ...], list[list[int]]] = {}

    def under(self, rules: Rules) -> World:
        """Return a world of the same records and keys in which nothing is decided yet, under other rules."""
        other = copy(self)
        other._begin(rules)
        return other

    def revised(self, changes: Mapping[Pair, Decision]) -> World:
        """Return a world of the same records in which some pairs are decided otherwise."""
        other = copy(self)
        touched = {record for pair in changes for record in pair}
        other._decisions = {**self._decisions, **changes}
        other._links = {pair: link for pair, link in self._links.items() if pair not in changes}
        other._parts = {m: parts for m, parts in self._parts.items() if sum(one in touched for one in m) < 2}
        return other

    @property
    def decisions(self) -> Mapping[Pair, Decision]:
        """The decisions made so far."""
        return self._decisions

    def arrive(self, order: Iterable[int]) -> set[Pair]:
        """Return the pairs that are compared when the records come in this order."""
        there: list[list[int]] = [[] for _ in self.kinds]
        met: set[Pair] = set()
        signatures = self.signatures
        for record in order:
            mine = signatures[record]
            for key, weak in self.keys[record]:
                members = there[key]
                for other in members:
                    if not weak or passes(mine, signatures[other]):
                        met.add((other, record) if other < record else (record, other))
                _insert(members, record)
        return met

    def meetings(self, order: Iterable[int]) -> dict[Pair, set[str]]:
        """Return all pairs read under a key, before the prefilter, with the kinds of key that brought each together."""
        there: list[list[int]] = [[] for _ in self.kinds]
        found: dict[Pair, set[str]] = defaultdict(set)
        for record in order:
            for key, _ in self.keys[record]:
                for other in there[key]:
                    found[(other, record) if other < record else (record, other)].add(self.kinds[key])
                _insert(there[key], record)
        return found

    def full_keys(self) -> int:
        """Return how many keys have more members than a key keeps."""
        counts: dict[int, int] = defaultdict(int)
        for mine in self.keys:
            for key, _ in mine:
                counts[key] += 1
        return sum(count > KEY_CAP for count in counts.values())

    def are_compared(self, pair: Pair, kinds: Iterable[str]) -> bool:
        """Return whether a pair that was read under keys of these kinds is compared."""
        if not WEAK_KINDS.issuperset(kinds):
            return True
        return passes(self.signatures[pair[0]], self.signatures[pair[1]])

    def are_candidates(self, a: int, b: int) -> bool:
        """Return what `Judge.meet` says: a strong blocking key is shared, or weak ones and the prefilter passes."""
        shared = set(self.keys[a]).intersection(self.keys[b])
        return make_candidates([weak for _, weak in shared], self.signatures[a], self.signatures[b])

    def shared_kinds(self, a: int, b: int) -> set[str]:
        """Return the kinds of the keys that two records have in common, whether they are compared or not."""
        return {self.kinds[key] for key, _ in set(self.keys[a]).intersection(self.keys[b])}

    def decide(self, pair: Pair) -> Decision:
        """Return the decision on a pair, made once."""
        decision = self._decisions.get(pair)
        if decision is None:
            a, b = self.features[pair[0]], self.features[pair[1]]
            start = time.perf_counter()
            decision = decide(a, b, self.rules)
            self.seconds.append(time.perf_counter() - start)
            self._decisions[pair] = decision
        return decision

    def link(self, pair: Pair) -> float | None:
        """Return the score of the link between two records of one group, None where they have none."""
        if pair not in self._links:
            decision = self.decide(pair)
            linked = decision.verdict == DUPLICATE and self.are_candidates(*pair)
            self._links[pair] = decision.score if linked else None
        return self._links[pair]

    def clusters(self, met: Iterable[Pair]) -> list[list[int]]:
        """Return the clusters when these pairs were compared: groups by the links among them, each divided."""
        linked = [pair for pair in met if self.link(pair) is not None]
        groups: list[tuple[int, ...]] = connected_components((), linked)
        self.largest = max(self.largest, max(map(len, groups), default=1))
        alone = set(range(len(self.names))).difference(*linked)
        return [
            *(cluster for members in groups for cluster in self._divide(members)),
            *([one] for one in sorted(alone)),
        ]

    def _divide(self, members: tuple[int, ...]) -> list[list[int]]:
        if members not in self._parts:
            pairs = list(combinations(members, 2))
            links = [
                Link(score, *pair, self.decide(pair).strength)
                for pair in pairs
                if (score := self.link(pair)) is not None
            ]
            decided = [(pair, self.decide(pair)) for pair in pairs]
            vetoes = [pair for pair, decision in decided if decision.veto]
            against = [Opposition(*pair, decision.opposes) for pair, decision in decided if decision.opposes]
            self._parts[members] = partition(members, links, vetoes, oppositions=against)
        return self._parts[members]

    def named(self, clusters: Iterable[Sequence[int]]) -> list[list[str]]:
        """Return clusters by record ids."""
        return [[self.names[record] for record in members] for members in clusters]


def _insert(members: list[int], record: int) -> None:
    """Add a record as `state/add_to_keys.lua` does: a full key keeps the smallest ids."""
    if len(members) < KEY_CAP:
        members.append(record)
    else:
        most = max(members)
        if record < most:
            members[members.index(most)] = record
