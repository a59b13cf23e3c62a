"""The plain iterators: the same events, and no thread is left."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.client import ClusterState, FileCheckpoint, snapshot_sync, subscribe_sync
from streams.client.blocking import SubscriptionSync
from streams.errors import WrongSetupError
from streams.events import CLUSTERS, EVENTS, Outgoing
from streams.settings import Settings
from tests.client.sse_server import SseServer, refusing, running
from tests.client.topics import publish


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    yield
    deadline = time.monotonic() + 5
    while any(each.name == "streams-subscription" for each in threading.enumerate()):
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture
def server() -> Iterator[SseServer]:
    """A server with five events, in a thread of its own."""
    made = SseServer()
    for _ in range(5):
        made.add()
    yield from serve(made)


def serve(made: SseServer) -> Iterator[SseServer]:
    loop, ready = asyncio.new_event_loop(), threading.Event()
    stop = asyncio.Event()

    async def main() -> None:
        async with running(made):
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(main(),))
    thread.start()
    ready.wait()
    yield made
    loop.call_soon_threadsafe(stop.set)
    thread.join()
    loop.close()


def test_a_plain_for_with_a_checkpoint(server: SseServer, tmp_path: Path) -> None:
    checkpoint = FileCheckpoint(tmp_path / "position")
    with subscribe_sync(url=server.url, start=checkpoint) as events:
        for event in events:
            if event.revision == 1 and event.cluster_id == "c3":
                break
        assert events.position == "0:3"
    assert checkpoint.load() == "0:2"
    with pytest.raises(StopIteration):
        next(events)
    with subscribe_sync(url=server.url, start=checkpoint) as events:
        assert next(events).cluster_id == "c3"


def test_one_that_is_dropped_ends_its_thread(server: SseServer) -> None:
    for event in subscribe_sync(url=server.url):
        assert event.cluster_id == "c1"
        break
    gc.collect()


def test_errors_are_raised_where_the_program_waits() -> None:
    for server in serve(SseServer(refusing(403))):
        with subscribe_sync(url=server.url) as events, pytest.raises(WrongSetupError, match="403"):
            next(events)


def test_another_thread_may_close_it(server: SseServer) -> None:
    events = subscribe_sync(url=server.url, start="0:5")
    threading.Timer(0.3, events.close).start()
    assert list(events) == []


def test_a_wait_that_is_interrupted_loses_nothing(server: SseServer) -> None:
    events = subscribe_sync(url=server.url, start="0:5")
    threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        next(events)
    server.add()
    assert next(events).cluster_id == "c6"
    events.close()


def test_states_then_events(topics: Settings) -> None:
    state = b'{"cluster_id":"ca","revision":1,"records":["x:1"],"document":{}}'
    gone = Outgoing(CLUSTERS, b"cb", None, (("revision", b"3"),))
    asyncio.run(publish(topics, [Outgoing(CLUSTERS, b"ca", state), gone]))
    with snapshot_sync(kafka=topics.kafka_url, topic_prefix=topics.topic_prefix) as items:
        first = next(items)
        assert isinstance(first, ClusterState)
        assert [(end.cluster_id, end.revision) for end in items.ends()] == [("cb", 3)]
        event = Outgoing(EVENTS, b"ca", b'{"cluster_id":"ca","revision":2,"after":[]}')
        asyncio.run(publish(topics, [event]))
        second = next(items)
        assert not isinstance(second, ClusterState)
        assert second.ended


def test_it_is_an_iterator() -> None:
    assert issubclass(SubscriptionSync, Iterator)
