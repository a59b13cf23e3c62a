"""A client that follows `Last-Event-ID` receives everything, however often and wherever it is cut off."""

from __future__ import annotations

import asyncio
import json
import time
from collections import defaultdict
from contextlib import aclosing, suppress
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.events.positions import parse_position
from streams.subscriptions import frame_stream
from streams.subscriptions.filters import EVERYTHING, Filter, facts_of
from streams.subscriptions.frame_stream import FrameStream, Timing, Wanted
from tests.subscriptions.client import Client
from tests.subscriptions.memory_feed import MemoryFeed, MemoryTopic, NoMoreError

PARTITIONS = 3
FILTERS = (EVERYTHING, Filter(types=frozenset(("merged",))), Filter(sources=frozenset("x")))
# What happens next: so many messages come into a partition, the hub reads some of it, retention deletes, the hub is replaced, or
# the client takes so many chunks and bytes of the last one, then loses the connection or not.
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(0, PARTITIONS - 1), st.integers(1, 9)),
        st.tuples(st.just("read"), st.integers(-1, PARTITIONS - 1), st.integers(1, 9)),
        st.tuples(st.just("hub"), st.integers(1, 12), st.just(0)),
        st.tuples(st.just("take"), st.integers(1, 5), st.integers(0, 400)),
        st.tuples(st.just("cut"), st.integers(0, 5), st.integers(0, 400)),
    ),
    max_size=40,
)


class Follower:
    """A client and its connection, which is made again with the last id of the client."""

    def __init__(self, wanted: Filter, *, with_document: bool) -> None:
        self.client = Client()
        self._wanted, self._with_document = wanted, with_document

    async def take(self, feed: MemoryFeed, chunks: int, cut: int = -1) -> None:
        """Connect, and take so many chunks; of the last one `cut` bytes where that is not negative."""
        position = parse_position(self.client.last_event_id or "0:0", PARTITIONS)
        assert isinstance(position, list)
        # As the hub sees to it, which waits until it has read as far.
        if any(offset > end for offset, end in zip(position, feed.ring.next, strict=True)):
            feed.read()
        before = len(self.client.received)
        stream = FrameStream(feed, Wanted(self._wanted, position, 0, self._with_document), Timing(1e9, 1e9))
        async with aclosing(stream.frames()) as frames:
            with suppress(NoMoreError):
                for number in range(chunks):
                    chunk = await anext(frames)
                    self.client.feed(chunk[:cut] if cut >= 0 and number == chunks - 1 else chunk)
        self.client.disconnect()
        of_this_connection = [data for _, name, data in self.client.received[before:] if name.startswith("cluster.")]
        assert len(set(of_this_connection)) == len(of_this_connection)

    @property
    def events(self) -> list[dict[str, object]]:
        return [json.loads(data) for _, name, data in self.client.received if name.startswith("cluster.")]


@settings(max_examples=300)
@given(STEPS, st.sampled_from(FILTERS), st.booleans())
def test_every_event_comes_at_least_once_and_in_order(
    steps: list[tuple[str, int, int]], wanted: Filter, with_document: bool
) -> None:
    with patch.object(frame_stream, "_CHUNK", 2):
        asyncio.run(_follow(steps, wanted, with_document))


async def _follow(steps: list[tuple[str, int, int]], wanted: Filter, with_document: bool) -> None:
    topic = MemoryTopic(PARTITIONS)
    feed, follower = MemoryFeed(topic, 5), Follower(wanted, with_document=with_document)
    for kind, one, two in steps:
        if kind == "add":
            for _ in range(two):
                topic.add(one)
        elif kind == "read":
            feed.read(one, two)
        elif kind == "hub":
            feed = MemoryFeed(topic, one)
        else:
            await follower.take(feed, one, two if kind == "cut" else -1)
    feed.read()
    await follower.take(feed, 10**6)
    expected = [event for event in topic.events() if wanted.passes(facts_of(event))]
    got = {event["event_id"] for event in follower.events}
    assert got == {event["event_id"] for event in expected}
    # First occurrences of each cluster come in the order of its revisions; what is repeated was there before.
    highest: dict[object, int] = defaultdict(int)
    of_cluster: dict[object, list[object]] = defaultdict(list)
    for event in expected:
        of_cluster[event["cluster_id"]].append(event["revision"])
    for event in follower.events:
        cluster, revision = event["cluster_id"], event["revision"]
        assert isinstance(revision, int)
        if revision > highest[cluster]:
            assert revision == of_cluster[cluster].pop(0)
            highest[cluster] = revision
        assert ("document" in event) is with_document


