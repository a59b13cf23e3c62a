from __future__ import annotations

from typing import Any

import orjson
import pytest

from streams.records.record import Author, Identifier, Record, Relation
from streams.sources import parse

ARXIV: dict[str, Any] = {
    "id": "10.48550/arxiv.0905.0097",
    "type": "dois",
    "attributes": {
        "doi": "10.48550/arxiv.0905.0097",
        "identifiers": [{"identifier": "0905.0097", "identifierType": "arXiv"}],
        "creators": [
            {
                "name": "Del Duca, Vittorio",
                "nameType": "Personal",
                "givenName": "Vittorio",
                "familyName": "Del Duca",
                "affiliation": ["X"],
            },
            {"name": "ATLAS Collaboration", "nameType": "Organizational", "affiliation": [{"name": "CERN"}]},
            {"name": "Duhr, Claude"},
        ],
        "titles": [{"title": "The one-loop pentagon"}],
        "publisher": "arXiv",
        "publicationYear": 2010,
        "dates": [
            {"date": "2010-03-26T14:20:51Z", "dateType": "Updated"},
            {"date": "2009-05-01T15:25:15Z", "dateType": "Submitted"},
        ],
        "types": {"resourceTypeGeneral": "Text", "resourceType": "Article"},
        "relatedIdentifiers": [
            {
                "relationType": "IsVersionOf",
                "relatedIdentifier": "10.1007/JHEP01(2010)042",
                "relatedIdentifierType": "DOI",
            },
            {"relationType": "References", "relatedIdentifier": "10.1000/x", "relatedIdentifierType": "DOI"},
        ],
        "version": "1",
        "updated": "2022-03-15T10:57:24.000Z",
    },
}


def work(**attributes: Any) -> dict[str, Any]:
    return {
        "id": "10.5281/zenodo.1",
        "attributes": {"doi": "10.5281/ZENODO.1", "titles": [{"title": "T"}], **attributes},
    }


def one(value: Any) -> Record:
    (item,) = parse("datacite", orjson.dumps(value))
    assert isinstance(item, Record), item
    return item


def test_arxiv_doi() -> None:
    record = one(ARXIV)
    assert record.id == "datacite:10.48550/arxiv.0905.0097"
    assert record.identifiers == (Identifier("arxiv", "0905.0097"),)
    assert record.relations == (Relation("preprint_of", "doi", "10.1007/jhep01(2010)042"),)
    assert record.date == "2009-05-01", "the first version's day, not the year of the last"
    assert record.authors == (
        Author("Del Duca, Vittorio", "Del Duca", "Vittorio"),
        Author("ATLAS Collaboration", organization=True),
        Author("Duhr, Claude", "Duhr", "Claude"),
    )
    assert (record.type, record.version) == ("article", 0)


def test_the_same_word_means_versions_elsewhere() -> None:
    related = [
        {"relationType": "IsVersionOf", "relatedIdentifier": "10.5281/zenodo.2", "relatedIdentifierType": "DOI"},
        {
            "relationType": "IsIdenticalTo",
            "relatedIdentifier": "https://arxiv.org/abs/1706.03762",
            "relatedIdentifierType": "URL",
        },
        {"relationType": "IsPartOf", "relatedIdentifier": "1074-1542", "relatedIdentifierType": "ISSN"},
    ]
    assert one(work(relatedIdentifiers=related)).relations == (
        Relation("version_of", "doi", "10.5281/zenodo.2"),
        Relation("same_as", "arxiv", "1706.03762"),
    )


def test_no_titles_null_publisher_and_year() -> None:
    record = one(work(titles=[], publisher=None, publicationYear=None, dates=None, identifiers=None))
    assert (record.title, record.publisher, record.date) == ("", "", "")


def test_several_titles() -> None:
    titles = [
        {"title": "Übersetzt", "titleType": "TranslatedTitle"},
        {"title": "Main", "lang": "en"},
        {"title": "Under", "titleType": "Subtitle"},
        {"title": None},
    ]
    record = one(work(titles=titles))
    assert (record.title, record.subtitle, record.other_titles) == ("Main", "Under", ("Übersetzt",))


@pytest.mark.parametrize(
    ("attributes", "date"),
    [
        ({"publicationYear": 2008}, "2008"),
        ({"publicationYear": 2008, "dates": [{"date": "2008-05-30", "dateType": "Issued"}]}, "2008-05-30"),
        ({"publicationYear": 2008, "dates": [{"date": "2008-05-30", "dateType": "Created"}]}, "2008-05-30"),
        ({"publicationYear": 2008, "dates": [{"date": "2007-05-30", "dateType": "Created"}]}, "2008"),
        ({"dates": [{"date": "2011-05-01/2012-06-01", "dateType": "Issued"}]}, "2011-05-01"),
        ({"publicationYear": 2545}, ""),
        ({"publicationYear": ":unav"}, ""),
    ],
)
def test_dates(attributes: dict[str, Any], date: str) -> None:
    assert one(work(**attributes)).date == date


def test_answers() -> None:
    assert one({"data": ARXIV}).source_id == "10.48550/arxiv.0905.0097"
    items = parse("datacite", orjson.dumps({"data": [ARXIV, {"id": "x"}], "meta": {"total": 2}}))
    assert isinstance(items[0], Record)
    assert items[1].where == "/data/1/attributes/doi"  # type: ignore[union-attr]


def test_codes_for_what_is_not_known_are_no_authors() -> None:
    record = one(work(creators=[{"name": "(:unav)"}, {"name": ":unkn", "familyName": ":unkn"}, {"name": "Reef, Jane"}]))
    assert record.authors == (Author("Reef, Jane", "Reef", "Jane"),)
    assert record.authors_complete
    assert not one(work(creators=[{"name": "Reef, Jane"}, {"name": "(:etal)"}])).authors_complete


def test_the_doi_a_registry_gives_is_the_record_s_id_as_it_is() -> None:
    assert (
        one(work() | {"attributes": {"doi": "10.5555/ABC/full", "titles": [{"title": "T"}]}}).source_id
        == "10.5555/abc/full"
    )
