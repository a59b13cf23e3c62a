from __future__ import annotations

import string
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.normalize.identifiers import (
    SCHEMES,
    ArxivId,
    dois_in,
    find_arxiv,
    normalize,
    normalize_doi,
    parse_arxiv,
    registered_doi,
)
from streams.normalize.urls import from_url
from streams.records.record import Identifier

SHA = "204e3073870fae3d05bcbc2f6a8e263d9b72e776"


@pytest.mark.parametrize(
    ("text", "base", "version"),
    [
        ("1706.03762", "1706.03762", 0),
        ("1706.03762v7", "1706.03762", 7),
        ("1706.03762v12 [cs.CL]", "1706.03762", 12),
        ("0704.0001", "0704.0001", 0),
        ("1412.9999", "1412.9999", 0),
        ("arXiv:1706.03762v5", "1706.03762", 5),
        ("arxiv: 1706.03762", "1706.03762", 0),
        ("math/0611800", "math/0611800", 0),
        ("math.CA/0611800", "math/0611800", 0),
        ("math.CA/0611800v2", "math/0611800", 2),
        ("cond-mat.stat-mech/0601001", "cond-mat/0601001", 0),
        ("physics.optics/0601001", "physics/0601001", 0),
        ("physics.plasm-ph/0601001", "physics/0601001", 0),
        ("hep-th/9711200", "hep-th/9711200", 0),
        ("hep-th9711200", "hep-th/9711200", 0),
        ("HEP-TH/9711200", "hep-th/9711200", 0),
        ("https://arxiv.org/abs/1706.03762v2", "1706.03762", 2),
        ("http://arxiv.org/pdf/cs.CL/0301001v1.pdf", "cs/0301001", 1),
        ("https://arxiv.org/pdf/1706.03762.pdf", "1706.03762", 0),
        ("https://arxiv.org/abs/1706.03762?context=cs", "1706.03762", 0),
        ("https://arxiv.org/abs/1706.03762#x", "1706.03762", 0),
        ("https://arxiv.org/html/1706.03762v7", "1706.03762", 7),
        ("https://arxiv.org/src/1706.03762", "1706.03762", 0),
        ("https://arxiv.org/e-print/1706.03762", "1706.03762", 0),
        ("https://arxiv.org/abs/math%2F0611800", "math/0611800", 0),
        ("https://arxiv.org/ftp/arxiv/papers/0704/0704.0001.pdf", "0704.0001", 0),
        ("https://arxiv.org/ftp/cs/papers/0301/0301001.pdf", "cs/0301001", 0),
        ("http://export.arxiv.org/abs/math/0611800", "math/0611800", 0),
        ("https://ar5iv.labs.arxiv.org/html/1706.03762", "1706.03762", 0),
        ("ar5iv.org/abs/1706.03762", "1706.03762", 0),
        ("https://www.alphaxiv.org/abs/1706.03762v1", "1706.03762", 1),
        ("https://huggingface.co/papers/2111.12710", "2111.12710", 0),
        ("https://scirate.com/arxiv/1706.03762", "1706.03762", 0),
        ("10.48550/arXiv.1706.03762", "1706.03762", 0),
        ("https://doi.org/10.48550/ARXIV.MATH/0611800", "math/0611800", 0),
        ("oai:arXiv.org:0704.0001", "0704.0001", 0),
        ("oai:arXiv.org:hep-th/9711200", "hep-th/9711200", 0),
        ("journals/corr/abs-1706-03762", "1706.03762", 0),
        ("corr/abs-1706-03762", "1706.03762", 0),
        ("journals/corr/cs-LO-0207091", "cs/0207091", 0),
        ("abs/2111.12710", "2111.12710", 0),
        ("https://web.archive.org/web/2018/https://arxiv.org/pdf/1706.03762v1.pdf", "1706.03762", 1),
        ("http://arxiv.org/PS_cache/arxiv/pdf/0704/0704.0001v1.pdf", "0704.0001", 1),
        ("http://arxiv.org/PS_cache/hep-th/pdf/9711/9711200v3.pdf", "hep-th/9711200", 3),
        ("arxiv.org/PS_cache/math/ps/0611/0611800.ps.gz", "math/0611800", 0),
        ("http://front.math.ucdavis.edu/math.AG/0611800", "math/0611800", 0),
        ("front.math.ucdavis.edu/0704.0001", "0704.0001", 0),
        ("http://xxx.lanl.gov/abs/hep-th/9711200", "hep-th/9711200", 0),
        ("cs.LG/1706.03762", "1706.03762", 0),
        ("stat.ML/1706.03762v2", "1706.03762", 2),
        ("arXiv:hep-th/1706.03762", "1706.03762", 0),
        ("https://arxiv.org/abs/cs.LG/1706.03762", "1706.03762", 0),
        ("[cs.CL] 1706.03762", "1706.03762", 0),
        ("arXiv preprint arXiv:1706.03762", "1706.03762", 0),
        ("arXiv no. 1706.03762", "1706.03762", 0),
        ("arXiv-1706.03762", "1706.03762", 0),
        ("arxiv.org/abs/1706.03762v7.pdf", "1706.03762", 7),
        ("1706.03762v7.pdf", "1706.03762", 7),
        ("10.48550/arXiv.1706.03762v2", "1706.03762", 2),
        ("abs-1706-03762", "1706.03762", 0),
        ("hep-th-9711200", "hep-th/9711200", 0),
        ("https://ui.adsabs.harvard.edu/abs/2017arXiv170603762V/abstract", "1706.03762", 0),
        ("704.0001", "0704.0001", 0),
    ],
)
def test_arxiv_ids_in_all_their_spellings(text: str, base: str, version: int) -> None:
    assert parse_arxiv(text) == ArxivId(base, version)
    assert normalize("arxiv", text) == Identifier("arxiv", base)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1713.03762",  # no thirteenth month
        "1700.03762",
        "1501.0001",  # five digits since 2015
        "0704.00012",  # four before
        "0703.0001",  # the form began in April 2007
        "1706.00000",
        "1706.037621",
        "1706.03762.12",
        "x1706.03762",
        "math/0613800",
        "math/0804001",  # the old form ended in March 2007
        "chemistry/0601001",
        "10.1000/1706.03762",
        "W2963403868",
    ],
)
def test_what_is_no_arxiv_id(text: str) -> None:
    assert parse_arxiv(text) is None


