"""The explanation of a pair over HTTP."""

from __future__ import annotations

from urllib.parse import quote

from tests.query.conftest import Library
from tests.serve.conftest import Client


def test_a_pair_is_explained(client: Client, library: Library) -> None:
    body = client.get("/api/v1/pairs/mine:1/mine%3A2").json()
    assert (body["together"], body["explanation"]["decision"]["verdict"]) == (True, "duplicate")
    assert body["explanation"]["comparisons"]
    library.bench.correct("k1", "different", "mine:1", "mine:2")
    parted = client.get("/api/v1/pairs/mine:1/mine:2").json()
    assert (parted["together"], [made["id"] for made in parted["different"]]) == (False, ["k1"])
    assert client.get("/api/v1/pairs/mine:1/mine:9").json()["code"] == "unknown_record"


def test_record_ids_may_have_slashes_and_percent_signs(client: Client, library: Library) -> None:
    for record in ("crossref:10.5555/a/b", "mine:100%2F1", "mine:ü?#1"):
        library.send(record, title="On reefs and their kin", doi="10.5555/aaa.1")
        for a, b in ((record, "mine:1"), ("mine:1", record)):
            answer = client.get(f"/api/v1/pairs/{quote(a, safe='')}/{quote(b, safe='')}")
            assert (answer.status_code, answer.json()["a"], answer.json()["b"]) == (200, a, b)
