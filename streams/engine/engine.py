"""The whole path of a record for one micro-batch, from bytes to events. Knows no Kafka.

`process` reads payloads, stores the records, finds and decides candidates, commits clusters and returns what
is to be published. When that is published the caller calls `outbox.confirm`, publishes what it returns, and only
then commits its offsets. Everything may be repeated: a batch handled twice changes nothing and publishes
only what was published before.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from typing import NamedTuple

from streams import events
from streams.clusters.committed import Committed, Described
from streams.clusters.corrections import Correction, Verdict, ruling
from streams.clusters.merge_jobs import Work
from streams.clusters.planner import Draft
from streams.clusters.review_queue import Budget, Doubtful, Home, choose, is_new
from streams.engine.committer import Committer
from streams.engine.decision_cache import Judge
from streams.engine.messages import Batch, Incoming, publications
from streams.engine.outbox import Outbox
from streams.engine.prepare import Intake, Prepared, Refused, Told
from streams.engine.upsert import Arrival, Arrivals
from streams.errors import PayloadError
from streams.events import Evidence, Outgoing
from streams.matching.decision import DISTINCT, DUPLICATE, RELATED, REVIEW, Decision
from streams.matching.ruleset import DEFAULT
from streams.records.stored import id_of
from streams.settings import Settings
from streams.state.connection import Command, Connection
from streams.state.correction_log import DECIDE_CORRECTION, CorrectionLog
from streams.state.group_store import COMMIT_GROUP, CONFIRM_GROUP, GroupStore
from streams.state.key_index import ADD_TO_KEYS, ENTRY_BYTES, REMOVE_FROM_KEYS, KeyIndex
from streams.state.late import NOTE_LATE, TAKE_LATE, LateStates
from streams.state.layout import Layout
from streams.state.progress import Progress
from streams.state.reader import Reader
from streams.state.record_store import PUT_RECORD, RecordStore

__all__ = ["Engine"]


class _Met(NamedTuple):
    """A record, the records that it meets in the key index, and how many records each of its keys holds."""

    arrival: Arrival
    others: list[bytes]
    crowds: list[int]


class _Found(NamedTuple):
    """What the decisions of a micro-batch come to: accepted links, relations, the evidence for both by record id, doubts."""

    links: list[tuple[bytes, bytes]]
    related: list[tuple[bytes, bytes]]
    evidence: dict[str, list[Evidence]]
    doubtful: dict[Doubtful, Evidence]


class Engine:
    """Handles micro-batches against one generation of state. Not safe for use from two threads at once."""

    def __init__(self, settings: Settings, connection: Connection) -> None:
        """Claims the generation; raises SettingsError or StateError where it was made otherwise."""
        self.settings = settings
        self.connection = connection
        layout = Layout(settings.namespace, settings.generation, settings.buckets)
        connection.register(PUT_RECORD, ADD_TO_KEYS, REMOVE_FROM_KEYS, COMMIT_GROUP, CONFIRM_GROUP, DECIDE_CORRECTION)
        connection.register(NOTE_LATE, TAKE_LATE)
        self.progress = Progress(layout, connection)
        self.progress.claim(settings)
        self._intake = Intake(settings)
        self.store = RecordStore(layout)
        self.index = KeyIndex(layout, settings.key_cap, together=not connection.is_cluster)
        self.judge = Judge(self.store, layout, DEFAULT.with_policy(settings.preprints))
        self.groups = GroupStore(layout, connection)
        self.corrections = CorrectionLog(layout, connection)
        self.outbox = Outbox(self.groups, self.store, LateStates(layout, connection), connection)
        self._arrivals = Arrivals(self.store, self.judge, connection)
        self._review_budget = Budget()
        self._committer = Committer(self.groups, self.judge, settings.cluster_cap)

    def trust(self, histories: Iterable[bytes]) -> None:
        """Change groups and decide corrections only on servers of these histories (`state/progress.py`)."""
        self.groups.known = self.corrections.known = b" ".join(sorted(set(histories)))

    def process(self, messages: Sequence[Incoming]) -> Batch:
        """Handle a micro-batch up to the point where its events are to be published."""
        return self.apply(messages, self._intake.prepare([message.raw for message in messages]))

    def apply(self, messages: Sequence[Incoming], prepared: Sequence[Sequence[Prepared | Refused | Told]]) -> Batch:
        """The second half of `process`, for messages prepared elsewhere by an Intake of the same settings."""
        counts: Counter[tuple[str, str]] = Counter()
        outgoing: list[Outgoing] = []
        reader = Reader(self.store, self.connection)
        told: list[tuple[Incoming, Correction]] = []
        arrivals = self._arrivals.settle(self._admit(messages, prepared, told, outgoing, counts), reader, counts)
        candidates = self._meet(arrivals, counts)
        self._keep_keys(arrivals, reader)
        reader.load(other for met in candidates for other in met.others)
        found = self._decide(candidates, reader, outgoing, counts)
        capped = self._committer.capped
        committed = self._commit(arrivals, found, reader)
        if told:
            committed += self._correct(told, reader, outgoing, counts)
        if self._committer.capped > capped:
            counts["capped", "cluster"] += self._committer.capped - capped
        outgoing += publications(committed, counts)
        may_ask = self._review_budget.earn(len(arrivals))
        if found.doubtful:
            outgoing += self._ask(found.doubtful, {arrival.id for arrival in arrivals}, may_ask, reader, counts)
        return Batch(outgoing, committed, counts)

    def _ask(
        self,
        doubtful: Mapping[Doubtful, Evidence],
        arrived: Set[bytes],
        most: int,
        reader: Reader,
        counts: Counter[tuple[str, str]],
    ) -> Iterable[Outgoing]:
        """Choose the doubtful pairs that are worth a person's time, now that the clusters are as these records leave them."""
        roots = self.groups.resolve({record for pair in doubtful for record in (pair.arrived, pair.other)})

        def home(record: bytes) -> Home:
            member = roots[record].group.member(record)
            return (roots[record].id, member.cluster) if member else (record, -1)

        def before(record: bytes) -> list[bytes]:
            cluster = home(record)[1]
            return [m.id for m in roots[record].group.members if m.cluster == cluster and m.id not in arrived]

        def in_doubt(one: bytes, other: bytes) -> bool:
            mine, theirs = reader.features(one), reader.features(other)
            return bool(mine and theirs) and self.judge.decide(mine, theirs).verdict == REVIEW

        choice = choose(doubtful, home, most)
        counts["capped", "review"] += choice.capped
        known = {pair: (before(pair.arrived), before(pair.other)) for pair in choice.asked}
        reader.load(record for mine, theirs in known.values() if mine for record in (*mine, *theirs))
        asked = [pair for pair in choice.asked if is_new(*known[pair], in_doubt)]
        self._review_budget.spend(len(asked))
        return [events.review_message(doubtful[pair]) for pair in asked]

    def finish(self, begun: Collection[bytes]) -> Batch:
        """End the moves of groups that were begun by whoever did not live to do it: those of `begun` that still are.

        `begun` is what `groups.begun` said when workers that are alive had time enough since.
        """
        still = self.groups.begun().intersection(begun)
        if not still:
            return Batch([], [], Counter())
        counts: Counter[tuple[str, str]] = Counter()
        reader = Reader(self.store, self.connection)
        reader.load_records(still)
        causes = frozenset(record.id for moving in still if (record := reader.record(moving)))

        def describe(draft: Draft) -> Described:
            return events.describe(draft, reader.record, reader.is_live, {}, causes)

        committed = self._committer.apply(Work(still, ()), reader, describe)
        return Batch(list(publications(committed, counts)), committed, counts)

    def _admit(
        self,
        messages: Sequence[Incoming],
        prepared: Sequence[Sequence[Prepared | Refused | Told]],
        told: list[tuple[Incoming, Correction]],
        outgoing: list[Outgoing],
        counts: Counter[tuple[str, str]],
    ) -> list[Prepared]:
        """What can be stored; corrections go to `told`, the rest becomes dead letters."""
        admitted: list[Prepared] = []
        for message, items in zip(messages, prepared, strict=True):
            for item in items:
                if isinstance(item, Prepared):
                    counts["records" if item.stored.stamp.live else "deletes", item.source] += 1
                    if item.unread:
                        counts.update(("unread", f"{item.source} {field}") for field in item.unread)
                    admitted.append(item)
                elif isinstance(item, Told):
                    told.append((message, item.correction))
                else:
                    outgoing.append(_refuse(message, PayloadError(item.code, item.detail, item.where), counts))
        return admitted

    def _meet(self, arrivals: Sequence[Arrival], counts: Counter[tuple[str, str]]) -> list[_Met]:
        """Add each record to its keys and read who is there; take it out of the keys it no longer has."""
        commands: list[Command] = []
        obsolete: list[Command] = []
        for arrival in arrivals:
            commands += self.index.add(arrival.id, arrival.signature, arrival.places)
            if arrival.before and arrival.before.features and arrival.before.features != arrival.now.features:
                former = self._arrivals.places(arrival.before)[1]
                obsolete += self.index.remove(arrival.id, [p for p in former if p not in arrival.places])
        replies = iter(self.connection.execute(commands))
        candidates = []
        for arrival in arrivals:
            met: dict[bytes, None] = {}
            crowds: list[int] = []
            for place, packed in zip(arrival.places, self.index.entries(arrival.places, replies), strict=True):
                crowds.append(len(packed) // ENTRY_BYTES)
                if packed:
                    if self.index.is_full(packed):
                        counts["capped", "key"] += 1
                    met.update(dict.fromkeys(self.index.met(packed, arrival.signature, loose=place.loose)))
            met.pop(arrival.id, None)
            candidates.append(_Met(arrival, list(met), crowds))
        self.connection.execute(obsolete)
        return candidates

    def _keep_keys(self, arrivals: Sequence[Arrival], reader: Reader) -> None:
        """Add records that another worker changed meanwhile to their keys again: ours may have come over its own.

        So it is where one that has lost its partition does not know it yet. Whoever is the last to touch a record's keys sees
        what stands.
        """
        changed: Iterable[bytes] = [arrival.id for arrival in arrivals]
        while changed := reader.changed(changed):
            reader.forget(changed)
            reader.load(changed)
            commands: list[Command] = []
            for record in changed:
                if reader.is_live(record) and (stored := reader.stored()[record]):
                    commands += self.index.add(record, *self._arrivals.places(stored))
            self.connection.execute(commands)

    def _decide(
        self,
        candidates: Sequence[_Met],
        reader: Reader,
        outgoing: list[Outgoing],
        counts: Counter[tuple[str, str]],
    ) -> _Found:
        found = _Found([], [], defaultdict(list), {})
        told: list[tuple[_Met, bytes, Decision]] = []
        for met in candidates:
            arrival, others, _ = met
            mine = reader.features(arrival.id)
            counts["candidates", ""] += len(others)
            for other in others:
                theirs = reader.features(other)
                if not mine or not theirs:
                    continue
                decision = self.judge.decide(mine, theirs)
                counts["decisions", decision.verdict] += 1
                if decision.verdict == DISTINCT:
                    continue
                told.append((met, other, decision))
                if decision.verdict == DUPLICATE:
                    # They met in the index; whether it still is so the planner asks when it divides the group.
                    found.links.append((arrival.id, other))
                elif decision.verdict == RELATED:
                    found.related.append((arrival.id, other))
        reader.load_records(other for _, other, _ in told)
        for met, other, decision in told:
            record = reader.record(other)
            if record is not None:
                a, b = sorted((met.arrival.name, record.id))
                evidence = Evidence(a, b, decision)
                outgoing.append(events.decision_message(evidence))
                if decision.verdict == REVIEW:
                    crowd = self._crowd(met, reader.features(other))
                    found.doubtful[Doubtful(met.arrival.id, other, decision.score, crowd)] = evidence
                else:
                    found.evidence[a].append(evidence)
                    found.evidence[b].append(evidence)
        return found

    def _crowd(self, met: _Met, other: bytes) -> int:
        """Return how many records the least crowded key holds that two records share."""
        theirs = self.judge.whereabouts(other)[1]
        shared = (crowd for place, crowd in zip(met.arrival.places, met.crowds, strict=True) if place in theirs)
        return min(shared, default=0)

    def _commit(
        self,
        arrivals: Sequence[Arrival],
        found: _Found,
        reader: Reader,
    ) -> list[Committed]:
        causes = frozenset(arrival.name for arrival in arrivals)
        births = {arrival.id: arrival.birth for arrival in arrivals if arrival.birth is not None}

        def describe(draft: Draft) -> Described:
            return events.describe(draft, reader.record, reader.is_live, found.evidence, causes)

        work = Work(frozenset(a.id for a in arrivals), tuple(found.links), tuple(found.related))
        return self._committer.apply(work, reader, describe, births=births)

    def _correct(
        self,
        told: Sequence[tuple[Incoming, Correction]],
        reader: Reader,
        outgoing: list[Outgoing],
        counts: Counter[tuple[str, str]],
    ) -> list[Committed]:
        """Decide corrections and apply those accepted, one after the other, so that each event has one of them as its cause."""
        committed: list[Committed] = []
        verdicts = self.corrections.decide([correction for _, correction in told])
        for (message, _), verdict in zip(told, verdicts, strict=True):
            counts["corrections", "accepted" if verdict.accepted else verdict.code] += 1
            if verdict.accepted:
                committed += self._apply(verdict, reader)
            else:
                outgoing.append(_refuse(message, PayloadError(verdict.code, verdict.detail), counts))
        return committed

    def _apply(self, verdict: Verdict, reader: Reader) -> list[Committed]:
        def describe(draft: Draft) -> Described:
            return events.describe(draft, reader.record, reader.is_live, {}, frozenset(), verdict)

        work = Work(frozenset((id_of(verdict.a), id_of(verdict.b))), (), rulings=(ruling(verdict),))
        return self._committer.apply(work, reader, describe)


def _refuse(message: Incoming, error: PayloadError, counts: Counter[tuple[str, str]]) -> Outgoing:
    counts["rejected", f"{message.source} {error.code}"] += 1
    return message.letter(error)
