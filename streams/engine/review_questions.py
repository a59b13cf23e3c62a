"""Chooses the doubtful pairs of a micro-batch that a person is asked about, once its clusters are committed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from streams import events
from streams.clusters.review_queue import Budget, Doubtful, Home, choose, is_new
from streams.engine.decision_cache import DecisionCache
from streams.engine.statistics import Statistics
from streams.engine.upsert import Upsert
from streams.events import Evidence, Outgoing
from streams.matching.decision import REVIEW
from streams.state.group_store import GroupStore
from streams.state.reader import Reader

__all__ = ["Questions", "ReviewQuestions"]


class Questions(NamedTuple):
    """The messages of `dedup.review` of a micro-batch."""

    messages: Sequence[Outgoing]
    statistics: Statistics


class ReviewQuestions:
    """Asks within a budget that the records of all micro-batches earn (`clusters/review_queue.py`)."""

    def __init__(self, groups: GroupStore, decisions: DecisionCache) -> None:
        self._groups = groups
        self._decisions = decisions
        self._budget = Budget()

    def ask(self, doubtful: Mapping[Doubtful, Evidence], upserts: Sequence[Upsert], reader: Reader) -> Questions:
        """Choose the doubtful pairs that are worth a person's time, given the clusters as this micro-batch leaves them."""
        most = self._budget.earn(len(upserts))
        if not doubtful:
            return Questions((), Statistics())
        arrived = {upsert.id for upsert in upserts}
        roots = self._groups.resolve({record for pair in doubtful for record in (pair.arrived, pair.other)})

        def home(record: bytes) -> Home:
            member = roots[record].group.member(record)
            return (roots[record].id, member.cluster) if member else (record, -1)

        def before(record: bytes) -> list[bytes]:
            cluster = home(record)[1]
            return [m.id for m in roots[record].group.members if m.cluster == cluster and m.id not in arrived]

        def in_doubt(one: bytes, other: bytes) -> bool:
            mine, theirs = reader.features(one), reader.features(other)
            return bool(mine and theirs) and self._decisions.decide(mine, theirs).verdict == REVIEW

        choice = choose(doubtful, home, most)
        known = {pair: (before(pair.arrived), before(pair.other)) for pair in choice.asked}
        reader.load(record for mine, theirs in known.values() if mine for record in (*mine, *theirs))
        asked = [pair for pair in choice.asked if is_new(*known[pair], in_doubt)]
        self._budget.spend(len(asked))
        statistics = Statistics(capped={"review": choice.capped} if choice.capped else {})
        return Questions([events.review_message(doubtful[pair]) for pair in asked], statistics)
