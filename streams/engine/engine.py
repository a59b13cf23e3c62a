"""The whole path of a record for one micro-batch, from bytes to events. Knows no Kafka.

`process` reads payloads, stores the records, finds and decides candidates, commits clusters and returns what
is to be published. `engine/deliver.py` publishes that and acknowledges it at the outbox; only then the caller commits its
offsets. Everything may be repeated: a batch handled twice changes nothing and publishes only what was published before.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from streams import events
from streams.clusters.committed import Described
from streams.clusters.draft import Draft
from streams.clusters.merge_jobs import Work
from streams.engine.admission import admit
from streams.engine.candidates import CandidateIndex
from streams.engine.committer import Changes, Committer
from streams.engine.correct import Corrector
from streams.engine.decision_cache import DecisionCache
from streams.engine.matcher import Decided, Matcher
from streams.engine.messages import Batch, Incoming
from streams.engine.outbox import Outbox
from streams.engine.prepare import Intake, Prepared, Refused, Told
from streams.engine.review_questions import ReviewQuestions
from streams.engine.upsert import Upsert, Upserter
from streams.matching.ruleset import DEFAULT
from streams.settings import Settings
from streams.state.connection import Connection
from streams.state.correction_log import DECIDE_CORRECTION, CorrectionLog
from streams.state.group_store import ACKNOWLEDGE_GROUP, COMMIT_GROUP, GroupStore
from streams.state.key_index import ADD_TO_KEYS, REMOVE_FROM_KEYS, KeyIndex
from streams.state.late import NOTE_LATE, TAKE_LATE, LateStates
from streams.state.layout import Layout
from streams.state.progress import Progress
from streams.state.reader import Reader
from streams.state.record_store import PUT_RECORD, RecordStore

__all__ = ["Engine"]


class Engine:
    """Handles micro-batches against one generation of state. Not safe for use from two threads at once."""

    def __init__(self, settings: Settings, connection: Connection) -> None:
        """Claim the generation. Raises SettingsError or StateError where it was made with other settings."""
        self.settings = settings
        self.connection = connection
        layout = Layout(settings.namespace, settings.generation, settings.buckets)
        connection.register(
            PUT_RECORD, ADD_TO_KEYS, REMOVE_FROM_KEYS, COMMIT_GROUP, ACKNOWLEDGE_GROUP, DECIDE_CORRECTION
        )
        connection.register(NOTE_LATE, TAKE_LATE)
        self.progress = Progress(layout, connection)
        self.progress.claim(settings)
        self.store = RecordStore(layout)
        self.index = KeyIndex(layout, settings.key_cap, together=not connection.is_cluster)
        self.decisions = DecisionCache(self.store, layout, DEFAULT.with_policy(settings.preprints))
        self.groups = GroupStore(layout, connection)
        self.corrections = CorrectionLog(layout, connection)
        self.outbox = Outbox(self.groups, self.store, LateStates(layout, connection), connection)
        self.committer = Committer(self.groups, self.decisions, settings.cluster_cap)
        self._intake = Intake(settings)
        self._upserter = Upserter(self.store, self.decisions, connection)
        self._candidates = CandidateIndex(self.index, self.decisions, connection)
        self._matcher = Matcher(self.decisions)
        self._corrector = Corrector(self.corrections, self.committer)
        self._questions = ReviewQuestions(self.groups, self.decisions)

    def trust(self, histories: Iterable[bytes]) -> None:
        """Change groups and decide corrections only on servers of these replication ids (`state/progress.py`)."""
        self.groups.known = self.corrections.known = b" ".join(sorted(set(histories)))

    def process(self, messages: Sequence[Incoming]) -> Batch:
        """Handle a micro-batch up to the point where its events are to be published."""
        return self.apply(messages, self._intake.prepare([message.raw for message in messages]))

    def apply(self, messages: Sequence[Incoming], prepared: Sequence[Sequence[Prepared | Refused | Told]]) -> Batch:
        """Handle messages that an Intake of the same settings has prepared: the second half of `process`."""
        reader = Reader(self.store, self.connection)
        admitted = admit(messages, prepared)
        upserts = self._upserter.upsert(admitted.records, reader)
        candidates = self._candidates.candidates(upserts, reader)
        decided = self._matcher.decide(candidates, reader)
        changes = self._commit(upserts, decided, reader)
        corrected = self._corrector.correct(admitted.corrections, reader)
        questions = self._questions.ask(decided.doubtful, upserts, reader)
        return Batch.of(
            [*changes.committed, *corrected.committed],
            admitted.statistics
            + candidates.statistics
            + decided.statistics
            + changes.statistics
            + corrected.statistics
            + questions.statistics,
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
        causes = frozenset(record.id for moving in pending if (record := reader.record(moving)))

        def describe(draft: Draft) -> Described:
            return events.describe(draft, reader.record, reader.is_live, {}, causes)

        return Batch.of(self.committer.apply(Work(pending, ()), reader, describe).committed)

    def _commit(self, upserts: Sequence[Upsert], decided: Decided, reader: Reader) -> Changes:
        causes = frozenset(upsert.name for upsert in upserts)
        births = {upsert.id: upsert.birth for upsert in upserts if upsert.birth is not None}

        def describe(draft: Draft) -> Described:
            return events.describe(draft, reader.record, reader.is_live, decided.evidence, causes)

        work = Work(frozenset(u.id for u in upserts), tuple(decided.links), tuple(decided.related))
        return self.committer.apply(work, reader, describe, births=births)
