"""The whole path of a record for one micro-batch, from bytes to events. Knows no Kafka.

`process` reads payloads, stores the records, finds and decides candidates, commits clusters and returns what
is to be published. `engine/deliver.py` publishes that and acknowledges it at the outbox; only then the caller commits its
offsets. Everything may be repeated: a batch handled twice changes nothing and publishes only what was published before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from itertools import pairwise
from time import perf_counter
from typing import NamedTuple

from streams import events
from streams.clusters.committed import PlannedCommit
from streams.clusters.corrections import Correction
from streams.clusters.group_plan import GroupPlan
from streams.clusters.merge_jobs import MergeRequest
from streams.engine.candidates import CandidateIndex
from streams.engine.committer import Changes, Committer
from streams.engine.correct import Corrector
from streams.engine.decision_cache import DecisionCache
from streams.engine.matcher import Decided, Matcher
from streams.engine.messages import Batch, Incoming
from streams.engine.outbox import Outbox
from streams.engine.prepare import CorrectionItem, Intake, Prepared, Rejected
from streams.engine.review_questions import ReviewQuestions
from streams.engine.statistics import STAGES, Statistics
from streams.engine.upsert import Upsert, Upserter
from streams.errors import PayloadError
from streams.events import Cause, Outgoing
from streams.matching.ruleset import DEFAULT
from streams.settings import Settings
from streams.state.connection import READ_FIELDS, Connection
from streams.state.correction_log import DECIDE_CORRECTION, CorrectionLog
from streams.state.group_store import ACKNOWLEDGE_GROUPS, COMMIT_GROUP, COMMIT_SINGLETONS, GroupStore
from streams.state.key_index import ADD_TO_KEYS, REMOVE_FROM_KEYS, KeyIndex
from streams.state.late import NOTE_LATE, TAKE_LATE, LateStates
from streams.state.layout import Layout
from streams.state.progress import Progress
from streams.state.reader import Reader
from streams.state.record_store import PUT_RECORDS, RecordStore

__all__ = ["Admitted", "Engine", "admit"]


class Admitted(NamedTuple):
    """The records to store, the corrections with their messages, and the dead letters of all that could not be read."""

    records: list[Prepared]
    corrections: list[tuple[Incoming, Correction]]
    letters: list[Outgoing]
    statistics: Statistics


def admit(messages: Sequence[Incoming], prepared: Sequence[Sequence[Prepared | Rejected | CorrectionItem]]) -> Admitted:
    """Sort the items of messages; `prepared` holds those of each message, in the same order."""
    records: list[Prepared] = []
    corrections: list[tuple[Incoming, Correction]] = []
    letters: list[Outgoing] = []
    parsed: Counter[str] = Counter()
    unread: Counter[tuple[str, str]] = Counter()
    rejected: Counter[tuple[str, str]] = Counter()
    for message, items in zip(messages, prepared, strict=True):
        for item in items:
            if isinstance(item, Prepared):
                records.append(item)
                parsed[item.source] += 1
                if item.unread:
                    unread.update((item.source, field) for field in item.unread)
            elif isinstance(item, CorrectionItem):
                corrections.append((message, item.correction))
            else:
                letters.append(message.letter(PayloadError(item.code, item.detail, item.where)))
                rejected[message.source, item.code] += 1
    return Admitted(records, corrections, letters, Statistics(parsed=parsed, unread=unread, rejected=rejected))


_STAGES = STAGES[1:5]


class Engine:
    """Handles micro-batches against one generation of state. Not safe for use from two threads at once."""

    def __init__(self, settings: Settings, connection: Connection) -> None:
        """Claim the generation. Raises SettingsError or StateError where it was made with other settings."""
        self.settings = settings
        self.connection = connection
        layout = Layout(settings.namespace, settings.generation, settings.buckets)
        connection.register(READ_FIELDS, PUT_RECORDS, ADD_TO_KEYS, REMOVE_FROM_KEYS)
        connection.register(
            COMMIT_SINGLETONS, COMMIT_GROUP, ACKNOWLEDGE_GROUPS, DECIDE_CORRECTION, NOTE_LATE, TAKE_LATE
        )
        self.progress = Progress(layout, connection)
        self.form = self.progress.claim(settings)
        """The format of the values that are written (`state/formats.py`)."""
        layout = Layout.of(settings, self.form)
        self.store = RecordStore(layout, self.form)
        self.index = KeyIndex(layout, settings.key_cap, together=not connection.is_cluster)
        self.decisions = DecisionCache(self.store, layout, DEFAULT.with_policy(settings.preprints))
        self.groups = GroupStore(layout, connection, self.form)
        self.corrections = CorrectionLog(layout, connection)
        self.outbox = Outbox(self.groups, self.store, LateStates(layout, connection), connection)
        self.committer = Committer(self.groups, self.decisions, settings.cluster_cap)
        self._intake = Intake(settings, self.form)
        self._upserter = Upserter(self.store, self.decisions, connection)
        self._candidates = CandidateIndex(self.index, self.decisions, connection)
        self._matcher = Matcher(self.decisions, self.index)
        self._corrector = Corrector(self.corrections, self.committer)
        self._questions = ReviewQuestions(self.groups, self.decisions)

    def trust(self, histories: Iterable[bytes]) -> None:
        """Change groups and decide corrections only on servers of these replication ids (`state/progress.py`)."""
        self.groups.known = self.corrections.known = b" ".join(sorted(set(histories)))

    def process(self, messages: Sequence[Incoming]) -> Batch:
        """Prepare and handle a micro-batch, up to the point where its events are to be published."""
        return self.apply(messages, self._intake.prepare([message.raw for message in messages]))

    def apply(
        self, messages: Sequence[Incoming], prepared: Sequence[Sequence[Prepared | Rejected | CorrectionItem]]
    ) -> Batch:
        """Handle a micro-batch whose messages are prepared, up to the point where its events are to be published.

        `prepared` is what an `Intake` with the same settings returned for these messages, in their order.
        """
        reader = Reader(self.store, self.connection)
        times = [perf_counter()]
        admitted = admit(messages, prepared)
        upserts = self._upserter.upsert(admitted.records, reader)
        times.append(perf_counter())
        candidates = self._candidates.candidates(upserts, reader)
        times.append(perf_counter())
        decided = self._matcher.decide(candidates, reader)
        times.append(perf_counter())
        changes = self._commit(upserts, decided, reader)
        corrected = self._corrector.correct(admitted.corrections, reader)
        questions = self._questions.ask(decided.doubtful, upserts, reader)
        times.append(perf_counter())
        seconds = {stage: end - begin for stage, (begin, end) in zip(_STAGES, pairwise(times), strict=True)}
        return Batch.of(
            [*changes.committed, *corrected.committed],
            admitted.statistics
            + candidates.statistics
            + decided.statistics
            + changes.statistics
            + corrected.statistics
            + questions.statistics
            + Statistics(seconds=seconds),
            singletons=changes.singletons,
            before=[*admitted.letters, *decided.messages, *corrected.letters],
            after=questions.messages,
        )

    def finish(self, begun: Collection[bytes]) -> Batch:
        """End the merges of groups that dead workers began: those of `begun` that are still pending.

        `begun` is what `groups.begun` returned so long ago that workers that are alive have ended theirs since.
        """
        pending = self.groups.begun().intersection(begun)
        if not pending:
            return Batch.of([])
        reader = Reader(self.store, self.connection)
        reader.load_records(pending)
        cause = Cause.messages(record.id for moving in pending if (record := reader.record(moving)))

        def describe(plan: GroupPlan) -> PlannedCommit:
            return events.describe(plan, reader.record, reader.is_live, cause)

        return Batch.of(self.committer.apply(MergeRequest(pending, ()), reader, describe).committed)

    def _commit(self, upserts: Sequence[Upsert], decided: Decided, reader: Reader) -> Changes:
        cause = Cause.messages((upsert.name for upsert in upserts), decided.evidence)

        def describe(plan: GroupPlan) -> PlannedCommit:
            return events.describe(plan, reader.record, reader.is_live, cause)

        request = MergeRequest(frozenset(u.id for u in upserts), tuple(decided.links), tuple(decided.related))
        return self.committer.apply(request, reader, describe, upserts=upserts)
