"""Dead letters over HTTP: listed, shown, sent again, dropped, each with its outcome."""

from __future__ import annotations

import asyncio
from itertools import product
from typing import Any

import orjson
import pytest

from streams.kafka.connection import KafkaConnection
from streams.kafka.dead_letters import standing
from streams.kafka.reader import read_to_now
from streams.serve import dead_letters as shared
from tests.serve.conftest import Client
from tests.serve.desk import Desk

PATH = "/api/v1/dead-letters"
PAGE = b'[{"title":"One without an id"},{"source":"p","id":"1","title":"One of a page that is good"},null]'


def origins(client: Client, **params: str | int) -> list[str]:
    return [item["origin"] for item in client.get(PATH, params=params).json()["items"]]


def sent(desk: Desk) -> list[bytes]:
    """The payloads in the topic of the source."""

    async def read() -> list[bytes]:
        topic = f"{desk.settings.topic_prefix}records.document"
        return [m.value async for m in read_to_now(KafkaConnection.of(desk.settings), [topic])]

    return asyncio.run(read())


def test_they_are_listed_shown_sent_again_and_dropped(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    for payload in (b"{", PAGE, b"\xff\xfe", b"{"):
        desk.payload(payload)
    desk.wait_for_letters(5)
    page = desk.api.get(PATH, params={"limit": 2}).json()
    while page["next"]:
        page["items"], page["next"] = (
            page["items"] + (more := desk.api.get(PATH, params={"limit": 2, "cursor": page["next"]}).json())["items"],
            more["next"],
        )
    assert [item["id"] for item in page["items"]] == [item["id"] for item in desk.api.get(PATH).json()["items"]]
    assert sorted(item["id"] for item in page["items"]) == sorted(
        each.id for each in asyncio.run(standing(desk.settings))
    )
    counts = {count["code"]: count["letters"] for count in page["counts"]}
    assert counts["not_json"] == 3
    assert sum(counts.values()) == 5
    assert len(origins(desk.api, reason="not_json")) == 3
    assert origins(desk.api, source="crossref") == []

    origin = next(item["origin"] for item in page["items"] if item["where"])
    items = sorted(item["id"] for item in page["items"] if item["origin"] == origin)
    shown = desk.api.get(f"{PATH}/{origin}").json()
    assert (shown["payload"], shown["shown"], shown["size"]) == (PAGE.decode(), len(PAGE), len(PAGE))
    assert [letter["id"] for letter in shown["letters"]] == items
    alone = desk.api.get(f"{PATH}/{items[0].replace('#', '%23')}").json()
    assert [letter["id"] for letter in alone["letters"]] == items[:1]
    binary = [
        each
        for o in origins(desk.api, reason="not_json")
        if "payload_base64" in (each := desk.api.get(f"{PATH}/{o}").json())
    ]
    assert [each["payload_base64"] for each in binary] == ["//4="]

    outcome = desk.api.post(f"{PATH}/retry", json={"origins": [items[0], "nothing:0:1"]}).json()
    assert [o["origin"] for o in outcome["items"]] == ["nothing:0:1", origin]
    assert outcome["items"][0]["problem"]
    assert outcome["items"][1]["topic"].endswith("records.document")
    assert sorted(outcome["items"][1]["letters"]) == items, "a message is sent again whole"
    assert sent(desk) == [PAGE]
    assert desk.api.get(f"{PATH}/{origin}").status_code == 404

    desk.payload(PAGE)
    again = desk.wait_for_letters(5)
    item = next(str(each["id"]) for each in again if each["where"] == "/0")
    one = desk.api.post(f"{PATH}/drop", json={"origins": [item]}).json()["items"]
    assert [each["letters"] for each in one] == [[item]], "only what is named"
    assert len(desk.api.post(f"{PATH}/drop", json={"reason": "null_member"}).json()["items"]) == 1

    monkeypatch.setattr(shared, "MOST_CHOSEN", 2)
    dropped = desk.api.post(f"{PATH}/drop", json={"reason": "not_json", "source": "document"}).json()
    assert [o["dropped"] for o in dropped["items"]] == [True, True]
    assert dropped["more"]
    rest = desk.api.post(f"{PATH}/drop", json={"reason": "not_json"}).json()
    assert (len(rest["items"]), rest["more"]) == (1, False)
    assert desk.api.get(PATH).json()["items"] == []
    assert asyncio.run(standing(desk.settings)) == []
    assert desk.api.post(f"{PATH}/drop", json={"reason": "not_json"}).json() == {"items": [], "more": False}
    assert sent(desk) == [PAGE]


def test_what_cannot_be_sent_again_stays_with_its_reason(desk: Desk) -> None:
    desk.payload(b"{")
    (letter,) = desk.wait_for_letters(1)
    asked = {"origins": [letter["id"]], "to": "nowhere"}
    refused = desk.api.post(f"{PATH}/retry", json=asked)
    assert (refused.status_code, refused.json()["code"]) == (422, "malformed")
    given = desk.api.post(f"{PATH}/retry", json=asked | {"to": "crossref"}).json()["items"]
    assert given[0]["topic"].endswith("records.crossref")


def test_a_large_payload_is_shown_in_part(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared, "MOST_PAYLOAD", 5)
    desk.payload("{ééé".encode())
    (letter,) = desk.wait_for_letters(1)
    shown = desk.api.get(f"{PATH}/{letter['origin']}").json()
    assert (shown["payload"], shown["shown"], shown["size"]) == ("{éé", 5, 7)
    monkeypatch.setattr(shared, "MOST_PAYLOAD", 4)
    shown = desk.api.get(f"{PATH}/{letter['origin']}").json()
    assert (shown["payload"], shown["shown"]) == ("{é", 3), "no character is cut"


NO_CHOICES: list[tuple[dict[str, Any], int]] = [
    ({}, 422),
    ({"origins": []}, 422),
    ({"origins": ["a:0:1"], "reason": "not_json"}, 422),
    ({"all": True}, 400),
    ({"origins": ["a:0:1"] * 501}, 400),
    ({"origins": ["x" * 1_000_001]}, 413),
]


def test_a_choice_that_is_none(operator: Client) -> None:
    for path, (body, status) in product(("retry", "drop"), NO_CHOICES):
        answer = operator.post(f"{PATH}/{path}", json=body)
        expected = (status, {400: "invalid", 413: "too_large", 422: "malformed"}[status])
        assert (answer.status_code, answer.json()["code"]) == expected, (path, str(body)[:200])


def test_what_is_not_there(operator: Client) -> None:
    assert operator.get(PATH).json() == {"items": [], "next": None, "counts": [], "current": False}
    assert operator.get(f"{PATH}/records.document:0:9").json()["code"] == "unknown_dead_letter"
    assert operator.get(f"{PATH}/retry").status_code in (404, 405)
    assert operator.get(PATH, params={"cursor": "AAAA"}).json()["code"] == "malformed"
    outcome = operator.post(f"{PATH}/drop", json={"origins": ["a:0:1"]}).json()
    assert outcome["items"] == [{"origin": "a:0:1", "problem": "there is no such dead letter"}]


def test_every_answer_is_declared(client: Client) -> None:
    paths = orjson.loads(client.get("/api/v1/openapi.json").content)["paths"]
    assert {"200", "400"} <= paths[PATH]["get"]["responses"].keys()
    assert {"200", "404"} <= paths[PATH + "/{origin}"]["get"]["responses"].keys()
    assert {"200", "413", "422"} <= paths[f"{PATH}/retry"]["post"]["responses"].keys()
    assert {"200", "413"} <= paths[f"{PATH}/drop"]["post"]["responses"].keys()
