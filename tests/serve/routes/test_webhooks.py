"""Endpoints of webhooks over HTTP, from states in a real Redis."""

from __future__ import annotations

import msgspec

from streams.webhooks.parking import Parked
from streams.webhooks.schedule import Retry
from streams.webhooks.states import EndpointState, StateStore
from tests.query.conftest import Library
from tests.serve.conftest import Client

OFF = EndpointState(
    "a", "https://a.example.org", "off", "it answered 410 Gone", positions={0: 7}, off_since=5.0,
    retries={0: Retry(7, "c:1", 4.0, 1)},
)  # fmt: skip
PARKED = Parked(0, 5, "c:0", 1.0, 2.0, 8, "it answered 500")


def store(library: Library) -> StateStore:
    """The states of the namespace, with one endpoint that is off."""
    made = StateStore(library.settings.namespace, library.connection)
    for _ in range(2):  # the first takes the lease
        made.write("test", {"a": msgspec.json.encode(OFF)}, {"a": msgspec.json.encode([PARKED])})
    made.write("test", {}, release=True)
    return made


def test_endpoints_are_shown_to_operators_alone(operator: Client, library: Library) -> None:
    store(library)
    (one,) = operator.get("/api/v1/webhooks").json()["items"]
    assert (one["name"], one["status"], one["reason"], one["off_since"]) == ("a", "off", "it answered 410 Gone", 5.0)
    assert (one["positions"], one["retries"]["0"]["event_id"]) == ({"0": 7}, "c:1")
    del operator.headers["Authorization"]
    assert operator.get("/api/v1/webhooks").json()["code"] == "token_missing"


def test_an_endpoint_is_enabled(operator: Client, library: Library) -> None:
    states = store(library)
    answer = operator.post("/api/v1/webhooks/a/enable")
    assert (answer.status_code, answer.json()["status"]) == (202, "off")
    assert states.asked(["a"])["a"].enable > 0
    answer = operator.post("/api/v1/webhooks/b/enable")
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_webhook")
    del operator.headers["Authorization"]
    assert operator.post("/api/v1/webhooks/a/enable").json()["code"] == "token_missing"


def test_parked_events_are_listed_sent_again_and_discarded(operator: Client, library: Library) -> None:
    states = store(library)
    (one,) = operator.get("/api/v1/webhooks/a/parked").json()["items"]
    assert (one["event_id"], one["offset"], one["reason"]) == ("c:0", 5, "it answered 500")
    for what in ("redeliver", "discard"):
        answer = operator.post(f"/api/v1/webhooks/a/{what}")
        assert (answer.status_code, answer.json()["name"]) == (202, "a")
        assert getattr(states.asked(["a"])["a"], what) > 0
        answer = operator.post(f"/api/v1/webhooks/b/{what}")
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown_webhook")
    assert operator.get("/api/v1/webhooks/b/parked").status_code == 404
    del operator.headers["Authorization"]
    for method, path in (("GET", "parked"), ("POST", "redeliver"), ("POST", "discard")):
        assert operator.request(method, f"/api/v1/webhooks/a/{path}").json()["code"] == "token_missing"
