"""`Event`: every field of the schema as a typed value, and readers that ignore what they do not know."""

from __future__ import annotations

from typing import Any

import pytest

from streams.api.event import EVENT_TYPES, ClusterRelation, ClusterState, Event, read_event
from streams.errors import PayloadError
from streams.events.schemas import schema
from streams.testing import event_messages, generated_feed

FULL = {
    "event_id": "ca:3",
    "type": "merged",
    "cluster_id": "ca",
    "revision": 3,
    "before": ["x:1"],
    "after": ["x:1", "x:2"],
    "causes": ["x:2"],
    "evidence": [{"a": "x:1", "b": "x:2"}],
    "merged_from": ["cb"],
    "relations": [{"relation": "corrects", "record": "x:1", "other": "x:9"}],
    "corrections": [{"id": "k"}],
    "document": {"title": "T"},
}


def test_it_has_every_field_of_the_schema_and_every_type() -> None:
    properties = schema("event")["properties"]
    assert set(EVENT_TYPES) == set(properties["type"]["enum"])
    assert all(hasattr(Event, name) for name in properties)


def test_a_full_event_is_typed() -> None:
    event = read_event(FULL, "0:7")
    assert (event.event_id, event.type, event.revision, event.position) == ("ca:3", "merged", 3, "0:7")
    assert (event.before, event.after, event.merged_from, event.ended) == (("x:1",), ("x:1", "x:2"), ("cb",), False)
    related = (ClusterRelation("corrects", "x:1", "x:9"),)
    assert event.state == ClusterState("ca", 3, ("x:1", "x:2"), {"title": "T"}, related)


def test_an_event_that_ends_a_cluster_has_no_state() -> None:
    event = read_event({"cluster_id": "cb", "revision": 2, "after": [], "merged_into": ["ca"]})
    assert event.ended
    assert event.state is None
    assert event.merged_into == ("ca",)


def test_fields_of_later_versions_are_ignored_whatever_their_names() -> None:
    event = read_event(FULL | {"position": {"new": 1}, "@": 1, "shape": None}, "0:1")
    assert event == read_event(FULL, "0:1")


@pytest.mark.parametrize(
    "value", [b"", b"{", "[]", {"cluster_id": "ca"}, FULL | {"after": "x:1"}, b"\xff", b"[" * 9999]
)
def test_what_is_no_event_is_refused(value: Any) -> None:
    with pytest.raises(PayloadError) as raised:
        read_event(value)
    assert raised.value.code == "not_an_event"


def test_published_events_can_be_read() -> None:
    messages = list(event_messages(item.record for item in generated_feed(10, 3)))
    events = [read_event(message.value) for message in messages if message.value]
    assert {event.event_id for event in events} == {message.json()["event_id"] for message in messages}
    assert {event.type for event in events} <= set(EVENT_TYPES)
