from __future__ import annotations

from typing import Any

import pytest

from streams.errors import UsageError
from streams.subscriptions.filters import EVERYTHING, NEW_PAPERS, Filter, facts_of

ONE, TWO, THREE = ("c" + letter * 13 for letter in "abd")
MERGED: dict[str, Any] = {
    "event_id": f"{ONE}:7",
    "type": "merged",
    "cluster_id": ONE,
    "revision": 7,
    "before": ["arxiv:1512.00001"],
    "after": ["arxiv:1512.00001", "crossref:10.5555/a.1"],
    "merged_from": [TWO],
    "document": {
        "doi": "10.5555/a.1",
        "versions": [{"record": "arxiv:1512.00001", "arxiv_id": "1512.00001"}, {"record": "crossref:10.5555/a.1"}],
    },
}
ENDED = {**MERGED, "cluster_id": TWO, "before": ["x:1"], "after": [], "merged_into": [ONE], "document": None}
CORRECTED = {**MERGED, "corrections": [{"id": "k1"}]}


@pytest.mark.parametrize(
    ("given", "passes"),
    [
        ({}, True),
        ({"types": ["created", "merged"]}, True),
        ({"types": ["created"]}, False),
        ({"sources": ["crossref"]}, True),
        ({"sources": ["openalex"]}, False),
        ({"clusters": [ONE]}, True),
        ({"clusters": [TWO]}, True),
        ({"clusters": [THREE]}, False),
        ({"dois": ["https://doi.org/10.5555/A.1"]}, True),
        ({"dois": ["10.5555/a.2"]}, False),
        ({"arxiv_ids": ["arXiv:1512.00001v3"]}, True),
        ({"dois": ["10.48550/arXiv.1512.00001"]}, True),
        ({"clusters": [THREE], "dois": ["10.5555/a.1"]}, True),
        ({"clusters": [ONE], "types": ["split"]}, False),
        ({"corrections_only": True}, False),
    ],
)
def test_what_passes(given: dict[str, Any], passes: bool) -> None:
    assert Filter.of(**given).passes(facts_of(MERGED)) is passes


def test_a_cluster_that_ends_is_found_by_its_id_and_by_that_it_redirects_to() -> None:
    assert Filter.of(clusters=[TWO]).passes(facts_of(ENDED))
    assert Filter.of(clusters=[ONE]).passes(facts_of(ENDED))
    assert Filter.of(sources=["x"]).passes(facts_of(ENDED))
    assert not Filter.of(dois=["10.5555/a.1"]).passes(facts_of(ENDED))


def test_corrections_and_new_papers() -> None:
    assert Filter.of(corrections_only=True).passes(facts_of(CORRECTED))
    assert not NEW_PAPERS.passes(facts_of(MERGED))
    assert NEW_PAPERS.passes(facts_of({**MERGED, "type": "created"}))
    assert Filter.of(types=["created"]) == NEW_PAPERS
    assert Filter.of().is_everything
    assert Filter.of() == EVERYTHING
    assert not NEW_PAPERS.is_everything


@pytest.mark.parametrize(
    "given",
    [
        {"types": ["exploded"]},
        {"sources": ["a b"]},
        {"clusters": ["c1"]},
        {"dois": ["nothing"]},
        {"arxiv_ids": ["x"]},
        {"sources": [f"s{number}" for number in range(1001)]},
    ],
)
def test_what_is_no_value_of_a_filter_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        Filter.of(**given)
