from __future__ import annotations

from typing import Any

import orjson
import pytest

from streams.records.record import Author, Delete, Identifier, Record
from streams.sources import parse

WORK: dict[str, Any] = {
    "id": "https://openalex.org/W2963403868",
    "doi": None,
    "title": "Attention Is All You Need",
    "display_name": "Attention Is All You Need",
    "publication_year": 2017,
    "publication_date": "2017-06-12",
    "ids": {
        "openalex": "https://openalex.org/W2963403868",
        "mag": "2963403868",
        "pmid": "https://pubmed.ncbi.nlm.nih.gov/40120586",
        "pmcid": "https://www.ncbi.nlm.nih.gov/pmc/articles/4234579",
    },
    "primary_location": {
        "landing_page_url": "https://example.org/paper",
        "source": {"display_name": "arXiv (Cornell University)", "host_organization_name": "Cornell University"},
    },
    "locations": [{"landing_page_url": "http://arxiv.org/abs/1706.03762", "pdf_url": None, "source": None}, None],
    "type": "preprint",
    "authorships": [
        {
            "author": {"display_name": "A. Vaswani", "orcid": "https://orcid.org/0000-0002-1825-0097"},
            "raw_author_name": "Ashish Vaswani",
        },
        {"author": {"display_name": "Noam Shazeer", "orcid": None}},
        {"author": {"display_name": "None American Psychiatric Association"}},
    ],
    "biblio": {"volume": "30", "issue": None, "first_page": "5998", "last_page": "6008"},
    "abstract_inverted_index": {"dominant": [1], "The": [0, 3], "models.": [2]},
    "is_paratext": False,
    "updated_date": "2025-07-18T01:03:41.562229",
}


def one(value: Any) -> Record:
    (item,) = parse("openalex", orjson.dumps(value))
    assert isinstance(item, Record), item
    return item


def test_work() -> None:
    record = one(WORK)
    assert record.id == "openalex:W2963403868"
    assert record.identifiers == (
        Identifier("arxiv", "1706.03762"),
        Identifier("pmid", "40120586"),
        Identifier("pmcid", "PMC4234579"),
        Identifier("openalex", "W2963403868"),
        Identifier("mag", "2963403868"),
    )
    assert record.abstract == "The dominant models. The"
    assert (record.volume, record.pages, record.date) == ("30", "5998-6008", "2017-06-12")
    assert record.authors == (
        Author("Ashish Vaswani", orcid="0000-0002-1825-0097"),
        Author("Noam Shazeer"),
        Author("American Psychiatric Association"),
    )
    assert record.updated == "2025-07-18T01:03:41Z"
    assert record.warnings == (), "a null among the locations is nothing to speak of"


def test_the_same_id_at_another_vintage_of_the_api() -> None:
    old = {
        "id": "https://openalex.org/W2963403868",
        "display_name": "T",
        "host_venue": {"display_name": "NIPS", "publisher": "MIT"},
    }
    record = one(old)
    assert (record.id, record.title, record.journal, record.publisher) == ("openalex:W2963403868", "T", "NIPS", "MIT")


def test_first_of_january_is_a_guess() -> None:
    assert one(WORK | {"publication_date": "2017-01-01"}).date == "2017"
    assert one(WORK | {"publication_date": None}).date == "2017"


@pytest.mark.parametrize(
    ("count", "flag", "complete"), [(100, False, False), (3, True, False), (99, False, True), (3, False, True)]
)
def test_lists_cut_at_a_hundred(count: int, flag: bool, complete: bool) -> None:
    people = [{"author": {"display_name": f"Author {i}"}} for i in range(count)]
    assert one(WORK | {"authorships": people, "is_authors_truncated": flag}).authors_complete is complete


def test_nulls_everywhere() -> None:
    record = one(dict.fromkeys(WORK) | {"id": WORK["id"], "title": "T", "authorships": []})
    assert (record.title, record.authors, record.date, record.warnings) == ("T", (), "", ())


def test_paratext() -> None:
    assert one(WORK | {"is_paratext": True}).type == "paratext"


def test_a_hostile_index_is_bounded() -> None:
    record = one(WORK | {"abstract_inverted_index": {f"w{i}": [10**9, -i, "x", None] for i in range(30_000)}})
    assert len(record.abstract) <= 50_000
    assert "abstract_inverted_index: cut at 20000 words" in record.warnings


def test_merged_ids_are_deletes() -> None:
    row = {"merge_date": "2022-06-07", "id": "W4207050253", "merge_into_id": "W1989750276"}
    assert parse("openalex", orjson.dumps(row)) == [
        Delete(source="openalex", source_id="W4207050253", reason="merged", updated="2022-06-07T00:00:00Z")
    ]


def test_pages_of_results() -> None:
    items = parse("openalex", orjson.dumps({"meta": {"count": 2}, "results": [WORK, {"id": "A1"}]}))
    assert isinstance(items[0], Record)
    assert not isinstance(items[1], Record)
