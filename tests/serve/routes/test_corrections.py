"""Corrections over HTTP: decided, refused, sent twice, waited for, listed, previewed."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import orjson
import pytest

from streams.events import CORRECTIONS
from streams.kafka.connection import KafkaConnection
from streams.kafka.reader import read_to_now
from streams.query.clusters import Clusters
from streams.query.index_reader import open_index
from streams.serve import corrections as shared
from tests.query.conftest import Library
from tests.serve.conftest import Client
from tests.serve.desk import CHAPTER, OTHER, Desk

PATH = "/api/v1/corrections"


def same(a: str, b: str, **more: str) -> dict[str, str]:
    return {"action": "same", "a": a, "b": b, **more}


async def messages(desk: Desk) -> list[bytes]:
    """What was sent."""
    topic = desk.settings.topic_prefix + CORRECTIONS
    return [message.value async for message in read_to_now(KafkaConnection.of(desk.settings), [topic])]


def test_a_correction_is_decided_and_the_clusters_follow(desk: Desk) -> None:
    desk.send("mine:1", CHAPTER)
    desk.send("mine:2", OTHER)
    with desk.deciding():
        made = desk.api.post(PATH, json=same("mine:2", "mine:1", reason="one book"))
        assert made.status_code == 200
        body = made.json()
        assert (body["status"], body["author"], body["reason"]) == ("active", "curator", "one book")
        assert (body["a"], body["b"]) == ("mine:1", "mine:2")
        with open_index(desk.settings) as index:
            cluster = Clusters(index).record("mine:1").cluster_id
        assert desk.api.get(f"/api/v1/clusters/{cluster}").json()["records"] == ["mine:1", "mine:2"]
        refused = desk.api.post(PATH, json={"action": "different", "a": "mine:1", "b": "mine:2"})
        assert (refused.status_code, refused.json()["code"]) == (409, "correction_conflict")
        assert refused.json()["conflicts"] == [body["id"]]
        undone = desk.api.post(PATH, json={"action": "undo", "undoes": body["id"]})
        assert (undone.status_code, undone.json()["status"], undone.json()["a"]) == (200, "done", "mine:1")
        assert desk.api.get(f"{PATH}/{body['id']}").json()["undone_by"] == undone.json()["id"]
        again = desk.api.post(PATH, json={"action": "undo", "undoes": body["id"]})
        assert (again.status_code, again.json()["code"], again.json().get("conflicts")) == (
            409,
            "nothing_to_undo",
            None,
        )


def test_the_id_of_the_client_makes_a_correction_one(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared, "_WAIT_SECONDS", 0.2)
    given = same("mine:1", "mine:2", id="client-1")
    for _ in range(2):  # nobody decides it
        sent = desk.api.post(PATH, json=given)
        assert (sent.status_code, sent.headers["Location"]) == (202, f"{PATH}/client-1")
        assert sent.json()["status"] == "sent"
        assert desk.api.get(sent.headers["Location"]).json() == sent.json()
    taken = desk.api.post(PATH, json=given | {"b": "mine:3"})
    assert (taken.status_code, taken.json()["code"]) == (409, "correction_id_used")
    monkeypatch.setattr(shared, "_WAIT_SECONDS", 30)
    with desk.deciding():
        for _ in range(2):
            decided = desk.api.post(PATH, json=given)
            assert (decided.status_code, decided.json()["status"]) == (200, "active")
            assert decided.json()["time"] == sent.json()["time"]
        assert desk.api.post(PATH, json=given | {"reason": "x"}).json()["code"] == "correction_id_used"
    assert [made["id"] for made in desk.api.get(PATH).json()["items"]] == ["client-1"]
    assert len(asyncio.run(messages(desk))) == 1
    assert desk.api.get("/api/v1/dead-letters").json()["items"] == []


def test_a_worker_may_refuse_what_seemed_right(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two people at once: each correction alone is right."""
    monkeypatch.setattr(shared, "_WAIT_SECONDS", 0.1)
    first = desk.api.post(PATH, json=same("mine:1", "mine:2", id="one"))
    second = desk.api.post(PATH, json={"action": "different", "a": "mine:1", "b": "mine:2", "id": "two"})
    assert (first.status_code, second.status_code) == (202, 202)
    monkeypatch.setattr(shared, "_WAIT_SECONDS", 30)
    with desk.deciding():
        refused = desk.api.post(PATH, json={"action": "different", "a": "mine:1", "b": "mine:2", "id": "two"})
    assert (refused.status_code, refused.json()["conflicts"]) == (409, ["one"])
    shown = desk.api.get(f"{PATH}/two").json()
    assert (shown["status"], shown["code"]) == ("refused", "correction_conflict")


def test_the_list_is_paged_newest_first(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared, "_WAIT_SECONDS", 30)
    with desk.deciding():
        for number in range(3):
            assert desk.api.post(PATH, json=same("mine:0", f"mine:{number + 1}", id=f"k{number}")).status_code == 200
    monkeypatch.setattr(shared, "_WAIT_SECONDS", 0)
    for number in range(3, 5):
        assert desk.api.post(PATH, json=same("mine:0", f"mine:{number + 1}", id=f"k{number}")).status_code == 202
    page = desk.api.get(PATH, params={"limit": 1})
    found: list[Any] = page.json()["items"]
    while page.json()["next"]:
        assert page.headers["Link"].endswith('; rel="next"')
        page = desk.api.get(page.headers["Link"][1:].partition(">")[0])
        found += page.json()["items"]
    assert "Link" not in page.headers
    status = {made["id"]: made["status"] for made in found}  # one may come twice, as it was read meanwhile
    assert status == {"k4": "sent", "k3": "sent", "k2": "active", "k1": "active", "k0": "active"}
    assert list(status) == ["k4", "k3", "k2", "k1", "k0"]
    assert [made["id"] for made in desk.api.get(PATH, params={"status": "sent"}).json()["items"]] == ["k4", "k3"]


