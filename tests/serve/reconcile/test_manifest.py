"""What the service says it offers."""

from __future__ import annotations

from streams.serve.reconcile.manifest import manifest
from streams.serve.reconcile.protocol import MOST_QUERIES
from tests.serve.reconcile import schemas


def test_a_manifest_is_as_specified_and_its_addresses_are_those_the_client_used() -> None:
    made = manifest("https://streams.example:8443")
    schemas.check(schemas.MANIFEST, made)
    assert made["view"]["url"] == "https://streams.example:8443/reconcile/preview?id={{id}}"
    assert made["identifierSpace"] == "https://streams.example:8443/api/v1/clusters/"
    assert made["batchSize"] == MOST_QUERIES
    assert {each["service_url"] for each in made["suggest"].values()} == {"https://streams.example:8443/reconcile"}
