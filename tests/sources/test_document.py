from __future__ import annotations

from typing import Any

import orjson
import pytest

from streams.errors import PayloadError
from streams.records.record import MAX_VERSION, Author, Delete, Identifier, Record, Relation
from streams.sources import parse
from tests.sources.documents import DOCUMENT, item, one


def test_document() -> None:
    record = one(DOCUMENT)
    assert record.id == "semantic_scholar:demo-1", "the document's own label"
    assert record.identifiers == (
        Identifier("arxiv", "1706.03762"),
        Identifier("s2_paper", "204e3073870fae3d05bcbc2f6a8e263d9b72e776"),
    )
    assert record.authors == (
        Author("Vaswani, Ashish", "Vaswani", "Ashish"),
        Author("Noam Shazeer"),
        Author("Parmar N.", "Parmar", "N."),
    )
    assert record.date == "2017-06-12"
    assert record.warnings == ()


@pytest.mark.parametrize(
    ("date", "year", "expected"),
    [
        ("2022-01-01 00:00:00", 2022, "2022"),
        ("2022-01-01T00:00:00Z", None, "2022"),
        ("2022-01-01 00:00:00+00:00", None, "2022"),
        ("2022-01-01 07:00:00", None, "2022-01-01"),
        ("2022-01-01", None, "2022-01-01"),
        ("2021-05-06 00:00:00", None, "2021-05-06"),
        ("2021-11-24 18:59:58+00:00", None, "2021-11-24"),
        (None, 2021, "2021"),
        ("", "2021", "2021"),
        ("soon", 2021, "2021"),
        (2021, None, "2021"),
        (None, None, ""),
    ],
)
def test_dates(date: Any, year: Any, expected: str) -> None:
    assert one(DOCUMENT | {"publication_date": date, "year": year}).date == expected


def test_malformed_fields_are_named_and_dropped() -> None:
    record = one(
        DOCUMENT
        | {
            "doi": "10.1000/a b",
            "urls": [7],
            "pages": {"first": 1},
            "version": "x",
            "updated": "later",
            "relations": [{"kind": "likes"}],
        }
    )
    assert record.warnings == (
        "pages: expected text, found dict",
        "doi: not a usable doi",
        "urls: expected a URL, found int",
        "relations: unknown kind",
        f"version: not a number from 0 to {MAX_VERSION}",
        "updated: not a time",
    )


@pytest.mark.parametrize(
    "value",
    [
        {"title": "T"},
        {"id": "1"},
        {"id": "", "title": "T"},
        {"id": "1", "title": "", "doi": "none"},
        {"id": None, "title": "T"},
        {"id": "x" * 301, "title": "T"},
        {"id": "1", "title": "T", "source": "a b"},
        {"id": "1", "title": "T", "source": "a:b"},
        {"id": "1", "title": "T", "source": 7},
    ],
)
def test_no_identity(value: Any) -> None:
    found = item(value)
    assert isinstance(found, PayloadError)
    assert found.code == "no_identity"


def test_least_identities() -> None:
    assert one({"id": 7, "title": "T"}).id == "document:7"
    assert one({"id": "7", "doi": "10.1000/x"}).id == "document:7"
    assert one({"id": "7", "urls": ["https://openalex.org/W1"]}).id == "document:7"


def test_deletes_and_tombstones() -> None:
    assert item({"source": "mine", "id": "7", "deleted": True, "updated": "2024-01-02"}) == Delete(
        source="mine", source_id="7", reason="delete_marker", updated="2024-01-02T00:00:00Z"
    )
    assert parse("document", b"", b"mine:7:8") == [Delete(source="mine", source_id="7:8", reason="tombstone")]
    assert parse("document", None, b"7") == [Delete(source="document", source_id="7", reason="tombstone")]
    assert parse("document", None, b":7") == [Delete(source="document", source_id=":7", reason="tombstone")]


def test_arrays_of_documents() -> None:
    items = parse("document", orjson.dumps([DOCUMENT, 7, {"id": "1"}]))
    assert isinstance(items[0], Record)
    assert [e.where for e in items[1:]] == ["/1", "/2"]  # type: ignore[union-attr]


def test_relations() -> None:
    relations = [
        {"kind": "corrects", "scheme": "doi", "value": "10.1000/X"},
        {"kind": "same_as", "scheme": "doi", "value": "bad"},
    ]
    assert one(DOCUMENT | {"relations": relations}).relations == (Relation("corrects", "doi", "10.1000/x"),)


@pytest.mark.parametrize(
    ("given", "version"),
    [
        (20_240_101, 20_240_101),
        ("v20240101123456", 20_240_101_123_456),
        (MAX_VERSION, MAX_VERSION),
        (MAX_VERSION + 1, 0),
        ("9" * 5000, 0),
        ("٣", 3),
    ],
)
def test_versions_may_be_dates_and_times(given: object, version: int) -> None:
    (record,) = parse("document", orjson.dumps({"source": "s", "id": "1", "title": "T", "version": given}))
    assert isinstance(record, Record)
    assert record.version == version
    assert bool(record.warnings) == (version == 0)
