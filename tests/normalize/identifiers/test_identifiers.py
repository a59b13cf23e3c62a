from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.normalize.identifiers import (
    SCHEMES,
    dois_in,
    find_arxiv,
    normalize,
    normalize_doi,
    parse_arxiv,
)
from streams.normalize.urls import from_url
from streams.records.record import Identifier

SHA = "204e3073870fae3d05bcbc2f6a8e263d9b72e776"


@pytest.mark.parametrize(
    ("scheme", "value", "normal"),
    [
        ("pmid", "PMID: 0040120586", "40120586"),
        ("pmid", "40120586.0", "40120586"),
        ("pmid", "4.0120586e7", "40120586"),
        ("pmid", "1.2e+07", "12000000"),
        ("pmid", "40,120,586", "40120586"),
        ("pmid", "pmid:40120586 [pmid]", "40120586"),
        ("pmid", "40120586 [uid]", "40120586"),
        ("pmid", "40120586; PMC12008803", "40120586"),
        ("pmid", "PubMed PMID: 40120586.", "40120586"),
        ("pmid", "MEDLINE:40120586", "40120586"),
        ("pmid", "PMID40120586", "40120586"),
        ("pmid", "https://pubmed.ncbi.nlm.nih.gov/40120586/?dopt=Abstract", "40120586"),
        ("pmid", "https://www.ncbi.nlm.nih.gov/pubmed/?term=40120586", "40120586"),
        ("pmid", "http://www.ncbi.nlm.nih.gov/entrez/query.fcgi?db=PubMed&list_uids=40120586&dopt=x", "40120586"),
        ("pmid", "https://identifiers.org/pubmed:40120586", "40120586"),
        ("pmid", "https://europepmc.org/abstract/med/40120586", "40120586"),
        ("pmcid", "PMCID: PMC0012008803", "PMC12008803"),
        ("pmcid", "PMC 12008803 [pmcid]", "PMC12008803"),
        ("pmcid", "12008803.0", "PMC12008803"),
        ("pmcid", "https://www.ncbi.nlm.nih.gov/pmc/articles/PMC4234579/pdf/x1.pdf", "PMC4234579"),
        ("pmcid", "http://europepmc.org/article/PMC/4234579", "PMC4234579"),
        ("pmid", "https://pubmed.ncbi.nlm.nih.gov/40120586/", "40120586"),
        ("pmcid", "12008803", "PMC12008803"),
        ("pmcid", "pmc12008803", "PMC12008803"),
        ("pmcid", "PMC12008803.2", "PMC12008803"),
        ("pmcid", "https://www.ncbi.nlm.nih.gov/pmc/articles/4234579", "PMC4234579"),
        ("s2", "CorpusID:13756489", "13756489"),
        ("s2_paper", SHA.upper(), SHA),
        ("openalex", "https://openalex.org/w2963403868", "W2963403868"),
        ("mag", "2963403868", "2963403868"),
        ("dblp", "conf/nips/VaswaniSPUJGKP17", "conf/nips/VaswaniSPUJGKP17"),
        ("dblp", "https://dblp.org/rec/conf/nips/VaswaniSPUJGKP17.html", "conf/nips/VaswaniSPUJGKP17"),
        ("core", "https://core.ac.uk/download/82985284.pdf", "82985284"),
        ("core_work", "58971691", "58971691"),
        ("fatcat", "release_HSMO6P4SMREFJDZXGMBPQVGFBE"[:34], "hsmo6p4smrefjdzxgmbpqvgfbe"),
        ("jstor", "https://www.jstor.org/stable/20559948", "20559948"),
        ("acl", "p18-1001", "P18-1001"),
        ("acl", "2022.emnlp-main.62", "2022.emnlp-main.62"),
        ("hal", "HAL-00620841v2", "hal-00620841"),
        ("handle", "https://hdl.handle.net/11858/00-001M", "11858/00-001m"),
        ("wikidata", "q53142806", "Q53142806"),
        ("pwc", "https://paperswithcode.com/paper/attention-is-all-you-need", "attention-is-all-you-need"),
    ],
)
def test_other_schemes(scheme: str, value: str, normal: str) -> None:
    assert normalize(scheme, value) == Identifier(scheme, normal)
    assert normalize(scheme, normal) == Identifier(scheme, normal)


