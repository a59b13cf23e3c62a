"""The service and the schemas of these tests beside the files of the specification itself.

Its files are not part of this project. The tests run where `RECONCILIATION_SPECS` names a checkout of
https://github.com/reconciliation-api/specs; all other tests of `/reconcile` need it not.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator
from referencing import Registry
from referencing.jsonschema import DRAFT7

from tests.query.conftest import Library
from tests.query.test_lookup import TITLE
from tests.serve.conftest import Client
from tests.serve.reconcile import schemas

SPECS = Path(os.environ.get("RECONCILIATION_SPECS", ""))
VERSIONS = ("0.1", "0.2")
pytestmark = pytest.mark.skipif(
    "RECONCILIATION_SPECS" not in os.environ, reason="RECONCILIATION_SPECS names no checkout of the specification"
)

OURS = {
    "manifest": schemas.MANIFEST,
    "reconciliation-query-batch": schemas.QUERY_BATCH,
    "reconciliation-result-batch": schemas.RESULT_BATCH,
    "suggest-entities-response": schemas.ENTITIES,
    "suggest-properties-response": schemas.PROPERTIES,
    "suggest-types-response": schemas.TYPES,
    "data-extension-query": schemas.EXTEND_QUERY,
    "data-extension-response": schemas.EXTENSION,
    "data-extension-property-proposal": schemas.PROPOSALS,
}


def examples(name: str, kind: str) -> list[tuple[str, Any]]:
    folder = SPECS / "0.2" / "examples" / name / kind
    return [(path.name, json.loads(path.read_text(encoding="utf-8"))) for path in sorted(folder.glob("*.json"))]


def theirs(version: str, name: str) -> Draft7Validator | None:
    """The specification's own validator of a message, None where that version has none."""
    folder = SPECS / version / "schemas"
    loaded = {path.name: json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.json")}
    schema = loaded.get(f"{name}.json")
    if schema is None:
        return None
    base = schema["$id"].rpartition("/")[0]
    known = [(f"{base}/{file}", DRAFT7.create_resource(content)) for file, content in loaded.items()]
    return Draft7Validator(schema, registry=Registry().with_resources(known))


@pytest.mark.parametrize("name", OURS)
def test_the_schemas_of_these_tests_take_and_refuse_its_examples(name: str) -> None:
    ours = Draft7Validator(OURS[name])
    good = examples(name, "valid")
    assert good
    assert not [file for file, message in good if not ours.is_valid(message)]
    assert not [file for file, message in examples(name, "invalid") if ours.is_valid(message)]


def test_the_service_takes_its_queries_and_refuses_those_that_it_calls_invalid(client: Client) -> None:
    for name, field in (("reconciliation-query-batch", "queries"), ("data-extension-query", "extend")):
        for kind, status in (("valid", 200), ("invalid", 400)):
            for file, message in examples(name, kind):
                sent = json.dumps(message)
                assert client.post("/reconcile", data={field: sent}).status_code == status, file
                assert client.get("/reconcile", params={field: sent}).status_code == status, file


@pytest.fixture
def answers(client: Client, library: Library) -> Callable[[], list[tuple[str, Any]]]:
    """An answer of each kind that the service gives."""
    queries = {"q0": {"query": TITLE}, "q1": {"query": "10.5555/aaa.1", "limit": 1}, "q2": {"query": "not here"}}
    path = "/reconcile"

    def ask() -> list[tuple[str, Any]]:
        batch = client.post(path, data={"queries": json.dumps(queries)}).json()
        name = batch["q1"]["result"][0]["id"]
        every = [each["id"] for each in client.get(f"{path}/suggest/property").json()["result"]]
        extend = {"ids": [name, "no cluster"], "properties": [{"id": each} for each in every]}
        return [
            ("manifest", client.get(path).json()),
            ("reconciliation-result-batch", batch),
            ("suggest-entities-response", client.get(f"{path}/suggest/entity", params={"prefix": name}).json()),
            ("suggest-properties-response", client.get(f"{path}/suggest/property").json()),
            ("suggest-types-response", client.get(f"{path}/suggest/type").json()),
            ("data-extension-response", client.post(path, data={"extend": json.dumps(extend)}).json()),
            ("data-extension-property-proposal", client.get(f"{path}/properties", params={"limit": 3}).json()),
        ]

    return ask


@pytest.mark.parametrize("version", VERSIONS)
def test_every_answer_is_of_its_schema(answers: Callable[[], list[tuple[str, Any]]], version: str) -> None:
    checked = 0
    for name, message in answers():
        schema = theirs(version, name)
        if schema is not None:
            checked += 1
            assert [fault.message for fault in schema.iter_errors(message)] == [], name
    assert checked >= 6
