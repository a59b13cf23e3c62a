"""Decides on the candidates of a micro-batch."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from streams import events
from streams.clusters.review_queue import Doubtful
from streams.engine.candidates import Candidates, RecordCandidates
from streams.engine.decision_cache import DecisionCache
from streams.engine.statistics import Statistics
from streams.events import Evidence, Outgoing
from streams.matching.decision import DISTINCT, DUPLICATE, RELATED, REVIEW, Decision
from streams.state.key_index import KeyIndex
from streams.state.places import is_weak, slots
from streams.state.reader import Reader

__all__ = ["Decided", "Matcher"]


class Decided(NamedTuple):
    """What the decisions of a micro-batch say.

    `links` and `related` are pairs of record ids, `evidence` the accepted decisions on each record by its name,
    `doubtful` the pairs with the verdict `review`, `messages` those of `dedup.decisions`.
    """

    links: Sequence[tuple[bytes, bytes]]
    related: Sequence[tuple[bytes, bytes]]
    evidence: Mapping[str, Sequence[Evidence]]
    doubtful: Mapping[Doubtful, Evidence]
    messages: Sequence[Outgoing]
    statistics: Statistics


class Matcher:
    """Decides on pairs of records by their features."""

    def __init__(self, decisions: DecisionCache, index: KeyIndex) -> None:
        self._decisions = decisions
        self._index = index

    def decide(self, candidates: Candidates, reader: Reader) -> Decided:
        """Decide on each record and each of its candidates; the features of all are read already."""
        links: list[tuple[bytes, bytes]] = []
        related: list[tuple[bytes, bytes]] = []
        near: list[tuple[RecordCandidates, bytes, Decision]] = []
        compared: list[int] = []
        verdicts: Counter[str] = Counter()
        for each in candidates.records:
            upsert, others, _ = each
            mine = reader.features(upsert.id)
            if upsert.singleton is not None:
                compared.append(len(others))
            for other in others:
                theirs = reader.features(other)
                if not mine or not theirs:
                    continue
                decision = self._decisions.decide(mine, theirs)
                verdicts[decision.verdict] += 1
                if decision.verdict == DISTINCT:
                    continue
                near.append((each, other, decision))
                if decision.verdict == DUPLICATE:
                    # The two share a key now; whether they still do, the planner asks when it divides the group.
                    links.append((upsert.id, other))
                elif decision.verdict == RELATED:
                    related.append((upsert.id, other))
        evidence, doubtful, messages = self._evidence(near, reader)
        return Decided(links, related, evidence, doubtful, messages, Statistics(candidates=compared, decided=verdicts))

    def _evidence(
        self, near: Sequence[tuple[RecordCandidates, bytes, Decision]], reader: Reader
    ) -> tuple[Mapping[str, list[Evidence]], Mapping[Doubtful, Evidence], list[Outgoing]]:
        """Name the records of decisions: the evidence by record, the doubtful pairs, and the messages."""
        reader.load_records(other for _, other, _ in near)
        evidence: dict[str, list[Evidence]] = defaultdict(list)
        doubtful: dict[Doubtful, Evidence] = {}
        messages: list[Outgoing] = []
        for each, other, decision in near:
            record = reader.record(other)
            if record is None:
                continue
            a, b = sorted((each.upsert.name, record.id))
            named = Evidence(a, b, decision)
            messages.append(events.decision_message(named))
            if decision.verdict == REVIEW:
                crowd = self._crowd(each, reader.features(other))
                doubtful[Doubtful(each.upsert.id, other, decision.score, crowd)] = named
            else:
                evidence[a].append(named)
                evidence[b].append(named)
        return evidence, doubtful, messages

    def _crowd(self, found: RecordCandidates, other: bytes) -> int:
        """Return how many records the least crowded key holds that two records share."""
        theirs = slots(self._decisions.blocking_keys_of(other)[1])
        mine = found.upsert.places
        shared = (n for n, slot in enumerate(slots(mine)) if slot in theirs)
        counts = (self._index.count(found.keys.get(n, b""), loose=is_weak(mine, n)) for n in shared)
        return min(counts, default=0)
