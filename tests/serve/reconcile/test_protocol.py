"""What clients send: read, or refused with the place of the fault."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec import UNSET

from streams.serve.problems import ProblemError
from streams.serve.reconcile.protocol import (
    MOST_EXTENDED,
    MOST_QUERIES,
    Entity,
    QueryProperty,
    read_extend_query,
    read_queries,
)


def refused(text: str, *, extend: bool = False) -> tuple[int, str]:
    with pytest.raises(ProblemError) as caught:
        (read_extend_query if extend else read_queries)(text)
    return caught.value.problem.status, caught.value.problem.detail


def test_a_query_with_everything() -> None:
    (query,) = read_queries(
        '{"q0":{"query":"Corals","type":"work","type_strict":"should","limit":3,'
        '"properties":[{"pid":"year","v":2015},{"pid":"author","v":["Reef",{"id":"Q1","name":"Bo Shoal"}]}]}}'
    ).values()
    assert (query.query, query.limit) == ("Corals", 3)
    assert query.properties == [
        QueryProperty("year", 2015),
        QueryProperty("author", ["Reef", Entity("Q1", "Bo Shoal")]),
    ]


def test_a_query_needs_a_text_or_properties() -> None:
    (query,) = read_queries('{"q":{"properties":[{"pid":"doi","v":"10.5555/aaa.1"}]}}').values()
    assert query.query is UNSET
    assert refused('{"q":{"limit":1}}') == (400, "queries.q: give `query`, `properties` or both")
    assert refused('{"q":{"properties":[]}}')[0] == 400


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "[{}]",
        '"text"',
        "{",
        '{"q":1}',
        '{"q":null}',
        '{"q":{"query":1}}',
        '{"q":{"query":null}}',
        '{"q":{"query":"x","limit":"3"}}',
        '{"q":{"query":"x","limit":0}}',
        '{"q":{"query":"x","limit":-1}}',
        '{"q":{"query":"x","type":[1]}}',
        '{"q":{"query":"x","type_strict":"perhaps"}}',
        '{"q":{"query":"x","props":[]}}',
        '{"q":{"query":"x","properties":{}}}',
        '{"q":{"query":"x","properties":[{"v":"y"}]}}',
        '{"q":{"query":"x","properties":[{"pid":"year","v":null}]}}',
        '{"q":{"query":"x","properties":[{"pid":"year","v":{"name":"y"}}]}}',
        '{"q":{"query":"x","properties":[{"pid":"year","v":[["y"]]}]}}',
        '{"q":{"query":"\\ud800"}}',
        '{"q":{"query":"x","properties":[{"pid":"year","v":1' + "0" * 5000 + "}]}}",
        '{"q":' + "[" * 50_000 + "]" * 50_000 + "}",
        "[" * 50_000,
    ],
)
def test_what_is_no_batch_is_refused(text: str) -> None:
    status, detail = refused(text)
    assert status == 400
    assert detail.startswith("queries")


def test_a_refusal_names_the_query_and_the_field() -> None:
    assert "queries.q7: Expected `str`, got `int` - at `$.query`" in refused('{"q6":{"query":"x"},"q7":{"query":1}}')[1]


def test_batches_and_extensions_are_bounded() -> None:
    batch = {f"q{number}": {"query": "x"} for number in range(MOST_QUERIES)}
    assert len(read_queries(json.dumps(batch))) == MOST_QUERIES
    assert refused(json.dumps({**batch, "more": {"query": "x"}})) == (
        413,
        "51 queries in a batch; at most 50 are answered",
    )
    ids = ["c"] * MOST_EXTENDED
    assert read_extend_query(json.dumps({"ids": ids, "properties": []})).ids == ids
    assert refused(json.dumps({"ids": [*ids, "c"], "properties": []}), extend=True)[0] == 413
    assert refused(json.dumps({"q": {"query": "x", "properties": [{"pid": "a", "v": 1}] * 51}}))[0] == 400


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"ids": []},
        {"properties": []},
        {"ids": "c", "properties": []},
        {"ids": [1], "properties": []},
        {"ids": [], "properties": [{}]},
        {"ids": [], "properties": [{"id": "doi", "settings": []}]},
    ],
)
def test_what_is_no_extension_is_refused(message: dict[str, Any]) -> None:
    status, detail = refused(json.dumps(message), extend=True)
    assert (status, detail.startswith("extend: ")) == (400, True)