@pytest.mark.parametrize(
    "text", ["1706.03762", "pages 1234.5678", "vol. 0704.0001", "math/0611800", "10.1063/1706.03762"]
)
def test_free_text_needs_a_cue(text: str) -> None:
    assert find_arxiv(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "see arXiv:1706.03762 for details",
        "arXiv preprint arXiv:1706.03762",
        "arXiv e-prints, arXiv:1706.03762",
        "CoRR abs/1706.03762",
        "also arXiv:9999.99999 and arXiv:1706.03762v2",
    ],
)
def test_free_text_with_a_cue(text: str) -> None:
    found = find_arxiv(text)
    assert found is not None
    assert found.base == "1706.03762"


@pytest.mark.parametrize(
    ("text", "doi"),
    [
        ("10.1038/NATURE14539", "10.1038/nature14539"),
        ("https://doi.org/10.1038/nature14539", "10.1038/nature14539"),
        ("http://dx.doi.org/10.1038/nature14539", "10.1038/nature14539"),
        ("doi.org/10.1038/nature14539", "10.1038/nature14539"),
        ("https://www.doi.org/10.1038/nature14539", "10.1038/nature14539"),
        ("https://doi-org.proxy.example.edu/10.1038/nature14539", "10.1038/nature14539"),
        ("https://doi.org/10.1038/nature14539?ref=x#y", "10.1038/nature14539"),
        ("doi:10.1038/nature14539", "10.1038/nature14539"),
        ("DOI: 10.1038/nature14539", "10.1038/nature14539"),
        ("info:doi/10.1038/nature14539", "10.1038/nature14539"),
        ("info:eu-repo/semantics/altIdentifier/doi/10.1038/nature14539", "10.1038/nature14539"),
        ("urn:doi:10.1038/nature14539", "10.1038/nature14539"),
        ("10.1038%2Fnature14539", "10.1038/nature14539"),
        ("https://doi.org/10.1038%2Fnature14539", "10.1038/nature14539"),
        (" 10.1038/nature14539 \n", "10.1038/nature14539"),
        ("10.1109/access.2021.3070212.", "10.1109/access.2021.3070212"),
        ("10.1038/nature14539).,;", "10.1038/nature14539"),
        ("(10.1038/nature14539)", "10.1038/nature14539"),
        ("10.1038/nature14539/", "10.1038/nature14539"),
        ("10.1016/0022-2836(70)90057-4", "10.1016/0022-2836(70)90057-4"),
        ("10.1016/S0140-6736(06)68891-0", "10.1016/s0140-6736(06)68891-0"),
        ("10.1037//0003-066X.59.1.29", "10.1037/0003-066x.59.1.29"),
        ("10.1000.10/123", "10.1000.10/123"),
        ("10.1038/nature14539\u200b", "10.1038/nature14539"),
        (
            "10.1002/(SICI)1097-0258(19980815/30)17:15/16%3C1661::AID-SIM968%3E3.0.CO;2-2",
            "10.1002/(sici)1097-0258(19980815/30)17:15/16<1661::aid-sim968>3.0.co;2-2",
        ),
        ("10.1002/(SICI)1(1)1:1&lt;1::AID-X&gt;3.0.CO;2-#", "10.1002/(sici)1(1)1:1<1::aid-x>3.0.co;2-#"),
        # what typesetting makes of an ASCII character is that character
        ("10.1038/nature–14539", "10.1038/nature-14539"),
        ("10.1038/nature‐14539", "10.1038/nature-14539"),
        ("１０．１０３８／ｎａｔｕｒｅ１４５３９", "10.1038/nature14539"),
        ("“10.1038/nature14539”", "10.1038/nature14539"),
        # refused, not repaired
        ("", ""),
        ("none", ""),
        ("10.1038", ""),
        ("10.1038/", ""),
        ("10.1/x", ""),
        ("10.1038/nature 14539", ""),
        ("10.1038/naturé", ""),
        ("10.1038/nature 14539 there", ""),
        ("9.1038/nature14539", ""),
    ],
)
def test_dois(text: str, doi: str) -> None:
    assert normalize_doi(text) == doi


