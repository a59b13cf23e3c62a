"""The identifiers of two records side by side."""

from __future__ import annotations

import pytest

from streams.matching.feature_values import Features
from streams.matching.identifier_comparisons import arxiv_conflict, identifier_level
from tests.matching.matching_factory import features

TITLE = "Hearing of burrowing owls"


def given(source: str = "feed", **identifiers: str) -> Features:
    return features(TITLE, source=source, **identifiers)


@pytest.mark.parametrize(
    ("a", "b", "level", "shared"),
    [
        (given(doi="10.5555/owl.1"), given(doi="10.5555/owl.1", pmid="30111222"), "same", "doi:10.5555/owl.1"),
        (given(pmid="30111222"), given(pmid="31222333"), "pmid", ""),
        (given(doi="10.5555/owl.1"), given(doi="10.5555/owl.2"), "registrant", ""),
        (given(doi="10.5555/owl.1"), given(doi="10.4444/owl.1"), "different", ""),
        (given(doi="10.21203/rs.3.rs-1/v1"), given(doi="10.4444/owl.1"), "preprint", ""),
        (given(doi="10.21203/rs.3.rs-1/v1"), given(doi="10.21203/rs.3.rs-2/v1"), "registrant", ""),
        (given(doi="10.1002/9781118663202.a1"), given(doi="10.1002/9781118663202.a1.pub2"), "edition", ""),
        (given(doi="10.5555/owl.1"), given(arxiv="1105.00001"), "unknown", ""),
        (given(doi="10.5555/owl.1"), given(), "unknown", ""),
        (given("dblp"), given("dblp"), "listed", ""),
        (given("dblp"), given("crossref"), "unknown", ""),
    ],
)
def test_levels(a: Features, b: Features, level: str, shared: str) -> None:
    assert identifier_level(a, b) == (level, shared)
    assert identifier_level(b, a) == (level, shared)


def test_two_arxiv_ids_conflict_where_none_is_in_common() -> None:
    assert arxiv_conflict(given(arxiv="1105.00001"), given(arxiv="1105.00002"))
    assert not arxiv_conflict(given(arxiv="1105.00001"), given(arxiv="1105.00001", doi="10.5555/owl.1"))
    assert not arxiv_conflict(given(arxiv="1105.00001"), given(doi="10.5555/owl.1"))
    assert not arxiv_conflict(given(), given(arxiv="1105.00001"))
