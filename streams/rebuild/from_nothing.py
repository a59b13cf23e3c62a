"""`streams rebuild --from-nothing`: make the state again from the topics, where Redis has lost it.

1. acquire the rebuild lock, so that workers stay out, compare the partitions of the topics, and remove what is left of the state
2. read `dedup.events` and `dedup.clusters`: clusters with their records, revisions and redirects (`published_groups`)
3. publish the events that lead from the end of `dedup.events` to what `dedup.clusters` has, where a worker died between the two
   (`missing_events`)
4. decide `dedup.corrections` again, in their order
5. replay what `records.*` still have, publishing nothing (`shadow`)
6. store the records of published clusters that are in no topic any more, as their canonical documents tell (`restored_records`)
7. transfer the ids: published clusters are the old generation, under a name of its own, what was replayed is the new one
8. give the state a new id, name it in `dedup.control`, and publish what has changed

A run that was killed left a state without a name, at which no worker works; the same command begins again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import closing
from functools import partial

import msgspec
from aiokafka import TopicPartition

from streams.clusters.canonical import canonical, render
from streams.clusters.corrections import Correction, read_correction, ruling
from streams.clusters.published import PublishedCluster
from streams.engine.engine import Engine
from streams.errors import PayloadError, RefusedError
from streams.events import CORRECTIONS, EVENTS
from streams.events.published_clusters import PublishedClusters, whole_digest
from streams.kafka.connection import KafkaConnection
from streams.kafka.control import in_time
from streams.kafka.reader import Extent, read_between
from streams.kafka.topics import create_topics, fixed_topics, input_topics
from streams.ops.diagnosis import compare_partitions
from streams.ops.probes import ask_partitions
from streams.rebuild.lock import RebuildLock
from streams.rebuild.missing_events import MissingEvents, complete, published_messages
from streams.rebuild.published_groups import PublishedGroups
from streams.rebuild.rebuild import OnStep
from streams.rebuild.restored_records import missing_records, restore
from streams.rebuild.shadow import ShadowReplay, end_offsets
from streams.rebuild.transfer_ids import IdTransfer
from streams.records.chunks import chunks
from streams.records.stored import id_of
from streams.settings import Settings
from streams.state.connection import Connection, connect
from streams.state.correction_log import CorrectionLog
from streams.state.fixed_partitions import fix_partitions, fixed_partitions
from streams.state.generation import remove
from streams.state.group_store import Commit, GroupStore
from streams.state.identity import IdentityStore
from streams.state.late import LateStates
from streams.state.layout import Layout
from streams.state.progress import Place, Progress
from streams.state.reader import Reader
from streams.worker.identity import inspect_identity, replace_state
from streams.worker.older_copy import inspect_copy
from streams.worker.reconciler import open_reconciler

__all__ = ["FromNothingReport", "rebuild_from_nothing"]

_LOCK = "from-nothing"
"""What the lock names as the next generation: there is none, the state is made in the one in force."""
_CHUNK = 1000


class FromNothingReport(msgspec.Struct):
    """The outcome, as `streams rebuild --from-nothing --json` prints it.

    `clusters` were published, `redirects` of them merged away; `messages` were replayed, `corrections` decided again;
    `restored` records came out of canonical documents, as no topic has their payload. `changes` counts changes of clusters
    by type, `published` the messages that tell subscribers of them.
    """

    state: str
    generation: str
    clusters: int = 0
    redirects: int = 0
    corrections: int = 0
    messages: int = 0
    refused: dict[str, int] = {}
    restored: int = 0
    groups: int = 0
    changes: dict[str, int] = {}
    published: int = 0
    seconds: float = 0.0


def rebuild_from_nothing(given: Settings, on_step: OnStep = lambda *_: None) -> FromNothingReport:
    """Make the state again from the topics.

    Raises RefusedError where Redis has neither lost it nor an older copy that workers refuse, or a rebuild runs; StateError where
    topics have another number of partitions than this state was begun with; ServiceError where Kafka or Redis is away.
    """
    began = time.monotonic()
    with closing(connect(given)) as connection, closing(connect(given)) as holding:
        verdict = asyncio.run(inspect_identity(given, connection))
        store = IdentityStore(given, connection)
        if not verdict.is_lost and not asyncio.run(inspect_copy(store.settings, store.positions())):
            raise RefusedError(
                verdict.reason or "Redis has the state that the topics belong to; `streams rebuild` makes it anew"
            )
        with RebuildLock(store.settings, holding, _LOCK) as lock:
            connection.permit = lock.check
            lock.drain(partial(on_step, "wait for workers"))
            _ready_topics(given, connection)
            store.begin_again()
            store.clear(lock.check)
            report = FromNothingReport("", store.settings.generation)
            settings = given.model_copy(update={"generation": store.settings.generation})
            _FromNothing(settings, store, connection, report, on_step).run()
            lock.abort()  # there is no next generation: workers come in to this one
    report.seconds = round(time.monotonic() - began, 3)
    return report


def _ready_topics(given: Settings, connection: Connection) -> None:
    """Create the topics that are missing, and compare the partitions of all, as a worker that starts does. Raises StateError."""
    asyncio.run(create_topics(given, fixed=fixed_partitions(given, connection)))
    found = asyncio.run(ask_partitions(KafkaConnection.of(given), fixed_topics(given)))
    compare_partitions(found, fix_partitions(given, connection, found))


class _FromNothing:
    """Steps 2 to 8."""

    def __init__(
        self,
        settings: Settings,
        store: IdentityStore,
        connection: Connection,
        report: FromNothingReport,
        on_step: OnStep,
    ) -> None:
        self._settings = settings
        self._store = store
        self._connection = connection
        self._report = report
        self._say = on_step
        self._old = Layout(settings.namespace, f"{settings.generation}.published", settings.buckets)
        self._engine = Engine(settings, connection)
        self._shadow = ShadowReplay(self._engine, self._count)

    def run(self) -> None:
        remove(self._old, self._connection)  # of a run that was killed
        published = asyncio.run(self._read_published())
        missing = asyncio.run(self._publish_missing(published))
        self._report.clusters = len(published.clusters)
        positions = asyncio.run(self._replay())
        self._transfer(published, positions, self._restore(published))
        stale = [cluster.key for cluster in published.clusters.values() if cluster.is_stale]
        layout = Layout.of(self._settings)
        LateStates(layout, self._connection).note(stale)
        if missing.begins_late:
            self._engine.progress.begin_topics(int(time.time() * 1000))
        self._report.state = asyncio.run(replace_state(self._settings, self._store))
        self._say("publish", 0)
        self._report.published += asyncio.run(self._publish(stale))

    async def _read_published(self) -> PublishedClusters:
        found = PublishedClusters()
        async for message in published_messages(self._settings):
            if message.topic.endswith(EVENTS):
                if message.value is not None:
                    found.add_event(message.value, message.timestamp)
            else:
                found.add_state(message.key or b"", message.value, message.timestamp)
        found.end()
        self._say("published clusters", len(found.clusters))
        return found

    async def _publish_missing(self, published: PublishedClusters) -> MissingEvents:
        missing = await complete(self._settings, published)
        if missing.messages:
            async with open_reconciler(self._engine) as reconciler:
                await reconciler.publish(missing.messages)
            self._report.published += len(missing.messages)
        return missing

    async def _replay(self) -> dict[Place, int]:
        """Decide the corrections and replay the feeds; return the positions up to which that was done."""
        topic = self._settings.topic_prefix + CORRECTIONS
        corrections, ends = await _read_all(self._settings, [topic])
        sent = [correction for correction in map(_correction, corrections) if correction]
        log = CorrectionLog(self._old, self._connection)
        for chunk in chunks(sent, _CHUNK):
            log.decide(chunk)
        self._report.corrections = sum(verdict.accepted for verdict in log.all())
        targets = await end_offsets(self._settings, [t for t in input_topics(self._settings) if t != topic])
        self._say("replay", sum(targets.values()))
        async with self._shadow as shadow:
            await shadow.replay(targets)
            self._report.refused = dict(sorted(shadow.refused.items()))
        return {**targets, **ends}

    def _restore(self, published: PublishedClusters) -> Collection[bytes]:
        """Store the records of published clusters that the replay did not bring; return their ids."""
        missing = missing_records(self._engine, published)
        self._report.restored = sum(map(len, missing.values()))
        if missing:
            self._say("restore", self._report.restored)
        return restore(self._engine, missing) if missing else ()

    def _transfer(
        self, published: PublishedClusters, positions: Mapping[Place, int], restored: Collection[bytes]
    ) -> None:
        verdicts = CorrectionLog(self._old, self._connection).all()
        groups = PublishedGroups(published.clusters, [ruling(verdict) for verdict in verdicts if verdict.accepted])
        old = GroupStore(self._old, self._connection)
        self._say("published groups", len(published.clusters))
        for chunk in chunks(groups.records(), _CHUNK):
            commits: list[Commit] = []
            reader = Reader(self._engine.store, self._connection)
            named = [record for records in chunk for record in records]
            reader.load(named)
            reader.load_records(named)
            for records in chunk:
                group = groups.group(records[0], partial(_digests, reader))
                self._report.redirects += len(group.merged)
                commits.append(Commit(records[0], b"", old.encode(records[0], group)))
                commits += (Commit(record, b"", old.pointer(records[0])) for record in records[1:])
            old.commit(commits)
        Progress(self._old, self._connection).put(positions)
        counts = IdTransfer(self._old, self._engine, restored).run()
        self._shadow.refuse_failover()
        self._report.groups = counts.pop("groups", 0)
        self._report.changes = dict(sorted(counts.items()))
        remove(self._old, self._connection)

    async def _publish(self, stale: Sequence[bytes]) -> int:
        async with open_reconciler(self._engine) as reconciler:
            return await reconciler.publish_pending() + await reconciler.publish_states(stale)

    def _count(self, messages: int) -> None:
        self._report.messages += messages
        self._say("replayed", self._report.messages)


def _digests(reader: Reader, cluster: PublishedCluster) -> dict[bytes, bytes]:
    """Return the digests of the stored records of a cluster; none where these make another document than was published.

    The transfer then takes the records for changed, and publishes the document as it is now.
    """
    ids = [id_of(record) for record in cluster.records]
    living = [record for i in ids if reader.is_live(i) and (record := reader.record(i))]
    if cluster.whole and living and whole_digest(render(canonical(cluster.name, living))[0]) != cluster.whole:
        return {}
    return {i: stored.version.digest for i in ids if (stored := reader.stored().get(i))}


def _correction(value: bytes) -> Correction | None:
    try:
        return read_correction(value)
    except PayloadError:
        return None  # it became a dead letter when it came


async def _read_all(settings: Settings, topics: Sequence[str]) -> tuple[list[bytes], dict[Place, int]]:
    """Return the values in topics that workers read, in order, and the positions after them."""
    ends = await end_offsets(settings, topics)
    known = {TopicPartition(*place): Extent(0, end) for place, end in ends.items()}
    async with in_time(settings):
        return [message.value or b"" async for message in read_between(KafkaConnection.of(settings), known)], ends