@pytest.mark.parametrize(
    "text",
    [
        "DOI: https://doi.org/10.5555/Abc.12",
        "doi:https://doi.org/10.5555/abc.12",
        "doi:doi:10.5555/abc.12",
        "DOI10.5555/abc.12",
        "doi.10.5555/abc.12",
        "Digital Object Identifier (DOI) 10.5555/abc.12",
        "Available from: https://doi.org/10.5555/abc.12",
        "https://doi.org/https://doi.org/10.5555/abc.12",
        "http://dx.doi.org/doi:10.5555/abc.12",
        "https://doi.org/ 10.5555/abc.12",
        "https:/doi.org/10.5555/abc.12",
        "https://doi.org10.5555/abc.12",
        "http://doi.org.proxy.lib.example.edu/10.5555/abc.12",
        "https://proxy.example.edu/login?url=https%3A%2F%2Fdoi.org%2F10.5555%2Fabc.12",
        "ARTN 106\r\n10.5555/abc.12",
        "S0140-6736(05)00001-2 [pii];10.5555/abc.12 [doi]",
        "see 10.5555/abc.12 there",
        "10.5555/abc.12 for details",
        "10.5555/abc.12 [doi]",
        "10.5555/abc.12[doi]",
        "10.5555/abc.12 PMID: 1234567",
        "10.5555/abc.12, PMID:1234567",
        "10.5555/abc.12. Epub 2015 Jan 3.",
        "10.5555/abc.12 (Accessed 3 May 2020)",
        "10.5555/abc.12 (print)",
        "10.5555/abc.12 | A publisher",
        "10.5555/abc.12</doi>",
        '<a href="https://doi.org/10.5555/abc.12">10.5555/abc.12</a>',
        "[10.5555/abc.12](https://doi.org/10.5555/abc.12)",
        "<https://doi.org/10.5555/abc.12>",
        "10.5555 / abc.12",
        "10. 5555/abc.12",
        "doi = {10.5555/abc.12},",
        r"\href{https://doi.org/10.5555/abc.12}{10.5555/abc.12}",
        r"10.5555\/abc.12",
        "10.5555/abc.12/full",
        "10.5555/abc.12/abstract",
        "10.5555/abc.12.pdf",
        "10.5555/abc.12.full.pdf+html",
        "10.5555/abc.12/full?journalCode=xyz#sec-2",
        "10.5555/abc.12?journalCode=xyz",
        "10.5555/abc.12#sec-2",
        "10.5555/abc.12;jsessionid=0A1B.f01t02",
        "10.5555/abc.12/abstract;jsessionid=0A1B",
        "10.5555/abc.12&partnerID=40&md5=12",
        "https://journal.example.org/doi/10.5555/abc.12/full?from=/doi/10.5555/abc.12/full",
        "10.5555/abc.1210.5555/abc.12",
        "10.5555/abc.12,10.5555/abc.12",
        "https://doi.org/10.5555/abc.12https://doi.org/10.5555/abc.12",
        "10.5555/abc.12*",
        "10.5555/abc.12…",
    ],
)
def test_what_surrounds_a_doi_goes(text: str) -> None:
    assert normalize_doi(text) == "10.5555/abc.12"
    assert dois_in(text) == ("10.5555/abc.12",)


