"""Decides the corrections of a micro-batch and applies the accepted ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from streams import events
from streams.clusters.committed import Committed, PlannedCommit
from streams.clusters.corrections import Correction, Verdict, ruling
from streams.clusters.group_plan import GroupPlan
from streams.clusters.merge_jobs import MergeRequest
from streams.engine.committer import Changes, Committer
from streams.engine.messages import Incoming
from streams.engine.statistics import Statistics
from streams.errors import PayloadError
from streams.events import Cause, Outgoing
from streams.records.stored import id_of
from streams.state.correction_log import CorrectionLog
from streams.state.reader import Reader

__all__ = ["Corrected", "Corrector"]


class Corrected(NamedTuple):
    """The changes that corrections brought about, and the dead letters of those refused."""

    committed: list[Committed]
    letters: list[Outgoing]
    statistics: Statistics


class Corrector:
    """Applies corrections one after the other, so that each event has one of them as its cause."""

    def __init__(self, log: CorrectionLog, committer: Committer) -> None:
        self._log = log
        self._committer = committer

    def correct(self, corrections: Sequence[tuple[Incoming, Correction]], reader: Reader) -> Corrected:
        """Decide corrections, in their order, and commit what the accepted ones change."""
        if not corrections:
            return Corrected([], [], Statistics())
        committed: list[Committed] = []
        letters: list[Outgoing] = []
        outcomes: Counter[str] = Counter()
        rejected: Counter[tuple[str, str]] = Counter()
        capped = 0
        verdicts = self._log.decide([correction for _, correction in corrections])
        for (message, _), verdict in zip(corrections, verdicts, strict=True):
            outcomes["accepted" if verdict.accepted else verdict.code] += 1
            if verdict.accepted:
                changes = self._apply(verdict, reader)
                committed += changes.committed
                capped += changes.capped
            else:
                letters.append(message.letter(PayloadError(verdict.code, verdict.detail)))
                rejected[message.source, verdict.code] += 1
        caps = {"cluster": capped} if capped else {}
        return Corrected(committed, letters, Statistics(corrected=outcomes, rejected=rejected, capped=caps))

    def _apply(self, verdict: Verdict, reader: Reader) -> Changes:
        cause = Cause.correction(verdict)

        def describe(plan: GroupPlan) -> PlannedCommit:
            return events.describe(plan, reader.record, reader.is_live, cause)

        request = MergeRequest(frozenset((id_of(verdict.a), id_of(verdict.b))), (), rulings=(ruling(verdict),))
        return self._committer.apply(request, reader, describe)
