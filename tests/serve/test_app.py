"""The description of the API."""

from __future__ import annotations

from openapi_spec_validator import validate

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
