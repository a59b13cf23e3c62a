"""The command line, the API and the page give the same answers about a cluster, a pair and a document."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import orjson

from tests.cli.conftest import say
from tests.cli.test_cli import Said
from tests.serve.desk import CHAPTER, OTHER, Desk
from tests.serve.page.forms import text_of

__all__ = ["say"]

PAPER: dict[str, object] = {
    "title": "A census of burrowing corals of two lagoons",
    "authors": ["Ada Reef"],
    "doi": "10.5555/census",
}
HTML = {"Accept": "text/html"}


def test_a_cluster_a_match_and_a_pair_are_the_same_for_all(
    desk: Desk, say: Callable[..., Said], tmp_path: Path
) -> None:
    for record, paper in (("mine:1", PAPER), ("mine:2", PAPER), ("mine:3", CHAPTER), ("mine:4", OTHER)):
        desk.send(record, paper)
    own = desk.settings
    names = {"redis_url": own.redis_url, "generation": own.generation, "buckets": own.buckets}

    def streams(*words: object) -> str:
        return say(*words, **names, kafka_url=own.kafka_url, topic_prefix=own.topic_prefix)[1]

    told = orjson.loads(streams("lookup", "--json", "10.5555/census"))["clusters"][0]
    answered = desk.api.get(f"/api/v1/clusters/{told['cluster_id']}").json()
    shown = text_of(desk.api.get(f"/clusters/{told['cluster_id']}", headers=HTML))
    assert answered["records"] == told["records"] == ["mine:1", "mine:2"]
    assert answered["document"] == told["document"]
    assert all(record in shown for record in told["records"])
    assert f"cluster {told['cluster_id']}, revision {answered['revision']}" in shown

    told_history = orjson.loads(streams("history", "--json", told["cluster_id"]))["events"]
    http_history = desk.api.get(f"/api/v1/clusters/{told['cluster_id']}/history").json()["items"]
    timeline = text_of(desk.api.get(f"/clusters/{told['cluster_id']}/history", headers=HTML))
    printed_events = [{name: value for name, value in event.items() if name != "time"} for event in told_history]
    assert printed_events == [item["event"] for item in http_history]
    assert [event["revision"] for event in told_history] == [1, 2]
    latest, earliest = timeline.partition("rev 2")[2].split("rev 1")
    assert "joined: mine:2" in latest
    assert "joined: mine:1" in earliest

    file = tmp_path / "papers.jsonl"
    file.write_bytes(orjson.dumps(PAPER))
    matched = orjson.loads(streams("match", "--json", file))
    over_http = desk.api.post("/api/v1/match", json={"items": [PAPER]}).json()["items"][0]
    assert matched["cluster_id"] == over_http["cluster_id"] == told["cluster_id"]
    assert matched["clusters"] == over_http["clusters"]
    assert told["cluster_id"] in desk.api.get("/search", params={"q": str(PAPER["title"])}, headers=HTML).text

    for a, b in (("mine:1", "mine:2"), ("mine:3", "mine:4")):
        decision = desk.api.get(f"/api/v1/pairs/{a}/{b}").json()["explanation"]["decision"]
        printed, page = streams("explain", a, b), text_of(desk.api.get(f"/pairs/{a}/{b}", headers=HTML))
        assert f"score {decision['score']:.3f}" in printed.lower()
        assert decision["verdict"] in printed
        assert f"{decision['score'] * 100:.1f} %" in page
