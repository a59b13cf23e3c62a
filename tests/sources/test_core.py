from __future__ import annotations

from typing import Any

import orjson

from streams.records.record import Delete, Identifier, Record
from streams.sources import parse

WORK: dict[str, Any] = {
    "id": 58971691,
    "title": "Speech Emotion Recognition\n  Using Attention",
    "authors": [{"name": "Byun, Seokhyun"}, {"name": "Dey, Subhadeep"}],
    "doi": "10.1109/ICASSP.2019.8683483",
    "arxivId": "1904.10788",
    "magId": None,
    "pubmedId": None,
    "oaiIds": ["oai:arxiv.org:1904.10788"],
    "identifiers": [{"identifier": "1904.10788", "type": "ARXIV_ID"}, {"identifier": "200829554", "type": "CORE_ID"}],
    "outputs": ["https://api.core.ac.uk/v3/outputs/469841313"],
    "publishedDate": "2019-05-09T01:00:00",
    "yearPublished": 2019,
    "updatedDate": "2021-08-10T16:23:19",
    "publisher": "'Institute of Electrical and Electronics Engineers (IEEE)'",
    "documentType": "research",
    "language": {"code": "en", "name": "English"},
    "journals": [{"title": None, "identifiers": ["1520-6149"]}],
    "links": [{"type": "display", "url": "https://core.ac.uk/works/58971691"}],
}


def one(value: Any) -> Record:
    (item,) = parse("core", orjson.dumps(value))
    assert isinstance(item, Record), item
    return item


def test_work() -> None:
    record = one(WORK)
    assert record.id == "core:58971691"
    assert record.title == "Speech Emotion Recognition Using Attention"
    assert record.publisher == "Institute of Electrical and Electronics Engineers (IEEE)"
    assert record.identifiers == (
        Identifier("doi", "10.1109/icassp.2019.8683483"),
        Identifier("arxiv", "1904.10788"),
        Identifier("core", "200829554"),
        Identifier("core", "469841313"),
        Identifier("core_work", "58971691"),
    )
    assert (record.authors[0].family, record.authors[0].given) == ("Byun", "Seokhyun")
    assert (record.date, record.language, record.updated) == ("2019-05-09", "en", "2021-08-10T16:23:19Z")


def test_year_only() -> None:
    assert one(WORK | {"publishedDate": None}).date == "2019"


def test_an_output_numbers_apart_from_works() -> None:
    output = {
        "id": "58971691",
        "title": "Dispatch",
        "authors": ["A. Bee"],
        "deleted": "ALLOWED",
        "repositories": [{"id": "145"}],
        "year": 2015,
    }
    assert one({"_index": "articles", "_id": "58971691", "_source": output}).id == "core:output/58971691"


def test_disabled_and_deleted_are_deletes() -> None:
    for marker in ({"disabled": True}, {"deleted": "DELETED"}):
        (item,) = parse("core", orjson.dumps({"id": 7, **marker}))
        assert isinstance(item, Delete)
        assert item.id == "core:7"


def test_search_answers() -> None:
    first, second = parse("core", orjson.dumps({"totalHits": 2, "results": [WORK, 3]}))
    assert isinstance(first, Record)
    assert not isinstance(second, Record)


def test_tombstones() -> None:
    assert parse("core", None, b"core:58971691")[0].id == "core:58971691"  # type: ignore[union-attr]
    assert parse("core", None, b"output/102353278")[0].id == "core:output/102353278"  # type: ignore[union-attr]
