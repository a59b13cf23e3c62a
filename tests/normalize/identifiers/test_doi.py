from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.normalize.identifiers import (
    dois_in,
    normalize_doi,
    registered_doi,
)


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


@given(st.from_regex(r"10\.[0-9]{4}/[!-~]{1,40}", fullmatch=True))
def test_normal_dois_are_fixed_points(text: str) -> None:
    doi = normalize_doi(text)
    if "%" not in doi and "&" not in doi:
        assert normalize_doi(doi) == doi
    assert not set(doi) & set(string.ascii_uppercase + string.whitespace)