def test_deleted_messages_are_a_gap_that_is_named_once() -> None:
    topic = MemoryTopic(1)
    for _ in range(30):
        topic.add(0)
    topic.first[0] = 10
    feed, client = MemoryFeed(topic, 4), Client()

    async def take() -> None:
        with suppress(NoMoreError):
            async for chunk in FrameStream(feed, Wanted(EVERYTHING, [3]), Timing(1e9, 1e9)).frames():
                client.feed(chunk)

    asyncio.run(take())
    names = [name for _, name, _ in client.received]
    assert names[:2] == ["position", "gap"]
    assert names.count("gap") == 1
    assert json.loads(client.received[1][2])["missing"] == [
        {"partition": 0, "from": 3, "to": 10, "reason": "retention"}
    ]
    first = json.loads(client.received[2][2])
    assert first["event_id"] == json.loads(topic.messages[0][10].value or b"")["event_id"]


def test_a_slow_client_is_ended_and_comes_back_without_loss() -> None:
    topic = MemoryTopic(1)
    topic.add(0)
    feed, client = MemoryFeed(topic, 10), Client()

    async def story() -> None:
        slow = FrameStream(feed, Wanted(EVERYTHING, [0]), Timing(1e9, 1e9)).frames()
        client.feed(await anext(slow))
        client.feed(await anext(slow))
        for _ in range(40):
            topic.add(0)
        feed.read()
        with pytest.raises(StopAsyncIteration):
            await anext(slow)
        assert feed.behind == 1
        position = parse_position(client.last_event_id, 1)
        assert isinstance(position, list)
        with suppress(NoMoreError):
            async for chunk in FrameStream(feed, Wanted(EVERYTHING, position), Timing(1e9, 1e9)).frames():
                client.feed(chunk)

    asyncio.run(story())
    events = [json.loads(data)["event_id"] for _, name, data in client.received if name.startswith("cluster.")]
    assert events == [event["event_id"] for event in topic.events()]


def test_with_many_partitions_the_first_id_is_the_time_of_the_subscription() -> None:
    topic = MemoryTopic(65)
    topic.add(0)
    feed = MemoryFeed(topic, 10)
    feed.ring.clock = 5000
    client = Client()

    async def story() -> None:
        stream = FrameStream(feed, Wanted(EVERYTHING, list(feed.ring.next)), Timing(1e9, 1e9))
        topic.add(0)
        feed.ring.clock = 9000
        feed.read()  # between the request and the first frame
        with suppress(NoMoreError):
            async for chunk in stream.frames():
                client.feed(chunk)

    asyncio.run(story())
    assert [(identity, name) for identity, name, _ in client.received] == [
        ("5000", "position"),
        ("9000", "cluster.record_added"),
    ]


def test_where_nothing_comes_there_is_a_comment_and_where_all_is_filtered_out_a_position() -> None:
    topic = MemoryTopic(1)
    feed, client = MemoryFeed(topic, 10), Client()
    nothing = Filter(sources=frozenset(("other",)))

    async def changed() -> None:
        await asyncio.sleep(0.01)

    feed.changed = changed  # type: ignore[method-assign]

    async def story() -> None:
        stream = FrameStream(feed, Wanted(nothing, [0]), Timing(0.05, 0.1)).frames()
        client.feed(await anext(stream))
        client.feed(await anext(stream))
        assert (client.comments, client.last_event_id) == (1, "0:0")
        for _ in range(3):
            topic.add(0)
        feed.read()
        started = time.monotonic()
        while client.last_event_id == "0:0" and time.monotonic() < started + 5:
            client.feed(await anext(stream))
        assert client.last_event_id == "0:3"
        feed.is_closing = True
        with pytest.raises(StopAsyncIteration):
            await anext(stream)

    asyncio.run(story())
    assert [name for _, name, _ in client.received] == ["position", "position"]
