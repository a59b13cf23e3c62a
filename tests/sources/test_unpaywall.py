from __future__ import annotations

from typing import Any

import orjson
import pytest

from streams.records.record import Record
from streams.sources import parse

OBJECT: dict[str, Any] = {
    "doi": "10.1080/00273171.2011.568786",
    "doi_url": "https://doi.org/10.1080/00273171.2011.568786",
    "title": "An Introduction to Propensity Score Methods",
    "genre": "journal-article",
    "is_paratext": False,
    "published_date": "2011-05-31",
    "year": 2011,
    "journal_name": "Multivariate Behavioral Research",
    "journal_issns": "0027-3171,1532-7906",
    "publisher": "Informa UK Limited",
    "oa_locations": [
        {"host_type": "publisher", "url": "https://example.org/10.1000/other.pdf", "url_for_pdf": None},
        {
            "host_type": "repository",
            "url": "https://europepmc.org/articles/pmc3144483?pdf=render",
            "pmh_id": "oai:pubmedcentral.nih.gov:3144483",
        },
    ],
    "z_authors": [{"given": "Peter C.", "family": "Austin", "sequence": "first"}],
    "updated": "2021-03-28T06:00:46.270660",
}


def one(value: Any) -> Record:
    (item,) = parse("unpaywall", orjson.dumps(value))
    assert isinstance(item, Record), item
    return item


def test_doi_object() -> None:
    record = one(OBJECT)
    assert record.id == "unpaywall:10.1080/00273171.2011.568786"
    assert [(i.scheme, i.value) for i in record.identifiers] == [
        ("doi", "10.1080/00273171.2011.568786"),
        ("pmcid", "PMC3144483"),
    ]
    assert (record.date, record.updated) == ("2011-05-31", "2021-03-28T06:00:46Z")


@pytest.mark.parametrize(
    ("people", "names"),
    [
        (None, []),
        ([{"given": "Andres", "family": "M. Bran"}], ["Andres M. Bran"]),
        (
            [{"author_position": "first", "raw_author_name": "Michael Herger", "is_corresponding": True}],
            ["Michael Herger"],
        ),
        ([{"name": "ATLAS Collaboration"}], ["ATLAS Collaboration"]),
        (["Jane Doe"], ["Jane Doe"]),
        ([{"sequence": "first"}, None, 7], ["7"]),
        ("Jane Doe", []),
    ],
)
def test_authors_in_all_their_shapes(people: Any, names: list[str]) -> None:
    assert [author.name for author in one(OBJECT | {"z_authors": people}).authors] == names


def test_a_title_of_a_hundred_thousand_characters_is_cut() -> None:
    record = one(OBJECT | {"title": "word " * 24_000})
    assert len(record.title) <= 10_000
    assert record.warnings == ("title: cut at 10000 characters",)


def test_bulk_reply_keyed_by_doi() -> None:
    missing = {"doi": "10.1", "error": "HTTP error: 404", "message": "Not found"}
    reply = {
        "results": {OBJECT["doi"]: OBJECT, "10.1": missing},
        "errors_dict": {"10.1": {}},
        "total": 2,
        "jsonl": "",
        "csv": "",
    }
    record, error = parse("unpaywall", orjson.dumps(reply))
    assert isinstance(record, Record)
    assert (error.code, error.where) == ("source_error", "/results/10.1")  # type: ignore[union-attr]
    assert parse("unpaywall", orjson.dumps(missing))[0].code == "source_error"  # type: ignore[union-attr]


def test_search_answers() -> None:
    (record,) = parse("unpaywall", orjson.dumps({"results": [{"response": OBJECT, "score": 1.0, "snippet": ""}]}))
    assert isinstance(record, Record)
