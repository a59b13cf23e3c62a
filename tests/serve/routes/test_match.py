"""Documents matched over HTTP; nothing is stored."""

from __future__ import annotations

from tests.query.conftest import Library
from tests.query.test_lookup import PAIR, TITLE
from tests.serve.conftest import Client

PATH = "/api/v1/match"
PAPER = {"source": "theirs", "id": "7", "title": TITLE, "authors": PAIR, "year": 2015}


def test_a_document_is_matched_as_a_worker_would(client: Client, library: Library) -> None:
    before = library.dump()
    (answer,) = client.post(PATH, json={"items": [PAPER]}).json()["items"]
    home = client.get("/api/v1/records/mine:1").json()["cluster_id"]
    assert answer["cluster_id"] == home
    assert [(each["cluster_id"], each["joins"]) for each in answer["clusters"]] == [(home, True)]
    assert library.dump() == before
    library.send("theirs:7", **{name: PAPER[name] for name in ("title", "authors", "year")})
    assert client.get("/api/v1/records/theirs:7").json()["cluster_id"] == home


def test_each_of_many_is_answered_also_one_that_cannot_be_read(client: Client) -> None:
    items = client.post(PATH, json={"items": [{"title": ""}, PAPER, {"nothing": 1}]}).json()["items"]
    assert [bool(each["code"]) for each in items] == [True, False, True]
    assert all(each["detail"] for each in items if each["code"])
    assert len(client.post(PATH, json={"items": [PAPER] * 50}).json()["items"]) == 50
    for body, params in (({"items": [PAPER] * 51}, {}), ({"items": [PAPER]}, {"limit": 51}), ({"items": [1]}, {})):
        answer = client.post(PATH, json=body, params=params)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
