"""A record over HTTP."""

from __future__ import annotations

import pytest

from tests.query.conftest import Library
from tests.serve.conftest import Client

PATH = "/api/v1/records"


def test_a_record_has_its_document_and_its_cluster(client: Client, library: Library) -> None:
    body = client.get(f"{PATH}/mine:1").json()
    assert (body["record"], body["document"]["doi"]) == ("mine:1", "10.5555/aaa.1")
    assert client.get(f"/api/v1/clusters/{body['cluster_id']}").json()["records"] == ["mine:1", "mine:2"]
    library.send("crossref:10.5555/bbb.2", title="A record whose id has a slash", authors=["X"], year=2015)
    for path in ("crossref:10.5555/bbb.2", "crossref%3A10.5555%2Fbbb.2"):
        assert client.get(f"{PATH}/{path}").json()["record"] == "crossref:10.5555/bbb.2"


@pytest.mark.parametrize("name", ["mine:9", "nonsense", "a" * 3000, "\N{SNOWMAN}:1"])
def test_one_that_is_not_known_is_not_found(client: Client, name: str) -> None:
    answer = client.get(f"{PATH}/{name}")
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_record")