NO_CORRECTIONS: list[tuple[dict[str, str], int, str]] = [
    ({"action": "same", "a": "mine:1", "b": "nothing"}, 422, "malformed"),
    ({"action": "same", "a": "mine:1", "b": "mine:1"}, 422, "malformed"),
    ({"action": "undo"}, 422, "malformed"),
    ({"action": "undo", "undoes": "k9"}, 409, "nothing_to_undo"),
    ({"action": "merge", "a": "mine:1", "b": "mine:2"}, 400, "invalid"),
    ({"action": "same", "a": "mine:1", "b": "mine:2", "id": "a b"}, 400, "invalid"),
    ({"action": "same", "a": "mine:1", "b": "mine:2", "author": "eve"}, 400, "invalid"),
    ({"action": "same", "a": "m:" + "1" * 1_000_000, "b": "mine:2"}, 413, "too_large"),
]


def test_what_is_no_correction(operator: Client) -> None:
    for body, status, code in NO_CORRECTIONS:
        answer = operator.post(PATH, json=body)
        assert (answer.status_code, answer.json()["code"]) == (status, code), str(body)[:200]


def test_what_is_not_known_or_no_cursor(client: Client) -> None:
    assert client.get(f"{PATH}/k9").json()["code"] == "unknown_correction"
    assert client.get(f"{PATH}/k9").status_code == 404
    assert client.get(PATH, params={"cursor": "AAAA"}).json()["code"] == "malformed"
    for wrong in ({"limit": 0}, {"limit": 201}, {"status": "new"}):
        assert client.get(PATH, params=wrong).json()["code"] == "invalid"


def test_without_kafka_it_is_unavailable(operator: Client, library: Library) -> None:
    began = time.monotonic()
    answer = operator.post(PATH, json=same("mine:1", "mine:3"))
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert "Retry-After" in answer.headers
    assert time.monotonic() - began < 20
    assert operator.get(PATH).json()["items"] == []
    assert library.settings.kafka_url == ""


def test_a_preview_shows_what_would_be_and_changes_nothing(client: Client, library: Library) -> None:
    before = library.dump()
    answer = client.post(
        f"{PATH}/preview", json={"corrections": [{"action": "different", "a": "mine:1", "b": "mine:2"}]}
    )
    assert answer.status_code == 200
    result = answer.json()["result"]
    assert sorted(cluster["records"] for cluster in result["clusters"]) == [["mine:1"], ["mine:2"]]
    split = client.post(f"{PATH}/preview", json={"sets": [["mine:1", "mine:3"], ["mine:2"], ["mine:9"]]}).json()
    said = [(made["action"], made["a"], made["b"]) for made in split["corrections"]]
    assert said == [
        ("same", "mine:1", "mine:3"),
        ("different", "mine:1", "mine:2"),
        ("different", "mine:1", "mine:9"),
        ("different", "mine:2", "mine:9"),
    ], "n - k same and k(k - 1)/2 different"
    assert {tuple(c["records"]) for c in split["result"]["clusters"]} >= {("mine:1", "mine:3"), ("mine:2",)}
    assert split["result"]["unknown"] == ["mine:9"]
    library.bench.correct("k1", "same", "mine:1", "mine:2")
    refused = client.post(f"{PATH}/preview", json={"sets": [["mine:1"], ["mine:2"]]}).json()["result"]
    assert (refused["refused"], [made["id"] for made in refused["conflicts"]]) == ("correction_conflict", ["k1"])
    assert before != library.dump(), "the correction that was made, not those that were previewed"


NO_PREVIEWS: list[tuple[dict[str, Any], int]] = [
    ({}, 422),
    ({"sets": [["mine:1", "mine:2"]], "corrections": [{"action": "undo", "undoes": "k1"}]}, 422),
    ({"sets": [[f"mine:{n}"] for n in range(20)]}, 422),
    ({"sets": [["mine:1"]]}, 422),
    ({"sets": [["mine:1"], []]}, 422),
    ({"sets": [["mine:1", "mine:2"], ["mine:1"]]}, 422),
    ({"sets": [["mine:1", "mine"]]}, 422),
    ({"sets": [["mine:1", "x" * 2000]]}, 400),
]


def test_what_cannot_be_previewed(client: Client) -> None:
    for body, status in NO_PREVIEWS:
        answer = client.post(f"{PATH}/preview", json=body)
        expected = (status, {400: "invalid", 422: "malformed"}[status])
        assert (answer.status_code, answer.json()["code"]) == expected, str(body)[:200]


def test_every_answer_is_declared(client: Client) -> None:
    paths = orjson.loads(client.get("/api/v1/openapi.json").content)["paths"]
    assert {"200", "202", "409", "413", "422", "503"} <= paths[PATH]["post"]["responses"].keys()
    assert {"200", "400", "413", "422"} <= paths[f"{PATH}/preview"]["post"]["responses"].keys()
    assert {"200", "404"} <= paths[PATH + "/{identifier}"]["get"]["responses"].keys()
