"""`streams.testing`: the messages are those that an engine on a real Redis publishes."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import orjson
import pytest

import streams
from streams import events
from streams.engine.engine import Engine
from streams.settings import Settings
from streams.state.connection import Connection
from streams.testing import FakeStreams, event_messages, generated_feed
from tests.engine.worlds import CONTENTS, handle, message

TOPICS = (events.DECISIONS, events.EVENTS, events.CLUSTERS)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("size", [1, 3])
def test_it_publishes_what_an_engine_publishes(
    seed: int, size: int, generation: Settings, new_connection: Callable[[], Connection]
) -> None:
    random = Random(seed)  # noqa: S311
    sent = [(f"s:{random.randrange(7)}", random.choice((None, *CONTENTS))) for _ in range(36)]
    engine, fake = Engine(generation, new_connection()), FakeStreams()
    for start in range(0, len(sent), size):
        batch = [
            message(record, content, 4_102_444_800_000 + start + n, start + n)
            for n, (record, content) in enumerate(sent[start : start + size])
        ]
        published: list[Any] = []
        handle(engine, batch, published.extend)
        items = [item for each in batch for item in streams.parse("document", each.value, each.key)]
        made = fake.send(item for item in items if not isinstance(item, streams.PayloadError))
        expected = [
            (out.topic, out.key, out.value and orjson.loads(out.value)) for out in published if out.topic in TOPICS
        ]
        assert sorted(map(repr, expected)) == sorted(repr((m.topic, m.key, m.value and m.json())) for m in made)


def test_messages_follow_the_published_schemas(validate: Callable[[str, Any], None]) -> None:
    fake = FakeStreams()
    names = {events.DECISIONS: "decision", events.EVENTS: "event", events.CLUSTERS: "cluster"}
    for item in generated_feed(60):
        for made in fake.send([item.record]):
            if made.value is not None:
                validate(names[made.topic], made.json())


def test_a_batch_with_an_unreadable_record_changes_nothing() -> None:
    fake, paper = FakeStreams(), {"id": "1", "title": "Coral growth in warm seas"}
    with pytest.raises(streams.PayloadError) as raised:
        fake.send([paper, {"id": "2"}])
    assert raised.value.where == "/1"
    assert [made.json()["type"] for made in fake.send([paper]) if made.topic == events.EVENTS] == ["created"]


def test_event_messages_are_those_of_dedup_events_alone() -> None:
    papers = [{"id": str(n), "title": "Coral growth in warm seas", "authors": ["Ada Reef"]} for n in range(3)]
    one_by_one = [made.json()["type"] for made in event_messages(papers)]
    assert one_by_one == ["created", "record_added", "record_added"]
    assert [made.json()["type"] for made in event_messages(papers, batch_size=3)] == ["created"]


def test_a_generated_feed_is_the_same_for_a_seed_and_knows_the_truth() -> None:
    feed = list(generated_feed(30, 5))
    assert feed == list(generated_feed(30, 5))
    assert len({item.work for item in feed}) == 30
    assert {item.event for item in feed} >= {"new", "update"}
    assert all(item.document["id"] == item.record.source_id for item in feed)
