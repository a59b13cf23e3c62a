"""What the product does with a set of records, in memory: index, prefilter, decisions, groups, partition.

The rules and the pipeline are those of `streams.deduplicate` (`streams/api`); what is added here is what a measure needs: decisions
that are timed, remembered and exchanged, any order of arrival, and what each kind of key brings.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from typing import TypeAlias

from streams.api.grouping import divide_group, group_linked, pair_of
from streams.api.memory_index import KEY_CAP, KeyNumbers, MemoryIndex
from streams.clusters.planner import Pair as ClusterPair
from streams.matching.decide import decide
from streams.matching.decision import Decision
from streams.matching.feature_values import Features
from streams.matching.prefilter import WEAK_KINDS, passes
from streams.matching.ruleset import DEFAULT, Rules
from streams.records.stored import id_of

GROUP_CAP = 1000  # as the setting cluster_cap

Pair: TypeAlias = tuple[int, int]


class World:
    """Records by number, in the order of their 8-byte ids, so that numbers compare as ids do."""

    def __init__(self, features: Mapping[str, Features], rules: Rules = DEFAULT) -> None:
        self.names = sorted(features, key=id_of)
        self.number = {name: number for number, name in enumerate(self.names)}
        self.features = [features[name] for name in self.names]
        numbers = KeyNumbers()
        self.blocking = [numbers.blocking(feature) for feature in self.features]
        self.keys = [blocking.keys for blocking in self.blocking]
        self.kinds = numbers.kinds
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
        index = MemoryIndex[int]()
        return {
            (other, record) if other < record else (record, other)
            for record in order
            for other in index.add(record, self.blocking[record])
        }

    def meetings(self, order: Iterable[int]) -> dict[Pair, set[str]]:
        """Return all pairs read under a key, before the prefilter, with the kinds of key that brought each together."""
        index = MemoryIndex[int]()
        found: dict[Pair, set[str]] = defaultdict(set)
        for record in order:
            for key, _, members in index.read_and_add(record, self.blocking[record]):
                for other in members:
                    found[(other, record) if other < record else (record, other)].add(self.kinds[key])
        return found

    def full_keys(self) -> int:
        """Return how many keys have more members than a key keeps."""
        counts = Counter(key for keys in self.keys for key, _ in keys)
        return sum(count > KEY_CAP for count in counts.values())

    def are_compared(self, pair: Pair, kinds: Iterable[str]) -> bool:
        """Return whether a pair that was read under keys of these kinds is compared."""
        if not WEAK_KINDS.issuperset(kinds):
            return True
        return passes(self.blocking[pair[0]].signature, self.blocking[pair[1]].signature)

    def are_candidates(self, a: int, b: int) -> bool:
        """Return whether a feed compares two records: a strong key is shared, or a weak one and the signatures agree."""
        return self.blocking[a].meets(self.blocking[b])

    def shared_kinds(self, a: int, b: int) -> set[str]:
        """Return the kinds of the keys that two records have in common, whether they are compared or not."""
        return {self.kinds[key] for key, _ in self.blocking[a].shared(self.blocking[b])}

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
            self._links[pair] = pair_of(self.decide(pair), lambda: self.are_candidates(*pair)).link
        return self._links[pair]

    def clusters(self, met: Iterable[Pair]) -> list[list[int]]:
        """Return the clusters when these pairs were compared: groups by the links among them, each divided."""
        linked = [pair for pair in met if self.link(pair) is not None]
        groups = group_linked(linked).groups
        self.largest = max(self.largest, max(map(len, groups), default=1))
        alone = set(range(len(self.names))).difference(*linked)
        return [
            *(cluster for members in groups for cluster in self._divide(members)),
            *([one] for one in sorted(alone)),
        ]

    def _divide(self, members: tuple[int, ...]) -> list[list[int]]:
        if members not in self._parts:
            self._parts[members] = divide_group(members, self._pair)
        return self._parts[members]

    def _pair(self, a: int, b: int) -> ClusterPair:
        decision = self.decide((a, b))
        return ClusterPair(self.link((a, b)), decision.veto, decision.opposes, decision.strength)

    def named(self, clusters: Iterable[Sequence[int]]) -> list[list[str]]:
        """Return clusters by record ids."""
        return [[self.names[record] for record in members] for members in clusters]