@pytest.mark.parametrize(
    ("scheme", "value"),
    [
        ("pmid", "0"),
        ("pmid", "12a"),
        ("pmid", "2.51E+07"),  # a spreadsheet has rounded it
        ("pmid", "12.5"),
        ("pmid", "2015;12(3):45"),
        ("pmid", "nan"),
        ("pmcid", "NIHMS123456"),
        ("dblp", "n/a"),
        ("openreview", "undefined"),
        ("s2_paper", "abc"),
        ("openalex", "A123"),
        ("isbn", "9783319432823"),
        ("doi", " "),
    ],
)
def test_what_a_scheme_refuses(scheme: str, value: str) -> None:
    assert normalize(scheme, value) is None


def test_an_identifier_in_another_s_field_is_what_it_says_it_is() -> None:
    assert normalize("doi", "arXiv:1706.03762") == Identifier("arxiv", "1706.03762")
    assert normalize("doi", "PMID: 40120586") == Identifier("pmid", "40120586")
    assert normalize("pmid", "PMC3105910") == Identifier("pmcid", "PMC3105910")
    assert normalize("pmid", "https://www.ncbi.nlm.nih.gov/pmc/articles/PMC3105910/") == Identifier(
        "pmcid", "PMC3105910"
    )
    assert normalize("pmid", "10.5555/abc.12") == Identifier("doi", "10.5555/abc.12")
    assert normalize("pmcid", "https://doi.org/10.5555/12") == Identifier("doi", "10.5555/12")


def test_a_doi_of_arxiv_is_an_arxiv_id() -> None:
    assert normalize("doi", "10.48550/arXiv.1706.03762") == Identifier("arxiv", "1706.03762")
    assert normalize("doi", "10.48550/arXiv.2101.00001v2") == Identifier("arxiv", "2101.00001")
    assert normalize("doi", "10.48550/arXiv.nonsense") is None
    assert from_url("https://doi.org/10.48550/arXiv.hep-th/9711200") == (Identifier("arxiv", "hep-th/9711200"),)


@given(st.text(max_size=300))
def test_no_text_raises(text: str) -> None:
    parse_arxiv(text)
    find_arxiv(text)
    dois_in(text)
    from_url(text)
    from_url(f"https://arxiv.org/{text}")
    for scheme in SCHEMES:
        found = normalize(scheme, text)
        if found is not None and found.scheme == scheme:
            assert normalize(scheme, found.value) == found


def test_hostile_text_takes_no_long() -> None:
    begin = time.perf_counter()
    for text in (
        "arxiv" * 200_000,
        "arXiv:" * 1000 + " " * 100_000,
        "10." * 300_000,
        "10.1000/" + ")" * 1_000_000,
        "abs/" * 9999,
        "10.5555/a" * 9999,
        "doi: 10.5555/a.1 " * 9999,
        "10.5555/" + "<" * 9999,
        "10.5555/" + "&amp;" * 9999,
        r"10.5555/{\_}" * 9999,
        "pmid" + " " * 1900,
    ):
        find_arxiv(text)
        parse_arxiv(text)
        normalize_doi(text)
        dois_in(text)
        from_url(text)
        from_url("https://web.archive.org/web/1/" * 60 + text[:100])
    for unit in ("/1", "/1.1", "/rec/a/", "1", "=1:", "W", "1/", "a-1"):
        for scheme in SCHEMES:
            normalize(scheme, ("https://a" + unit * 2000)[:1999])
            normalize(scheme, (unit * 2000)[:1999])
    assert time.perf_counter() - begin < 2
