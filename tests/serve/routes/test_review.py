"""The review queue over HTTP: open pairs, orders, pages, claims."""

from __future__ import annotations

import orjson
import pytest

from streams.curation.claims import CLAIM_SECONDS
from streams.curation.review_queue import pair_id
from streams.serve import review as shared
from streams.serve.access import Caller
from tests.serve.conftest import Client
from tests.serve.desk import CHAPTER, OTHER, Desk

PATH = "/api/v1/review"


def doubtful(desk: Desk, number: int, source: str = "mine", copies: int = 0) -> None:
    """Send two records in doubt of each other, and copies of the first."""
    doi = {"doi": f"10.5555/book.{number}"}
    for copy in range(copies):
        desk.send(f"{source}:{number}-{copy}", CHAPTER | doi | {"pages": str(copy)})
    desk.send(f"{source}:{number}-a", CHAPTER | doi)
    desk.send(f"other:{number}-b", OTHER | doi)


def names(client: Client, **params: str | int) -> list[str]:
    """The first records of all pairs, page by page."""
    answer = client.get(PATH, params=params)
    found = [item["a"]["record"] for item in answer.json()["items"]]
    while answer.json()["next"]:
        answer = client.get(answer.headers["Link"][1:].partition(">")[0])
        found += [item["a"]["record"] for item in answer.json()["items"]]
    return found


def test_an_open_pair_is_shown_until_it_is_answered(desk: Desk) -> None:
    doubtful(desk, 1)
    (item,) = desk.wait_for_pairs(1)
    assert item["id"] == pair_id("mine:1-a", "other:1-b")
    assert item["a"]["title"] == CHAPTER["title"]  # type: ignore[index]
    assert (item["effect"], item["claimed_by"], item["claimed_until"]) == (2, "", 0)
    pair = desk.api.get("/api/v1/pairs/mine:1-a/other:1-b").json()
    assert item["score"] == pytest.approx(pair["explanation"]["decision"]["score"], abs=1e-6)
    assert item["reasons"] == pair["explanation"]["decision"]["reasons"]
    with desk.deciding():
        made = desk.api.post("/api/v1/corrections", json={"action": "different", "a": "mine:1-a", "b": "other:1-b"})
        assert made.status_code == 200
        assert desk.api.get(PATH).json()["items"] == []
        undone = desk.api.post("/api/v1/corrections", json={"action": "undo", "undoes": made.json()["id"]})
        assert undone.status_code == 200
        assert len(desk.wait_for_pairs(1)) == 1
    desk.send("mine:1-a", None)
    assert desk.api.get(PATH).json()["items"] == []
    assert desk.api.post(f"{PATH}/{item['id']}/claim").json()["code"] == "unknown_pair"


def test_orders_filters_and_pages(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    doubtful(desk, 1, copies=2)
    doubtful(desk, 2, source="arxiv")
    doubtful(desk, 3)
    desk.wait_for_pairs(3)
    assert len(set(names(desk.api))) == 3
    assert names(desk.api, limit=1) == names(desk.api)
    assert names(desk.api, source="arxiv") == ["arxiv:2-a"]
    assert names(desk.api, order="new")[0] == "mine:3-a"
    assert names(desk.api, order="effect")[0].startswith("mine:1")
    (reason, *_) = desk.api.get(PATH).json()["items"][0]["reasons"]
    assert len(names(desk.api, reason=reason)) == 3
    assert names(desk.api, reason="no_such_reason") == []
    cursor = desk.api.get(PATH, params={"limit": 1}).json()["next"]
    assert desk.api.get(PATH, params={"limit": 1, "order": "new", "cursor": cursor}).json()["code"] == "malformed"
    monkeypatch.setattr(shared, "_MOST_LOOKED", 1)
    desk.send("other:1-b", None)
    desk.send("other:2-b", None)
    assert names(desk.api, limit=1) == ["mine:3-a"], "an answer may have fewer items than asked for, and a next page"


def test_a_claim_puts_a_pair_last_for_others(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in (1, 2):
        doubtful(desk, number)
    first, second = (str(item["id"]) for item in desk.wait_for_pairs(2))
    made = desk.api.post(f"{PATH}/{first}/claim")
    assert (made.status_code, made.json()["claimed_by"]) == (200, "curator")
    assert made.json()["claimed_until"] > 0
    assert [item["id"] for item in desk.api.get(PATH).json()["items"]] == [first, second], "it is mine"
    assert [item["claimed_by"] for item in desk.api.get(PATH).json()["items"]] == ["curator", ""]
    assert desk.api.post(f"{PATH}/{first}/claim").json()["claimed_until"] >= made.json()["claimed_until"]
    monkeypatch.setattr(Caller, "author", "ada")
    assert [item["id"] for item in desk.api.get(PATH).json()["items"]] == [second, first]
    taken = desk.api.post(f"{PATH}/{first}/claim")
    assert (taken.status_code, taken.json()["code"]) == (409, "claimed")
    assert "curator" in taken.json()["detail"]
    assert names(desk.api, limit=1) == names(desk.api), "also over pages"
    assert desk.api.post(f"{PATH}/nothing/claim").status_code == 404


def test_what_is_no_question(operator: Client) -> None:
    for wrong in ({"order": "best"}, {"reason": "a b"}, {"limit": 0}):
        answer = operator.get(PATH, params=wrong)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid"), wrong
    assert operator.get(PATH, params={"cursor": "?"}).json()["code"] == "malformed"
    assert operator.get(PATH).json() == {"items": [], "next": None, "current": False}


def test_every_answer_is_declared(client: Client) -> None:
    paths = orjson.loads(client.get("/api/v1/openapi.json").content)["paths"]
    assert {"200", "400", "503"} <= paths[PATH]["get"]["responses"].keys()
    assert {"200", "404", "409"} <= paths[PATH + "/{pair}/claim"]["post"]["responses"].keys()
    assert CLAIM_SECONDS == 300
