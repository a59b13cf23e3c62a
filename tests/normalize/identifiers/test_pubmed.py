"""Identifiers of PubMed and PubMed Central in the spellings people and table tools write."""

from __future__ import annotations

import pytest

from streams.normalize.identifiers.pubmed import normalize_pmcid, normalize_pmid


@pytest.mark.parametrize(
    "text",
    [
        "30111222", "0030111222", "30111222.0", "30,111,222", "3.0111222e7", "PMID: 30111222", "pmid30111222",
        "MEDLINE:30111222", "30111222 [pmid]", "https://pubmed.ncbi.nlm.nih.gov/30111222/",
        "https://www.ncbi.nlm.nih.gov/pubmed/?term=30111222",
    ],
)  # fmt: skip
def test_a_pubmed_id_is_its_digits(text: str) -> None:
    assert normalize_pmid(text) == "30111222"


@pytest.mark.parametrize("text", ["", "0", "30111222a", "3.01E+07", "2015;12(3):45", "10.5555/moss.1", "unknown"])
def test_what_is_no_pubmed_id(text: str) -> None:
    assert normalize_pmid(text) == ""


@pytest.mark.parametrize(
    "text",
    ["5566778", "PMC5566778", "pmc 5566778", "PMCID: PMC0005566778", "PMC5566778.2", "5566778.0",
     "https://www.ncbi.nlm.nih.gov/pmc/articles/PMC5566778/pdf/x.pdf", "https://europepmc.org/article/PMC/5566778"],
)  # fmt: skip
def test_a_pmc_id_is_its_digits_behind_pmc(text: str) -> None:
    assert normalize_pmcid(text) == "PMC5566778"


@pytest.mark.parametrize("text", ["", "NIHMS123456", "https://pubmed.ncbi.nlm.nih.gov/30111222/", "10.5555/moss.1"])
def test_what_is_no_pmc_id(text: str) -> None:
    assert normalize_pmcid(text) == ""