@pytest.mark.parametrize(
    "doi",
    [
        "10.5555/full",
        "10.5555/2015/39.2",
        "10.5555/abc/12/1/012018",
        "10.5555/x.2010.10.002",
        "10.5555/10.5555/abc.12",
        "10.5555/abc_12-3",
        "10.5555/b:names.0000046599.46389.ab",
        "10.5555/fullerenes.pdfx",
        "10.5555/1548-8659(1981)110<446:eotofr>2.0.co;2",
        "10.5555/(sici)1(1998)12:1<29::aid-x5>3.0.co;2-#",
        "10.5555/a&b",
    ],
)
def test_what_belongs_to_a_doi_stays(doi: str) -> None:
    assert normalize_doi(doi) == doi
    assert normalize_doi(f"https://doi.org/{doi}") == doi


@pytest.mark.parametrize(
    ("text", "doi"),
    [
        (r"10.5555/978-3-16-148410-0\_3", "10.5555/978-3-16-148410-0_3"),
        (r"10.5555/978-3-16-148410-0{\_}3", "10.5555/978-3-16-148410-0_3"),
        (r"10.5555/978-3-16-148410-0$\_$3", "10.5555/978-3-16-148410-0_3"),
        (r"10.5555/978-3-16-148410-0\textunderscore{}3", "10.5555/978-3-16-148410-0_3"),
        (r"10.5555/(SICI)1(1)1:1{\&}lt;1::AID-X{\&}gt;3.0.CO;2-2", "10.5555/(sici)1(1)1:1<1::aid-x>3.0.co;2-2"),
        (r"10.5555/(SICI)1(1)1:1$<$1::AID-X$>$3.0.CO;2-2", "10.5555/(sici)1(1)1:1<1::aid-x>3.0.co;2-2"),
        (
            r"10.5555/(SICI)1(1)1:1\textless{}1::AID-X\textgreater{}3.0.CO;2-2",
            "10.5555/(sici)1(1)1:1<1::aid-x>3.0.co;2-2",
        ),
        ("10.5555/(SICI)1(1)1:1&amp;lt;1::AID-X&amp;gt;3.0.CO;2-2", "10.5555/(sici)1(1)1:1<1::aid-x>3.0.co;2-2"),
    ],
)
def test_latex_and_html_in_a_doi_are_read(text: str, doi: str) -> None:
    assert normalize_doi(text) == doi


@pytest.mark.parametrize(
    "text",
    [
        "10.5555/j. abc.2010.01.001",  # broken by a blank: what is left of it is no DOI
        "10.5555/abc 2010",
        "Erratum in: 10.5555/abc.12",
        "Reply to doi:10.5555/abc.12",
        "110.5555/abc.12",
        "x10.5555/abc.12",
        "nan",
        "n/a",
        "10.0000/0000",
        "10.5555/xxxxx",
        "10.5555/nnnnnnn.nnnnnnn",
        "10.1145/1122445.1122456",  # of a publisher's template
        "10.xxxx/abc",
    ],
)
def test_what_is_no_doi_of_the_work(text: str) -> None:
    assert normalize_doi(text) == ""


def test_a_server_s_version_is_no_part_of_its_doi() -> None:
    for text in (
        "10.1101/2020.01.02.123456v2",
        "10.1101/2020.01.02.123456v2.full.pdf",
        "https://www.biorxiv.org/content/10.1101/2020.01.02.123456v3.full-text?rss=1",
    ):
        assert normalize_doi(text) == "10.1101/2020.01.02.123456"
    assert normalize_doi("10.1101/gr.123456.115") == "10.1101/gr.123456.115"


