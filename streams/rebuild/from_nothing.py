"""`streams rebuild --from-nothing`: make the state again from the topics, where Redis has lost it.

1. acquire the rebuild lock, so that workers stay out, compare the partitions of the topics, and remove what is left of the state
2. read `dedup.events` and `dedup.clusters`: clusters with their records, revisions and redirects (`published_groups`)
3. publish the events that lead from the end of `dedup.events` to what `dedup.clusters` has, where a worker died between the two
4. decide `dedup.corrections` again, in their order
5. replay what `records.*` still have, publishing nothing (`shadow`)
6. store the records of published clusters that are in no topic any more, as their canonical documents tell (`published_records`)
7. transfer the ids: published clusters are the old generation, under a name of its own, what was replayed is the new one
8. give the state a new id, name it in `dedup.control`, and publish what has changed

A run that was killed left a state without a name, at which no worker works; the same command begins again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice, pairwise
from typing import Any

import msgspec
import orjson
from aiokafka import TopicPartition

from streams import events
from streams.clusters.canonical import canonical, render
from streams.clusters.corrections import Correction, read_correction, ruling
from streams.clusters.planner import Pair, Pairs
from streams.clusters.published import change_kind
from streams.engine.deliver import discard
from streams.engine.engine import Engine
from streams.engine.messages import Incoming
from streams.engine.prepare import Intake
from streams.errors import ForgottenError, PayloadError, RefusedError
from streams.events import CLUSTERS, CORRECTIONS, EVENTS, Outgoing
from streams.events.published import decode_event, decode_state
from streams.kafka.connection import KafkaConnection
from streams.kafka.producer import Publisher
from streams.kafka.reader import Extent, plain_consumer, read_between, read_to_now, reported_extents
from streams.kafka.refusal import explained
from streams.kafka.topics import create_topics, fixed_topics, input_topics
from streams.ops.probes import ask_partitions
from streams.rebuild.joined_components import JoinedComponent
from streams.rebuild.lock import RebuildLock
from streams.rebuild.published_groups import PublishedCluster, PublishedClusters, PublishedGroups, whole_digest
from streams.rebuild.published_records import record_from, version_of
from streams.rebuild.rebuild import StepProgress
from streams.rebuild.shadow import ShadowReplay
from streams.rebuild.transfer_ids import IdTransfer
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
from streams.worker.reconciler import Reconciler
from streams.worker.startup_checks import compare_partitions

__all__ = ["FromNothingReport", "rebuild_from_nothing"]

_LOCK = "from-nothing"
"""What the lock names as the next generation: there is none, the state is made in the one in force."""
_CHUNK = 1000
_POLL_MS = 200
_QUIET_SECONDS = 30.0
_NOWHERE = Incoming("", b"", None, 0, "", 0, 0)
_APART, _TOGETHER = Pair(None, False), Pair(1.0, False)


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


def rebuild_from_nothing(
    given: Settings, on_progress: Callable[[StepProgress], None] = lambda _: None
) -> FromNothingReport:
    """Make the state again from the topics.

    Raises RefusedError where Redis has not lost it, or a rebuild runs; StateError where topics have another number of partitions
    than this state was begun with; ServiceError where Kafka or Redis is away.
    """
    began = time.monotonic()
    connection, holding = connect(given), connect(given)
    try:
        verdict = asyncio.run(inspect_identity(given, connection))
        if not verdict.is_lost:
            raise RefusedError(
                verdict.reason or "Redis has the state that the topics belong to; `streams rebuild` makes it anew"
            )
        store = IdentityStore(given, connection)
        with RebuildLock(store.settings, holding, _LOCK) as lock:
            connection.permit = lock.check
            lock.drain(lambda inside: on_progress(StepProgress("wait for workers", inside)))
            _ready_topics(given, connection)
            store.begin_again()
            store.clear(lock.check)
            report = FromNothingReport("", store.settings.generation)
            settings = given.model_copy(update={"generation": store.settings.generation})
            _FromNothing(settings, store, connection, report, on_progress).run()
            lock.abort()  # there is no next generation: workers come in to this one
    finally:
        connection.close()
        holding.close()
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
        on_progress: Callable[[StepProgress], None],
    ) -> None:
        self._settings = settings
        self._store = store
        self._connection = connection
        self._report = report
        self._on_progress = on_progress
        self._old = Layout(settings.namespace, f"{settings.generation}.published", settings.buckets)
        self._engine = Engine(settings, connection)
        self._histories = self._engine.progress.look().histories
        self._engine.trust(self._histories)
        self._restored: set[bytes] = set()
        self._begins_late = False

    def run(self) -> None:
        remove(self._old, self._connection)  # of a run that was killed
        published = asyncio.run(self._read_published())
        asyncio.run(self._catch_up(published))
        self._report.clusters = len(published.clusters)
        positions = asyncio.run(self._replay())
        self._restore(published)
        self._transfer(published, positions)
        stale = [cluster.key for cluster in published.clusters.values() if cluster.is_stale]
        LateStates(
            Layout(self._settings.namespace, self._settings.generation, self._settings.buckets), self._connection
        ).note(stale)
        if self._begins_late:
            self._engine.progress.begin_topics(int(time.time() * 1000))
        self._report.state = asyncio.run(replace_state(self._settings, self._store))
        self._say("publish", 0)
        self._report.published += asyncio.run(self._publish(stale))

    async def _read_published(self) -> PublishedClusters:
        found = PublishedClusters()
        async for message in self._topics():
            if message.topic.endswith(EVENTS):
                if message.value is not None:
                    found.add_event(message.value, message.timestamp)
            else:
                found.add_state(message.key or b"", message.value, message.timestamp)
        found.end()
        self._say("published clusters", len(found.clusters))
        return found

    def _topics(self) -> Any:
        prefix = self._settings.topic_prefix
        return read_to_now(KafkaConnection.of(self._settings), [prefix + EVENTS, prefix + CLUSTERS])

    async def _catch_up(self, published: PublishedClusters) -> None:
        """Publish the events that are missing at the end of `dedup.events`, and leave each record to one cluster."""
        ahead = {c.key: c for c in published.clusters.values() if c.state > c.events}
        self._begins_late = any(c.events == 0 and c.state > 1 for c in ahead.values())
        reduced = {c.key: c for c in published.settle()}
        if not (ahead or reduced):
            return
        contents = await self._contents({*ahead, *reduced})
        missing: list[Outgoing] = []
        for key in sorted({*ahead, *reduced}):
            cluster = published.clusters[key]
            if cluster.state > cluster.events and (cluster.events or cluster.state == 1):
                lists = [cluster.before, *[cluster.records] * (cluster.state - cluster.events)]
                missing += _missing_events(cluster, lists, cluster.events, contents[key])
            cluster = cluster._replace(events=cluster.revision)
            if fewer := reduced.get(key):
                missing += _missing_events(cluster, [cluster.records, fewer.records], cluster.events, contents[key])
                cluster = cluster._replace(records=fewer.records, events=cluster.events + 1, document=b"?")
            published.clusters[key] = cluster
        async with self._publisher() as publisher:
            await publisher.publish(missing)
        self._report.published += len(missing)

    async def _contents(self, keys: set[bytes]) -> Mapping[bytes, dict[str, Any]]:
        """Return the last published relations and document of some clusters."""
        names = {events.state_message(key, None).key: key for key in keys}
        found: dict[bytes, tuple[int, dict[str, Any]]] = {}
        async for message in self._topics():
            key = names.get(message.key)
            if key is None or message.value is None:
                continue
            try:
                decode = decode_event if message.topic.endswith(EVENTS) else decode_state
                revision = decode(message.value).revision
            except msgspec.MsgspecError:
                continue
            fields = orjson.loads(message.value)
            if "document" in fields and revision >= found.get(key, (0, {}))[0]:
                found[key] = revision, {name: fields[name] for name in ("relations", "document") if name in fields}
        return {key: found.get(key, (0, {}))[1] for key in keys}

    async def _replay(self) -> dict[Place, int]:
        """Decide the corrections and replay the feeds; return the positions up to which that was done."""
        topic = self._settings.topic_prefix + CORRECTIONS
        corrections, ends = await _read_all(self._settings, [topic])
        sent = [correction for correction in map(_correction, corrections) if correction]
        log = CorrectionLog(self._old, self._connection)
        for start in range(0, len(sent), _CHUNK):
            log.decide(sent[start : start + _CHUNK])
        self._report.corrections = sum(verdict.accepted for verdict in log.all())
        targets = await _end_offsets(self._settings, [t for t in input_topics(self._settings) if t != topic])
        self._say("replay", sum(targets.values()))
        async with ShadowReplay(self._engine, self._histories, self._count) as shadow:
            await shadow.replay(targets)
            self._report.refused = dict(sorted(shadow.refused.items()))
        return {**targets, **ends}

    def _restore(self, published: PublishedClusters) -> None:
        """Store the records of published clusters that the replay did not bring."""
        missing: dict[bytes, list[str]] = {}
        for chunk in _chunks(published.clusters.values()):
            reader = Reader(self._engine.store, self._connection)
            reader.load(id_of(record) for cluster in chunk for record in cluster.records)
            stored = reader.stored()
            for cluster in chunk:
                if lacking := [record for record in cluster.records if stored[id_of(record)] is None]:
                    missing[cluster.key] = lacking
        if not missing:
            return
        self._say("restore", sum(map(len, missing.values())))
        intake = Intake(self._settings)
        contents = asyncio.run(self._contents(set(missing)))
        records = [
            record_from(name, contents[key].get("document", {})) for key, names in missing.items() for name in names
        ]
        for lot in _chunks(records):
            versions = [version_of(record, self._engine.store.encode_record(record)) for record in lot]
            prepared = intake.restore(list(zip(lot, versions, strict=True)))
            discard(self._engine.apply([_NOWHERE], [prepared]), self._engine.outbox)
        self._restored = {id_of(record.id) for record in records}
        self._report.restored = len(records)

    def _transfer(self, published: PublishedClusters, positions: Mapping[Place, int]) -> None:
        verdicts = CorrectionLog(self._old, self._connection).all()
        groups = PublishedGroups(published.clusters, [ruling(verdict) for verdict in verdicts if verdict.accepted])
        old = GroupStore(self._old, self._connection)
        self._say("published groups", len(published.clusters))
        for chunk in _chunks(groups.records()):
            commits: list[Commit] = []
            reader = Reader(self._engine.store, self._connection)
            named = [record for records in chunk for record in records]
            reader.load(named)
            reader.load_records(named)
            for records in chunk:
                group = groups.group(records[0], partial(_digests, reader))
                self._report.redirects += len(group.merged)
                commits.append(Commit(records[0], b"", old.encode(group)))
                commits += (Commit(record, b"", old.pointer(records[0])) for record in records[1:])
            old.commit(commits)
        Progress(self._old, self._connection).put(positions)
        counts = _Transfer(self._old, self._engine, self._restored).run()
        if self._engine.progress.look().histories != self._histories:
            raise ForgottenError
        self._report.groups = counts.pop("groups", 0)
        self._report.changes = dict(sorted(counts.items()))
        remove(self._old, self._connection)

    async def _publish(self, stale: Sequence[bytes]) -> int:
        async with self._publisher() as publisher:
            reconciler = Reconciler(self._engine, publisher.publish, asyncio.to_thread)
            return await reconciler.publish_pending() + await reconciler.publish_states(stale)

    def _publisher(self) -> Publisher:
        return Publisher(
            KafkaConnection.of(self._settings), self._settings.topic_prefix, namespace=self._settings.namespace
        )

    def _count(self, messages: int) -> None:
        self._report.messages += messages
        self._say("replayed", self._report.messages)

    def _say(self, step: str, number: int) -> None:
        self._on_progress(StepProgress(step, number))


class _Transfer(IdTransfer):
    """Transfers ids, and leaves the records that came out of documents in the clusters they were published in.

    Too little is known of them to compare them: what a document does not tell may be why they were together, or apart.
    """

    def __init__(self, old: Layout, engine: Engine, restored: set[bytes]) -> None:
        super().__init__(old, engine)
        self._restored = restored

    def _pairs(self, component: JoinedComponent, reader: Reader) -> Pairs:
        decide = super()._pairs(component, reader)
        if not self._restored.intersection(component.records):
            return decide
        home = {m.id: group.clusters[m.cluster].key for group in component.old_groups() for m in group.members}

        def pair(a: bytes, b: bytes) -> Pair:
            if not (a in self._restored or b in self._restored) or a not in home or b not in home:
                return decide(a, b)
            return _TOGETHER if home[a] == home[b] else _APART

        return pair


def _digests(reader: Reader, cluster: PublishedCluster) -> dict[bytes, bytes]:
    """Return the digests of the stored records of a cluster; none where these make another document than was published.

    The transfer then takes the records for changed, and publishes the document as it is now.
    """
    ids = [id_of(record) for record in cluster.records]
    living = [record for i in ids if reader.is_live(i) and (record := reader.record(i))]
    if cluster.whole and living and whole_digest(render(canonical(cluster.name, living))[0]) != cluster.whole:
        return {}
    return {i: stored.version.digest for i in ids if (stored := reader.stored().get(i))}


def _missing_events(
    cluster: PublishedCluster, lists: Sequence[tuple[str, ...]], revision: int, content: Mapping[str, Any]
) -> Iterator[Outgoing]:
    """Yield an event for each step between two lists of records, with the revisions after `revision`."""
    for step, (before, after) in enumerate(pairwise(lists), 1):
        number = revision + step
        fields: dict[str, Any] = {
            "event_id": f"{cluster.name}:{number}",
            "type": change_kind(set(before), set(after)),
            "cluster_id": cluster.name,
            "revision": number,
            "before": list(before),
            "after": list(after),
            "causes": [f"rebuild:{_LOCK}"],
            "evidence": [],
        }
        yield Outgoing(EVENTS, cluster.name.encode(), orjson.dumps({**fields, **(content if after else {})}))


def _correction(value: bytes) -> Correction | None:
    try:
        return read_correction(value)
    except PayloadError:
        return None  # it became a dead letter when it came


async def _end_offsets(settings: Settings, topics: Sequence[str]) -> dict[Place, int]:
    """Return where partitions end now. The embedded broker reports a part of the last batch, so it is read to its end."""
    kafka = KafkaConnection.of(settings)
    known = await reported_extents(kafka, topics)
    if not known:
        return {}
    async with plain_consumer(kafka) as consumer:
        consumer.assign(list(known))
        for place, extent in known.items():
            consumer.seek(place, extent.end)
        while await consumer.getmany(timeout_ms=_POLL_MS):
            pass  # what comes while it is read is handled here as well
        return {(place.topic, place.partition): await consumer.position(place) for place in known}


async def _read_all(settings: Settings, topics: Sequence[str]) -> tuple[list[bytes], dict[Place, int]]:
    """Return the values in topics that workers read, in order, and the positions after them."""
    kafka, ends = KafkaConnection.of(settings), await _end_offsets(settings, topics)
    known = {TopicPartition(*place): Extent(0, end) for place, end in ends.items()}
    try:
        async with asyncio.timeout(_QUIET_SECONDS):
            return [message.value or b"" async for message in read_between(kafka, known)], ends
    except TimeoutError as error:
        raise explained(kafka, "cannot be read", error) from error


def _chunks(items: Iterable[Any]) -> Iterator[list[Any]]:
    remaining = iter(items)
    while chunk := list(islice(remaining, _CHUNK)):
        yield chunk
