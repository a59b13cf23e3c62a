"""The explanation of a pair over HTTP."""

from __future__ import annotations

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
