"""What is published is a CloudEvent in the eyes of the SDK, and its value is as before."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from cloudevents.core.base import BaseCloudEvent
from cloudevents.core.bindings.kafka import KafkaMessage, from_kafka_event

from streams import events
from streams.events import Outgoing
from streams.events.cloudevents import CloudEvents
from streams.events.schemas import schema
from streams.testing import FakeStreams

TITLE = "Deep residual learning of sparse graph representations"
STREAMS = CloudEvents("catalogue")


def published() -> list[Outgoing]:
    """Return the events and states of a few records of which one joins two clusters, and one is deleted."""
    fake = FakeStreams()
    papers: list[dict[str, Any]] = [
        {"source": "x", "id": "1", "title": TITLE, "authors": ["Ada Lovelace"], "year": 2015, "arxiv_id": "1512.00001"},
        {"source": "x", "id": "2", "title": TITLE, "authors": ["Ada Lovelace"], "year": 2015, "doi": "10.5555/a.1"},
        {"source": "x", "id": "3", "title": '\\"type\\":\\"corrections\\": ' + TITLE, "authors": ["Bo Reef"]},
    ]
    found = [message for paper in papers for message in fake.send([paper])]
    return [Outgoing(each.topic, each.key, each.value) for each in found]


def read(message: Outgoing) -> BaseCloudEvent:
    return from_kafka_event(KafkaMessage(dict(message.headers), message.key, message.value or b""))


@pytest.mark.parametrize("given", [each for each in published() if each.topic in (events.EVENTS, events.CLUSTERS)])
def test_the_sdk_reads_what_the_value_says(given: Outgoing) -> None:
    message = STREAMS.add_headers(given)
    assert message[:3] == given[:3]
    value = orjson.loads(given.value or b"")
    found = read(message)
    assert found.get_specversion() == "1.0"
    assert found.get_id() == f"{value['cluster_id']}:{value['revision']}"
    assert found.get_source() == "/streams/catalogue"
    assert found.get_subject() == value["cluster_id"]
    assert found.get_data() == value
    assert found.get_datacontenttype() == "application/json"
    assert "ce_time" not in dict(message.headers)
    name = "event" if given.topic == events.EVENTS else "cluster"
    assert found.get_dataschema() == schema(name)["$id"]
    assert found.get_type() == f"streams.cluster.{value.get('type', 'state')}.v1"


def test_an_event_of_a_correction_has_its_time() -> None:
    value = {"event_id": "c:2", "type": "merged", "corrections": [{"id": "k", "time": "2026-11-24T10:00:00+01:00"}]}
    message = STREAMS.add_headers(Outgoing(events.EVENTS, b"c", orjson.dumps(value)))
    time = read(message).get_time()
    assert time is not None
    assert time.isoformat() == "2026-11-24T10:00:00+01:00"
    assert STREAMS.add_headers(Outgoing(events.EVENTS, b"c", orjson.dumps(value))) == message, (
        "the same when it comes again"
    )


def test_fields_in_another_order_are_found() -> None:
    event = STREAMS.add_headers(Outgoing(events.EVENTS, b"c", b'{"type": "split", "revision": 9, "event_id": "c:9"}'))
    assert (read(event).get_id(), read(event).get_type()) == ("c:9", "streams.cluster.split.v1")
    state = STREAMS.add_headers(Outgoing(events.CLUSTERS, b"c", b'{"revision": 9, "cluster_id": "c"}'))
    assert read(state).get_id() == "c:9"


@pytest.mark.parametrize(
    "given",
    [
        Outgoing(events.EVENTS, b"c", b"{}"),
        Outgoing(events.EVENTS, b"c", b'{"event_id":"'),
        Outgoing(events.CLUSTERS, b"c", b"[]"),
        Outgoing(events.CLUSTERS, b"c", None, ((events.REVISION_HEADER, b"3"),)),
        Outgoing(events.DECISIONS, b"a|b", b'{"event_id":"c:1","type":"created"}'),
    ],
)
def test_what_is_no_event_and_no_state_stays_as_it_is(given: Outgoing) -> None:
    assert STREAMS.add_headers(given) == given
