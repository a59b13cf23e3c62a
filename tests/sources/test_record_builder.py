from __future__ import annotations

from typing import Any

import pytest

from tests.sources.documents import DOCUMENT, one


def test_identifiers_wherever_they_stand() -> None:
    record = one(
        DOCUMENT
        | {
            "doi": "https://doi.org/10.1000/X",
            "arxiv_id": "1706.03762v7",
            "pmid": 40120586,
            "pmcid": "PMC1",
            "journal": "arXiv preprint arXiv:1706.03762",
            "volume": None,
            "urls": "https://openalex.org/W2963403868",
            "identifiers": [{"scheme": "dblp", "value": "conf/nips/X17"}, {"scheme": "shoe", "value": "42"}, None, 3],
        }
    )
    assert [tuple(i) for i in record.identifiers] == [
        ("doi", "10.1000/x"),
        ("arxiv", "1706.03762"),
        ("pmid", "40120586"),
        ("pmcid", "PMC1"),
        ("openalex", "W2963403868"),
        ("dblp", "conf/nips/X17"),
    ]
    assert record.version == 0, "the version of a document is its own field"
    assert "identifiers: not a usable shoe" in record.warnings


def test_a_publishers_link_gives_a_doi_only_where_the_source_gives_none() -> None:
    link = "http://www.tandfonline.com/doi/pdf/10.1080/10256018808623883"
    record = one(DOCUMENT | {"doi": "10.1080/10236190290017469", "urls": [link, "https://doi.org/10.1000/alias"]})
    assert [i.value for i in record.identifiers if i.scheme == "doi"] == ["10.1080/10236190290017469", "10.1000/alias"]
    assert one(DOCUMENT | {"urls": [link]}).identifier("doi") == "10.1080/10256018808623883"


def test_a_bare_number_in_volume_is_no_arxiv_id() -> None:
    assert one(DOCUMENT | {"journal": "Physica", "volume": "1706.03762"}).identifier("arxiv") == ""
    assert one(DOCUMENT | {"journal": "ArXiv", "volume": "1706.03762"}).identifier("arxiv") == "1706.03762"


@pytest.mark.parametrize(
    ("fields", "identifiers"),
    [
        ({"pmid": 40120586.0}, [("pmid", "40120586")]),
        ({"pmid": "40120586.0"}, [("pmid", "40120586")]),
        ({"pmcid": 3105910.0}, [("pmcid", "PMC3105910")]),
        ({"arxiv_id": 704.0001}, [("arxiv", "0704.0001")]),
        ({"arxiv_id": 1706.0376}, [("arxiv", "1706.03760")]),
        ({"arxiv_id": 1706.03762}, [("arxiv", "1706.03762")]),
        ({"doi": "10.5555/abc.1; 10.5555/abc.2"}, [("doi", "10.5555/abc.1"), ("doi", "10.5555/abc.2")]),
        ({"doi": ["10.5555/abc.1", "10.5555/abc.2"]}, [("doi", "10.5555/abc.1"), ("doi", "10.5555/abc.2")]),
        ({"doi": "https://doi.org/10.5555/j.abc.2010.10.001"}, [("doi", "10.5555/j.abc.2010.10.001")]),
        ({"doi": "https://arxiv.org/abs/1706.03762"}, [("arxiv", "1706.03762")]),
        ({"doi": "nan", "pmid": "None", "arxiv_id": "n/a"}, []),
        ({"identifiers": [{"scheme": "dblp", "value": "n/a"}]}, []),
    ],
)
def test_identifiers_as_tables_and_people_write_them(
    fields: dict[str, Any], identifiers: list[tuple[str, str]]
) -> None:
    record = one({"source": "feed", "id": "1", "title": "On reefs", **fields})
    assert [tuple(identifier) for identifier in record.identifiers] == identifiers


def test_missing_identifiers_are_no_fault_of_a_record() -> None:
    assert one({"source": "feed", "id": "1", "title": "On reefs", "doi": "nan", "pmid": "-"}).warnings == ()


def test_placeholders_are_no_values() -> None:
    record = one(
        {
            "source": "feed",
            "id": "1",
            "title": "On reefs",
            "subtitle": "nan",
            "other_titles": ["None", "Über Riffe"],
            "authors": ["nan", "Nan Li", ":unav"],
            "journal": "NaN",
            "publication_date": "1899-12-30",
        }
    )
    assert (record.subtitle, record.journal, record.date) == ("", "", "")
    assert record.other_titles == ("Über Riffe",)
    assert [author.name for author in record.authors] == ["Nan Li"]
