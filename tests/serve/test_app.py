"""The description of the API."""

from __future__ import annotations

import warnings

from litestar.exceptions import LitestarDeprecationWarning
from openapi_spec_validator import validate

from streams.serve.app import create_app
from streams.serve.resources import Resources
from streams.settings import Settings
from tests.serve.conftest import Client


def test_openapi_describes_every_path_and_its_problems(client: Client) -> None:
    description = client.get("/api/v1/openapi.json").json()
    validate(description)
    assert description["openapi"].startswith("3.1")
    operations = {
        operation["operationId"]: operation for path in description["paths"].values() for operation in path.values()
    }
    assert {"getCluster", "explainCluster", "getRecord", "lookup", "lookupBatch", "match", "explainPair"} <= set(
        operations
    )
    for operation in operations.values():
        assert operation["summary"]
        assert operation["description"]
        for status in ("400", "503"):
            assert "application/problem+json" in operation["responses"][status]["content"]


def test_routes_are_written_for_the_next_version_of_litestar() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", LitestarDeprecationWarning)
        create_app(Resources(Settings.model_validate({"redis_url": "redis://127.0.0.1:1"})))
