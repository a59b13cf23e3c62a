"""States, then events, on a real broker while a feed is published: no gap, and nothing twice."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest

import streams.client.snapshot_source as module
from streams.client import ClusterState, ClusterView, Event, FileCheckpoint, Snapshot, snapshot, subscribe
from streams.errors import BrokerError, PayloadError
from streams.events import CLUSTERS, EVENTS, Outgoing
from streams.settings import Settings
from tests.client.topics import clusters_now, messages, plain, publish, run


def taken(settings: Settings, **options: Any) -> Snapshot:
    return snapshot(kafka=settings.kafka_url, topic_prefix=settings.topic_prefix, **options)


async def fold(items: Snapshot, view: ClusterView, seen: Counter[str]) -> None:
    """Fold without end; nothing may come that changes nothing."""
    async for item in items:
        assert view.apply(item), item
        if isinstance(item, ClusterState):
            assert items.position == "", "no position while the states come"
            seen["states"] += 1
        else:
            seen["events"] += 1


def test_snapshots_in_the_middle_of_a_feed_end_with_its_clusters(
    topics: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "OVERLAP", 40)
    batches, random = messages(40, seed=40), Random(40)  # noqa: S311

    async def send() -> None:
        for batch in batches:
            # States and events reach their topics at different times; events may come again.
            states = [message for message in batch if message.topic == CLUSTERS]
            events = [message for message in batch if message.topic == EVENTS]
            both = [states, events] if random.random() < 0.5 else [events, states]
            await publish(topics, *both, *([random.sample(events, 1)] if events else []))

    async def story() -> None:
        sending = asyncio.ensure_future(send())
        views: list[tuple[Snapshot, ClusterView, Counter[str]]] = []
        followers = []
        while not sending.done() and len(views) < 6:
            views.append((taken(topics), ClusterView(), Counter()))
            followers.append(asyncio.ensure_future(fold(*views[-1])))
            await asyncio.wait([sending], timeout=0.05)
        await sending
        views.append((taken(topics), ClusterView(), Counter()))
        followers.append(asyncio.ensure_future(fold(*views[-1])))
        expected = await clusters_now(topics)
        for _, view, _ in views:
            while plain(view) != expected:
                await asyncio.sleep(0.05)
        for (items, _, _), follower in zip(views, followers, strict=True):
            follower.cancel()
            await asyncio.wait([follower])
            assert follower.cancelled(), follower.exception()
            await items.aclose()
        assert views[0][2]["events"] > 0
        assert views[-1][2] == {"states": len(expected)}

    run(story())


def test_subscribe_resumes_where_the_states_end(topics: Settings, tmp_path: Path) -> None:
    batches = messages(10, seed=2)

    async def story() -> None:
        await publish(topics, *batches[:3])
        view, checkpoint = ClusterView(), FileCheckpoint(tmp_path / "position")
        async with taken(topics, checkpoint=checkpoint) as items:
            waiting = asyncio.ensure_future(fold(items, view, Counter()))
            while checkpoint.load() == "beginning":
                await asyncio.sleep(0.02)
            waiting.cancel()
            await asyncio.wait([waiting])
        assert plain(view) == await clusters_now(topics)
        await publish(topics, *batches[3:])
        expected = await clusters_now(topics)
        kafka = {"kafka": topics.kafka_url, "topic_prefix": topics.topic_prefix}
        async with subscribe(**kafka, start=checkpoint) as events:  # type: ignore[arg-type]
            async for event in events:
                view.apply(event)
                if plain(view) == expected:
                    break

    run(story())


def test_ends_are_known_and_lead_on_and_sources_are_selected(topics: Settings) -> None:
    def state(name: str, record: str) -> Outgoing:
        value = f'{{"cluster_id":"{name}","revision":2,"records":["{record}"],"document":{{}}}}'
        return Outgoing(CLUSTERS, name.encode(), value.encode())

    async def story() -> None:
        gone = Outgoing(CLUSTERS, b"cb", None, (("revision", b"3"), ("merged-into", b"ca")))
        await publish(topics, [state("cb", "x:2"), state("ca", "x:1"), state("cc", "y:1"), gone])
        await publish(topics, [state("cb", "x:2")])  # an older one, late
        view = ClusterView()
        async with taken(topics, sources={"x"}) as items:
            assert list(items.ends()) == []
            item = await anext(items)
            assert isinstance(item, ClusterState)
            assert item.id == "ca"
            assert view.apply(item)
            for end in items.ends():
                assert view.end(*end)
            assert view.resolve("cb") == "ca"
            waiting = asyncio.ensure_future(fold(items, view, Counter()))
            await asyncio.sleep(0.2)
            back = b'{"cluster_id":"cb","revision":4,"before":[],"after":["x:2"],"document":{}}'
            await publish(topics, [Outgoing(EVENTS, b"cb", back)])
            while view.resolve("cb") != "cb":
                await asyncio.sleep(0.02)
            waiting.cancel()
            await asyncio.wait([waiting])
        assert {each.id for each in view} == {"ca", "cb"}

    run(story())


def test_what_is_no_state_is_said_after_the_others(topics: Settings) -> None:
    async def story() -> None:
        good = b'{"cluster_id":"ca","revision":1,"records":["x:1"],"document":{}}'
        await publish(topics, [Outgoing(CLUSTERS, b"cb", b"no JSON"), Outgoing(CLUSTERS, b"ca", good)])
        async with taken(topics) as items:
            item = await anext(items)
            assert isinstance(item, ClusterState)
            with pytest.raises(PayloadError, match="cb"):
                await anext(items)
            await publish(topics, [Outgoing(EVENTS, b"ca", b'{"cluster_id":"ca","revision":2,"after":[]}')])
            event = await anext(items)
            assert isinstance(event, Event)
            assert event.ended
        assert [item async for item in items] == [], "it has ended"

    run(story())


def test_a_snapshot_that_cannot_be_taken_is_tried_again(topics: Settings) -> None:
    async def story() -> None:
        missing = taken(topics.model_copy(update={"topic_prefix": "nowhere."}))
        for _ in range(2):
            with pytest.raises(BrokerError, match="no topic"):
                await anext(missing)
        await missing.aclose()

    run(story())