def test_a_registry_s_own_doi_is_cut_nowhere() -> None:
    assert registered_doi("10.5555/ABC.12/full") == "10.5555/abc.12/full"
    assert registered_doi("https://doi.org/10.5555/ABC%2012") == ""
    assert registered_doi(" 10.5555/ABC. ") == "10.5555/abc"
    assert registered_doi("n/a") == ""


def test_ascii_letters_alone_fold() -> None:
    assert normalize_doi("10.1000/\u212a") == "", "the Kelvin sign lower-cases to k, but is no k of a DOI"


def test_a_normal_doi_stays_as_it_is() -> None:
    once = normalize_doi("https://doi.org/10.1002/(SICI)1(1)1:1%3C1::AID-X%3E3.0.CO;2-2")
    assert normalize_doi(once) == once


def test_escapes_are_decoded_once() -> None:
    assert normalize_doi("10.1000/a%252Fb") == "10.1000/a%2fb"


def test_a_handle_that_is_a_doi_is_a_doi() -> None:
    assert from_url("https://hdl.handle.net/10.1000/X") == (Identifier("doi", "10.1000/x"),)


def test_several_dois_in_one_field() -> None:
    assert dois_in("10.1103/PhysRevD.76.013009 10.1103/PhysRevD.76.013010") == (
        "10.1103/physrevd.76.013009",
        "10.1103/physrevd.76.013010",
    )
    assert dois_in("10.1000/a; doi:10.1000/b, https://doi.org/10.1000/a") == ("10.1000/a", "10.1000/b")
    assert dois_in("10.1000/a,b") == ("10.1000/a,b",)
    assert dois_in("10.5555/abc.1 and 10.5555/abc.2") == ("10.5555/abc.1", "10.5555/abc.2")
    assert dois_in("10.5555/abc.1<br/>10.5555/abc.2") == ("10.5555/abc.1", "10.5555/abc.2")
    assert dois_in("10.5555/abc.1|10.5555/abc.2") == ("10.5555/abc.1", "10.5555/abc.2")
    assert dois_in("10.5555/abc.1; Erratum: 10.5555/abc.2") == ("10.5555/abc.1",)


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


