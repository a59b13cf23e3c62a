"""A cluster over HTTP: its document, its tag, where a merged one went, and why it holds together."""

from __future__ import annotations

import json
from typing import Any

from streams.query.clusters import Clusters
from streams.serve.lines import NDJSON
from tests.query.conftest import Library
from tests.query.test_lookup import PAIR, TITLE
from tests.serve.conftest import Client
from tests.serve.desk import Desk
from tests.system.processes import wait_for

PATH = "/api/v1/clusters"


def test_a_cluster_has_its_document_and_its_revision_as_tag(client: Client, library: Library) -> None:
    name = Clusters(library.index).record("mine:1").cluster_id
    answer = client.get(f"{PATH}/{name}")
    assert answer.status_code == 200
    body = answer.json()
    assert (body["cluster_id"], body["records"], body["size"]) == (name, ["mine:1", "mine:2"], 2)
    assert body["document"] == Clusters(library.index).cluster(name).document
    tag = answer.headers["ETag"]
    assert tag == f'"{name}:{body["revision"]}"'
    again = client.get(f"{PATH}/{name}", headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    library.send("mine:1", title="Another title of it", authors=["X"], year=2015, doi="10.5555/aaa.1")
    assert client.get(f"{PATH}/{name}", headers={"If-None-Match": tag}).status_code == 200


def test_the_history_of_a_cluster_is_told_by_its_events(desk: Desk) -> None:
    for number in (1, 2):
        desk.send(f"mine:{number}", {"title": TITLE, "authors": PAIR, "year": 2015, "doi": "10.5555/aaa.1"})
    name = desk.api.get("/api/v1/records/mine:1").json()["cluster_id"]
    path = f"{PATH}/{name}/history"

    def told() -> dict[str, Any]:
        found: dict[str, Any] = desk.api.get(path).json()
        return found

    wait_for(lambda: len(told().get("items", ())) == 2, "the service has read both events")
    body = told()
    assert [each["event"]["revision"] for each in body["items"]] == [1, 2]
    assert body["items"][1]["event"]["after"] == ["mine:1", "mine:2"]
    assert (body["cluster_id"], body["merged_into"], body["lost"], body["is_whole"]) == (name, "", {}, True)
    lines = desk.api.get(path, headers={"Accept": NDJSON})
    assert [json.loads(line) for line in lines.text.splitlines()] == body["items"]
    assert desk.api.get(f"{PATH}/caaaaaaaaaaaaa/history").json()["code"] == "unknown_cluster"


def test_a_history_without_kafka_says_so(client: Client, library: Library) -> None:
    name = Clusters(library.index).record("mine:1").cluster_id
    answer = client.get(f"{PATH}/{name}/history")
    assert answer.status_code == 503
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_merged_cluster_leads_to_its_survivor(client: Client, library: Library) -> None:
    clusters = Clusters(library.index)
    both = {clusters.record(record).cluster_id for record in ("mine:1", "mine:3")}
    library.bench.correct("k1", "same", "mine:1", "mine:3")
    survivor = clusters.record("mine:1").cluster_id
    (gone,) = both - {survivor}
    answer = client.get(f"{PATH}/{gone}", follow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (301, f"{PATH}/{survivor}")
    assert client.get(f"{PATH}/{gone}").json()["cluster_id"] == survivor
    refused = client.get(f"{PATH}/{gone}", params={"follow": False})
    assert (refused.status_code, refused.json()["code"], refused.json()["merged_into"]) == (410, "merged", survivor)
    why = client.get(f"{PATH}/{gone}/why").json()
    assert (why["cluster_id"], [made["id"] for made in why["corrections"]]) == (survivor, ["k1"])


def test_what_is_not_known_or_malformed_says_so(client: Client) -> None:
    for name, status, code in (("c" + "a" * 13, 404, "unknown_cluster"), ("nonsense", 422, "malformed")):
        for path in (f"{PATH}/{name}", f"{PATH}/{name}/why"):
            answer = client.get(path)
            assert (answer.status_code, answer.json()["code"]) == (status, code)
            assert answer.headers["Content-Type"].startswith("application/problem+json")
            assert name in answer.json()["detail"]


def test_why_shows_the_links(client: Client, library: Library) -> None:
    name = Clusters(library.index).record("mine:1").cluster_id
    why = client.get(f"{PATH}/{name}/why").json()
    assert [(link["a"], link["b"]) for link in why["links"]["links"]] == [("mine:1", "mine:2")]
    assert client.get(f"{PATH}/{name}/why", params={"limit": 0}).json()["code"] == "invalid"
