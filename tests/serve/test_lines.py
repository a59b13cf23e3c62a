"""Lists as NDJSON, where the client accepts it; everything else as before."""

from __future__ import annotations

import json
from typing import Any

import pytest

from streams.serve.lines import NDJSON
from tests.query.test_lookup import PAIR, TITLE
from tests.serve.conftest import Client

LINES = {"Accept": NDJSON}
LOOK_UPS: dict[str, Any] = {"items": ["mine:1", "doi:10.5555/none", "mine:3"]}
DOCUMENTS: dict[str, Any] = {"items": [{"title": TITLE, "authors": PAIR, "year": 2015}, {"title": "\n"}]}


@pytest.mark.parametrize(("path", "asked"), [("/api/v1/lookup", LOOK_UPS), ("/api/v1/match", DOCUMENTS)])
def test_each_answer_is_a_line(client: Client, path: str, asked: dict[str, Any]) -> None:
    answer = client.post(path, json=asked, headers=LINES)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, NDJSON)
    assert int(answer.headers["Content-Length"]) == len(answer.content)
    found = [json.loads(line) for line in answer.text.splitlines()]
    assert len(found) == len(asked["items"])
    assert found == client.post(path, json=asked).json()["items"]


def test_what_is_no_list_and_what_is_a_problem_is_as_it_is(client: Client) -> None:
    answer = client.get("/api/v1/lookup", params={"q": "mine:1"}, headers=LINES)
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json()["asked"] == "mine:1"
    answer = client.post("/api/v1/lookup", json={"items": 1}, headers=LINES)
    assert (answer.status_code, answer.headers["Content-Type"]) == (400, "application/problem+json")
    assert client.post("/api/v1/lookup", json=LOOK_UPS, headers={"Accept": "*/*"}).json()["items"]


def test_the_pages_of_a_list_are_lines_too(client: Client) -> None:
    for path in ("corrections", "review", "dead-letters"):
        answer = client.get(f"/api/v1/{path}", headers=LINES)
        if answer.status_code == 200:
            assert (answer.headers["Content-Type"], answer.content) == (NDJSON, b"")
