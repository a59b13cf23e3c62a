"""What people ask with."""

from __future__ import annotations

import pytest

from streams.clusters.group import cluster_id
from streams.query.references import read_reference
from streams.records.stored import id_of


@pytest.mark.parametrize(
    ("text", "work"),
    [
        ("10.1000/ABC", "doi:10.1000/abc"),
        (" doi:10.1000/abc ", "doi:10.1000/abc"),
        ("https://doi.org/10.1000/abc", "doi:10.1000/abc"),
        ("10.48550/arXiv.2111.12710", "arxiv:2111.12710"),
        ("2111.12710v2", "arxiv:2111.12710"),
        ("arXiv:2111.12710", "arxiv:2111.12710"),
        ("hep-th/9901001", "arxiv:hep-th/9901001"),
        ("https://arxiv.org/pdf/2111.12710v3", "arxiv:2111.12710"),
        ("pmid:31452104", "pmid:31452104"),
        ("PubMed: 31452104", "pmid:31452104"),
        ("PMC6743472", "pmcid:6743472"),
        ("W2741809807", "openalex:W2741809807"),
        ("https://openalex.org/W2741809807", "openalex:W2741809807"),
    ],
)
def test_an_identifier_is_read_in_any_spelling(text: str, work: str) -> None:
    found = read_reference(text)
    assert [each.replace("PMC", "") for each in found.identifiers] == [work]
    assert not found.cluster


def test_a_record_id_may_be_an_identifier_too() -> None:
    assert read_reference("arxiv:2111.12710").record == "arxiv:2111.12710"
    only = read_reference("mine:42")
    assert (only.record, only.identifiers) == ("mine:42", ())


def test_a_cluster_id_is_its_key() -> None:
    key = id_of("s:1")
    assert read_reference(cluster_id(key)).cluster == key
    assert read_reference(cluster_id(key + b"\0\2")).cluster == key + b"\0\2"


@pytest.mark.parametrize(
    "text", ["", "  ", "12345", "three loose words", "https://example.org/", "x" * 100_000, ":", "a:"]
)
def test_what_names_nothing_is_empty(text: str) -> None:
    assert read_reference(text).is_empty
