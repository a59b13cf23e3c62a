"""Fields of clusters as columns."""

from __future__ import annotations

import json
from typing import Any

import pytest

from streams.query.answers import ClusterAnswer
from streams.serve.reconcile.extension import extension, proposals
from streams.serve.reconcile.properties import PROPERTIES
from streams.serve.reconcile.protocol import read_extend_query
from tests.serve.reconcile import schemas
from tests.serve.reconcile.test_properties import CLUSTER

NAME = CLUSTER.cluster_id


def test_every_id_has_a_list_for_every_property() -> None:
    asked = {
        "ids": [NAME, "cb", "c?"],
        "properties": [{"id": "doi"}, {"id": "year"}, {"id": "authors"}, {"id": "size"}, {"id": "P31"}],
    }
    gone = ClusterAnswer(cluster_id="cb", revision=2, size=0, records=(), document={})
    made = extension(read_extend_query(json.dumps(asked)), {NAME: CLUSTER, "cb": gone})
    schemas.check(schemas.EXTENSION, made)
    assert made["meta"][0] == {"id": "doi", "name": "DOI"}
    assert made["meta"][4] == {"id": "P31", "name": "P31"}
    nothing: dict[str, list[Any]] = {"doi": [], "year": [], "authors": [], "size": [], "P31": []}
    assert made["rows"] == {
        NAME: {
            "doi": [{"str": "10.5555/aaa.1"}],
            "year": [{"int": 2021}],
            "authors": [{"str": "Ada Reef"}, {"str": "Bo Shoal"}],
            "size": [{"int": 3}],
            "P31": [],
        },
        "cb": nothing,
        "c?": nothing,
    }


@pytest.mark.parametrize(
    ("limit", "values"),
    [("1", 1), (1, 1), (1.0, 1), ("0", 2), (0, 2), ("", 2), ("x", 2), (None, 2), (-1, 2), ([], 2), (9, 2), ("inf", 2)],
)
def test_the_limit_is_the_users(limit: object, values: int) -> None:
    asked = {"ids": [NAME], "properties": [{"id": "authors", "settings": {"limit": limit}}]}
    made = extension(read_extend_query(json.dumps(asked)), {NAME: CLUSTER})
    assert len(made["rows"][NAME]["authors"]) == values


def test_what_is_proposed_can_be_added() -> None:
    having = [each.id for each in PROPERTIES if each.values]
    assert [each["id"] for each in proposals()] == having
    assert len(proposals(3)) == 3
    asked = {"ids": [NAME], "properties": [{"id": each} for each in having]}
    schemas.check(schemas.EXTENSION, extension(read_extend_query(json.dumps(asked)), {NAME: CLUSTER}))
