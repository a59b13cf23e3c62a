"""What Faust fetches and throws away comes again, whatever was committed; on a real broker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import faust
import pytest

from streams.engine.messages import Incoming
from streams.errors import RedisError
from streams.events import Outgoing
from streams.kafka.connection import KafkaConnection
from streams.kafka.producer import Publisher
from streams.kafka.topics import create_topics
from streams.local.broker import free_port
from streams.local.services import Services
from streams.ops.health import Health
from streams.settings import Settings
from streams.state.progress import Place, Step
from streams.worker.app import make_app
from streams.worker.batch_processor import PreparedBatch
from streams.worker.consumer import RewindingConsumer
from streams.worker.lag import Offsets
from streams.worker.stored_positions import StoredPositions

pytestmark = pytest.mark.system

T = TypeVar("T")


class Worker(StoredPositions):
    """Notes what it is given, and remembers positions as Redis would; all is handled at once."""

    def __init__(self) -> None:
        self.seen: list[bytes] = []
        self.known: dict[Place, int] = {}
        self.missing: list[tuple[str, int, int]] = []

    async def open(self) -> None: ...
    async def assigned(self) -> None: ...
    async def quiesce(self) -> None: ...
    async def close(self) -> None: ...

    async def prepare(self, messages: Sequence[Incoming], steps: Sequence[Step]) -> PreparedBatch:
        return PreparedBatch(messages, [[] for _ in messages], steps)

    async def process(self, ready: PreparedBatch) -> Mapping[Place, int]:
        back: dict[Place, int] = {}
        for topic, partition, begins, ends in ready.steps:
            if (position := self.known.get((topic, partition), 0)) < begins:
                back[topic, partition] = position
            else:
                self.known[topic, partition] = max(position, ends)
        self.seen += [m.value or b"" for m in ready.messages if (m.topic, m.partition) not in back]
        return back

    async def positions(self) -> Mapping[Place, int]:
        return self.known

    async def next_positions(self) -> Mapping[Place, int]:
        await asyncio.sleep(0.1)
        return self.known

    async def begin(self, before: Mapping[Place, int]) -> None:
        self.known.update(dict.fromkeys(before, 0))

    def rewound(self, place: Place, position: int, before: int) -> None: ...

    def missed(self, place: Place, begins: int, ends: int) -> None:
        self.missing.append(("missed", begins, ends))

    def skipped(self, place: Place, begins: int, ends: int) -> None:
        self.missing.append(("skipped", begins, ends))

    def failed(self, error: RedisError) -> None: ...

    wants_offsets = True

    def fetched(self, place: Place, ends: int, messages: int, taken: int) -> None: ...

    def reported(self, offsets: Mapping[Place, Offsets]) -> None: ...

    def partitions_assigned(self, places: list[Place]) -> None: ...

    def partitions_revoked(self) -> None: ...


@asynccontextmanager
async def running(settings: Settings, worker: Worker) -> AsyncIterator[RewindingConsumer]:
    health = Health()
    app: faust.App = make_app(settings, worker, worker, health)
    await app.start()
    try:
        await until(lambda: health.knows_partitions)
        consumer = app.consumer
        assert isinstance(consumer, RewindingConsumer)
        await until(lambda: consumer.flow_active)
        yield consumer
    finally:
        await app.stop()


def play(go: Callable[[Settings], Coroutine[Any, Any, T]], given: dict[str, Any]) -> T:
    """Run a story on servers of its own."""
    with Services(Settings(http_port=free_port(), partitions=1, **given)) as services:
        return asyncio.run(go(services.settings))


async def until(condition: Callable[[], Any]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.01)


def test_a_first_message_that_was_fetched_while_the_flow_stopped_comes_again(
    broker_settings: Callable[[], dict[str, Any]],
) -> None:
    """As in a rebalance that begins while a fetch is under way."""

    async def go(settings: Settings) -> list[bytes]:
        await create_topics(settings)
        worker = Worker()
        publishing = Publisher(KafkaConnection.of(settings), settings.topic_prefix, shared=True)
        async with publishing as publisher, running(settings, worker) as consumer:
            fetches, fetched = 0, False
            plainly = consumer._getmany

            async def watched(*args: Any, **given: Any) -> Any:
                nonlocal fetches, fetched
                fetches += 1
                records = await plainly(*args, **given)
                if records and not fetched:
                    consumer.stop_flow()
                    fetched = True
                return records

            consumer._getmany = watched  # type: ignore[method-assign]
            await until(lambda: fetches)  # not the one that was under way
            await publisher.publish([Outgoing("records.document", b"k", b"first")])
            await until(lambda: fetched)
            assert worker.seen == []
            consumer.resume_flow()
            await publisher.publish([Outgoing("records.document", b"k", b"second")])
            await until(lambda: b"second" in worker.seen)
        return worker.seen

    seen = play(go, broker_settings())
    assert list(dict.fromkeys(seen)) == [b"first", b"second"]


def test_redis_refuses_that_a_partition_is_begun(broker_settings: Callable[[], dict[str, Any]]) -> None:
    """As one that is full refuses it: the worker waits, and does not end."""

    class Rejecting(Worker):
        refusals = 0
        errors: list[RedisError]

        async def begin(self, before: Mapping[Place, int]) -> None:
            if self.refusals:
                self.refusals -= 1
                raise RedisError("Redis: command not allowed when used memory > 'maxmemory'.")
            await super().begin(before)

        def failed(self, error: RedisError) -> None:
            self.errors.append(error)

    async def go(settings: Settings) -> Rejecting:
        worker = Rejecting()
        worker.errors, worker.refusals = [], 2
        place = settings.topic_prefix + "records.document", 0
        worker.known[place] = 7  # of a topic that was deleted and made again
        async with committed(settings, worker):
            await until(lambda: worker.known[place] == 1)
        return worker

    worker = play(go, broker_settings())
    assert (worker.seen, worker.refusals, len(worker.errors)) == ([b"0"], 0, 2)


async def _publish(publisher: Publisher, *numbers: int) -> None:
    await publisher.publish([Outgoing("records.document", b"k", b"%d" % number) for number in numbers])


@asynccontextmanager
async def committed(settings: Settings, worker: Worker) -> AsyncIterator[tuple[Publisher, RewindingConsumer]]:
    """A consumer that has committed its first message, 0."""
    await create_topics(settings)
    publishing = Publisher(KafkaConnection.of(settings), settings.topic_prefix, shared=True)
    async with publishing as publisher, running(settings, worker) as consumer:
        await _publish(publisher, 0)
        await until(lambda: any(consumer._committed_offset.values()))
        yield publisher, consumer


def test_messages_that_were_fetched_and_never_came_are_read_again(
    broker_settings: Callable[[], dict[str, Any]],
) -> None:
    """Also where an offset was committed and nothing says that the flow stopped."""

    async def go(settings: Settings) -> Worker:
        worker = Worker()
        async with committed(settings, worker) as (publisher, consumer):
            plainly, begun, lost = consumer._getmany, False, False

            async def losing(*args: Any, **given: Any) -> Any:
                nonlocal begun, lost
                begun = True
                records = await plainly(*args, **given)
                if lost or not records:
                    return records
                lost = True
                return {}

            consumer._getmany = losing  # type: ignore[method-assign]
            await until(lambda: begun)  # not the one that was under way
            await _publish(publisher, 1, 2, 3)
            await until(lambda: lost)
            await _publish(publisher, 4)
            await until(lambda: b"4" in worker.seen)
            await until(lambda: 5 in consumer._committed_offset.values())
        return worker

    worker = play(go, broker_settings())
    assert list(dict.fromkeys(worker.seen)) == [b"%d" % number for number in range(5)]
    assert [what for what, _, _ in worker.missing] == ["missed"]


def test_nobody_seeks_while_a_fetch_is_under_way_that_nobody_waits_for(
    broker_settings: Callable[[], dict[str, Any]],
) -> None:
    """As when Faust ends the loop that fetches, in a rebalance: the fetch takes what it finds after the seek."""

    async def go(settings: Settings) -> Worker:
        worker = Worker()
        async with committed(settings, worker) as (publisher, consumer):
            fetcher: Any = consumer.app._fetcher  # type: ignore[attr-defined]
            loop = next(iter(fetcher._futures))
            loop.cancel()
            await consumer.perform_seek()
            assert consumer._fetching is not None
            assert consumer._fetching.done()
            await _publish(publisher, 1)
            await fetcher.stop()
            fetcher.service_reset()
            await fetcher.maybe_start()
            await until(lambda: b"1" in worker.seen)
        return worker

    worker = play(go, broker_settings())
    assert list(dict.fromkeys(worker.seen)) == [b"0", b"1"]
    assert worker.missing == []