@pytest.mark.parametrize(
    ("url", "scheme", "value"),
    [
        ("https://dx.doi.org/10.1038/nature14539", "doi", "10.1038/nature14539"),
        ("http://arxiv.org/pdf/quant-ph/0612097v1", "arxiv", "quant-ph/0612097"),
        ("https://www.semanticscholar.org/paper/Attention-is-All-you-Need/" + SHA, "s2_paper", SHA),
        (f"http://pdfs.semanticscholar.org/{SHA[:4]}/{SHA[4:]}.pdf", "s2_paper", SHA),
        ("https://api.semanticscholar.org/CorpusID:13756489", "s2", "13756489"),
        ("https://openalex.org/W2963403868", "openalex", "W2963403868"),
        ("https://api.openalex.org/works/W2963403868", "openalex", "W2963403868"),
        ("https://core.ac.uk/download/82985284.pdf", "core", "82985284"),
        ("https://core.ac.uk/download/pdf/82985284.pdf", "core", "82985284"),
        ("https://api.core.ac.uk/v3/outputs/469841313", "core", "469841313"),
        ("https://core.ac.uk/works/58971691", "core_work", "58971691"),
        ("https://www.ncbi.nlm.nih.gov/pmc/articles/PMC3105910/", "pmcid", "PMC3105910"),
        ("https://pmc.ncbi.nlm.nih.gov/articles/PMC3105910/", "pmcid", "PMC3105910"),
        ("https://europepmc.org/articles/pmc3105910?pdf=render", "pmcid", "PMC3105910"),
        ("https://europepmc.org/article/MED/40120586", "pmid", "40120586"),
        ("https://www.ncbi.nlm.nih.gov/pubmed/40120586", "pmid", "40120586"),
        ("https://aclanthology.org/P18-1001.pdf", "acl", "P18-1001"),
        ("https://openreview.net/pdf?id=r1g6MCEtwr", "openreview", "r1g6MCEtwr"),
        ("https://hal.science/hal-00620841v2/document", "hal", "hal-00620841"),
        ("https://archive.org/download/arxiv-cond-mat0107190/cond-mat0107190.pdf", "arxiv", "cond-mat/0107190"),
        ("https://archive.org/details/arxiv-0812.3075", "arxiv", "0812.3075"),
        ("https://web.archive.org/web/20210602092828/https://arxiv.org/abs/2105.13074", "arxiv", "2105.13074"),
        (
            "https://web.archive.org/web/20180725025539id_/http://doi.org/10.1038/nature14539",
            "doi",
            "10.1038/nature14539",
        ),
        ("https://link.springer.com/content/pdf/10.1007/s00198-014-2673-x.pdf", "doi", "10.1007/s00198-014-2673-x"),
        (
            "https://link.springer.com/article/10.1007/s00198-014-2673-x/fulltext.html",
            "doi",
            "10.1007/s00198-014-2673-x",
        ),
        ("https://onlinelibrary.wiley.com/doi/pdfdirect/10.1002/cbf.935", "doi", "10.1002/cbf.935"),
        ("https://www.biorxiv.org/content/10.1101/366815v1.full.pdf", "doi", "10.1101/366815"),
        (
            "https://iopscience.iop.org/article/10.1088/1757-899X/225/1/012198/pdf",
            "doi",
            "10.1088/1757-899x/225/1/012198",
        ),
        (
            "https://journals.plos.org/plosone/article?id=10.1371/journal.pone.0182437",
            "doi",
            "10.1371/journal.pone.0182437",
        ),
        ("https://example.org/articles/10.16995/sim.144/galley/140/download/", "doi", "10.16995/sim.144"),
        ("https://example.org/article-pdf/doi/10.2118/172584-MS/1378217/spe-172584-ms.pdf", "doi", "10.2118/172584-ms"),
        ("https://www.researchsquare.com/article/rs-2382535/v1", "doi", "10.21203/rs.3.rs-2382535/v1"),
        ("http://front.math.ucdavis.edu/math.AG/0611800", "arxiv", "math/0611800"),
        ("http://arxiv.org/PS_cache/hep-th/pdf/9711/9711200v3.pdf", "arxiv", "hep-th/9711200"),
        ("https://ui.adsabs.harvard.edu/abs/2017arXiv170603762V/abstract", "arxiv", "1706.03762"),
        ("https://identifiers.org/pubmed:40120586", "pmid", "40120586"),
        ("https://www.ncbi.nlm.nih.gov/pubmed/?term=40120586", "pmid", "40120586"),
        ("http://dx.doi.org/doi:10.5555/abc.12", "doi", "10.5555/abc.12"),
        ("https://doi.org.proxy.lib.example.edu/10.5555/abc.12", "doi", "10.5555/abc.12"),
        ("https://example.org/doi/10.5555/abc.12/full;jsessionid=AB.f01", "doi", "10.5555/abc.12"),
        ("oai:arXiv.org:math/0611800", "arxiv", "math/0611800"),
        ("oai:pubmedcentral.nih.gov:12008803", "pmcid", "PMC12008803"),
    ],
)
def test_identifiers_in_urls(url: str, scheme: str, value: str) -> None:
    assert from_url(url) == (Identifier(scheme, value),)


def test_a_dblp_page_of_corr_names_both() -> None:
    assert from_url("https://dblp.org/rec/journals/corr/abs-1706-03762.html") == (
        Identifier("dblp", "journals/corr/abs-1706-03762"),
        Identifier("arxiv", "1706.03762"),
    )


@pytest.mark.parametrize(
    "url",
    [
        "",
        "x",
        "https://",
        "https://example.org/abs/1706.03762",
        "https://github.com/a/b",
        "https://arxiv.org/list/cs.CL/recent",
        "https://www.nature.com/articles/s41586-021-03998-y",
        "https://web.archive.org/",
        "oai:",
        "oai:example.org:12",
    ],
)
def test_urls_that_say_nothing(url: str) -> None:
    assert from_url(url) == ()


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


@given(st.from_regex(r"10\.[0-9]{4}/[!-~]{1,40}", fullmatch=True))
def test_normal_dois_are_fixed_points(text: str) -> None:
    doi = normalize_doi(text)
    if "%" not in doi and "&" not in doi:
        assert normalize_doi(doi) == doi
    assert not set(doi) & set(string.ascii_uppercase + string.whitespace)


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
