"""Payloads and signatures, held against the verifier of Standard Webhooks' own library."""

from __future__ import annotations

import time
from typing import Any

import orjson
import pytest
from standardwebhooks import Webhook, WebhookVerificationError

import streams
from streams.events import EVENTS
from streams.testing import FakeStreams
from streams.webhooks.delivery import TEST_TYPE, event_delivery, headers, new_secret, probe_delivery

OLD, NEW = new_secret(), new_secret()


def published() -> list[dict[str, Any]]:
    """Events of two papers, one of which is merged from two clusters."""
    fake = FakeStreams()
    paper = {"title": "Coral growth in warm seas", "authors": ["Ada Reef"], "year": 2021}
    feed = [
        {**paper, "id": "1", "source": "x", "title": "Growth of corals", "arxiv_id": "2101.00001"},
        {**paper, "id": "2", "source": "y", "doi": "10.5555/reef.1"},
        {**paper, "id": "3", "source": "z", "arxiv_id": "2101.00001", "doi": "10.5555/reef.1"},
    ]
    sent = [message for record in feed for message in fake.send([record]) if message.topic == EVENTS]
    return [orjson.loads(message.value or b"") for message in sent]


def test_the_library_verifies_what_was_signed_and_nothing_that_was_changed() -> None:
    now = time.time()
    delivery = event_delivery(published()[0], 1_764_504_000_118)
    sent = headers(delivery, [OLD], now)
    assert sent["webhook-id"] == published()[0]["event_id"] == delivery.id
    assert sent["webhook-timestamp"] == str(int(now))
    assert Webhook(OLD).verify(delivery.body, sent) == orjson.loads(delivery.body)
    changed = (
        (delivery.body + " ", sent),
        (delivery.body, sent | {"webhook-id": "c:2"}),
        (delivery.body, sent | {"webhook-timestamp": str(int(now) - 1)}),
        (delivery.body, headers(delivery, [NEW], now)),
        (delivery.body, headers(delivery, [OLD], now - 600)),
    )
    for body, given in changed:
        with pytest.raises(WebhookVerificationError):
            Webhook(OLD).verify(body, given)


def test_while_a_secret_is_replaced_a_receiver_may_have_either() -> None:
    delivery = event_delivery(published()[0], 0)
    sent = headers(delivery, [OLD, NEW], time.time())
    assert len(sent["webhook-signature"].split(" ")) == 2
    for secret in (OLD, NEW):
        Webhook(secret).verify(delivery.body, sent)
    with pytest.raises(WebhookVerificationError):
        Webhook(new_secret()).verify(delivery.body, sent)


def test_an_id_with_a_full_stop_is_verified() -> None:
    event = published()[0] | {"event_id": "caaaaaaaaaaaaa.2:7"}
    delivery = event_delivery(event, 0)
    Webhook(OLD).verify(delivery.body, headers(delivery, [OLD], time.time()))


def test_the_payload_is_thin_and_can_be_folded() -> None:
    events, view, folded = published(), streams.ClusterView(), streams.ClusterView()
    for event in events:
        payload = orjson.loads(event_delivery(event, 1_764_504_000_118).body)
        assert payload.keys() == {"type", "timestamp", "data"}
        assert payload["type"] == f"cluster.{event['type']}"
        assert payload["timestamp"] == "2025-11-30T12:00:00.118Z"
        assert event.keys() - payload["data"].keys() <= {"document", "evidence"}
        view.apply(event)
        folded.apply(payload["data"])
    assert {(each.id, each.revision, each.records) for each in folded} == {(e.id, e.revision, e.records) for e in view}
    assert len(folded) == 1


def test_the_document_is_there_where_it_is_asked_for() -> None:
    event = published()[0]
    data = orjson.loads(event_delivery(event, 0, with_document=True).body)["data"]
    assert data["document"] == event["document"]
    assert "evidence" not in data


def test_a_test_is_about_no_event_and_has_an_id_of_its_own() -> None:
    one, two = probe_delivery(1000.0), probe_delivery(1000.0)
    assert one.id != two.id
    assert orjson.loads(one.body) == {"type": TEST_TYPE, "timestamp": "1970-01-01T00:16:40.000Z", "data": {}}
    Webhook(NEW).verify(one.body, headers(one, [NEW], time.time()))
