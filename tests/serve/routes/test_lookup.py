"""Look-ups over HTTP: one by a parameter, many in a body."""

from __future__ import annotations

import pytest

from tests.serve.conftest import Client

PATH = "/api/v1/lookup"


@pytest.mark.parametrize(
    ("name", "value"),
    [("doi", "10.5555/AAA.1"), ("q", "https://doi.org/10.5555/aaa.1"), ("q", "mine:1"), ("record", "mine:1")],
)
def test_one_identifier_finds_its_cluster(client: Client, name: str, value: str) -> None:
    body = client.get(PATH, params={name: value}).json()
    (cluster,) = body["clusters"]
    assert "mine:1" in [each["record"] for each in body["records"]]
    assert client.get(PATH, params={"q": cluster}).json()["clusters"] == [cluster]


def test_what_is_not_found_says_why(client: Client) -> None:
    assert client.get(PATH, params={"doi": "10.5555/none"}).json()["code"] == "unknown_identifier"
    assert client.get(PATH, params={"record": "mine:9"}).json()["code"] == "unknown_record"
    assert client.get(PATH, params={"q": "caaaaaaaaaaaaa"}).json()["code"] == "unknown_cluster"
    answer = client.get(PATH, params={"q": "three loose words"})
    assert (answer.status_code, answer.json()["code"]) == (422, "malformed")
    for params in ({}, {"doi": "a", "pmid": "1"}, {"q": ""}):
        answer = client.get(PATH, params=params)
        assert (answer.status_code, answer.json()["code"]) == (422, "malformed")
    answer = client.get(PATH, params={"q": "x" * 3000})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


def test_a_batch_is_answered_in_order_and_is_bounded(client: Client) -> None:
    asked = ["mine:3", "doi:10.5555/none", "doi:10.5555/aaa.1", "three loose words"]
    items = client.post(PATH, json={"items": asked}).json()["items"]
    assert [each["asked"] for each in items] == asked
    assert [each["code"] for each in items] == ["", "unknown_identifier", "", "malformed"]
    assert len(client.post(PATH, json={"items": ["mine:1"] * 500}).json()["items"]) == 500
    body: object
    for body in ({"items": ["mine:1"] * 501}, {"items": "mine:1"}, {"items": [1]}, {}, []):
        answer = client.post(PATH, json=body)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid"), body
    assert client.post(PATH, json={"items": []}).json() == {"items": []}
    assert client.post(PATH, content=b"{").json()["code"] == "invalid"
    large = client.post(PATH, content=b'{"items": ["' + b"x" * 1_100_000 + b'"]}')
    assert (large.status_code, large.json()["code"]) == (413, "too_large")
