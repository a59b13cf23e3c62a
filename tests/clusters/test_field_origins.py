"""Where each value of a document comes from, held against the module that makes documents."""

from __future__ import annotations

import pytest

from streams.clusters.canonical import canonical
from streams.clusters.field_origins import field_origins
from streams.records.record import Author, Record
from streams.sources import parse
from streams.synthetic import generate
from tests.clusters.test_canonical import ARXIV, CROSSREF, SCHOLAR

_OF_THE_CLUSTER = {"id", "versions"}
_OF_RECORD = {"publication_date": "date"}


def value_of(record: Record, field: str) -> object:
    if field in ("doi", "arxiv_id"):
        return record.identifier(field.removesuffix("_id"))
    if field == "authors":
        return [author.name for author in record.authors]
    return getattr(record, _OF_RECORD.get(field, field))


def check(records: list[Record]) -> None:
    document = canonical("c1", records)
    origins = field_origins(records)
    assert origins.keys() == {name for name, value in document.items() if value} - _OF_THE_CLUSTER
    by_id = {record.id: record for record in records}
    for field, named in origins.items():
        if field == "urls":
            assert {url for name in named for url in by_id[name].urls} >= set(document["urls"])
        else:
            (name,) = named
            assert value_of(by_id[name], field) == document[field]


def test_each_value_is_that_of_the_record_that_is_named() -> None:
    assert field_origins([SCHOLAR, ARXIV, CROSSREF]) == {
        "source": ("crossref:10.5555/x",),
        "title": ("crossref:10.5555/x",),
        "journal": ("crossref:10.5555/x",),
        "volume": ("crossref:10.5555/x",),
        "type": ("crossref:10.5555/x",),
        "publication_date": ("crossref:10.5555/x",),
        "year": ("crossref:10.5555/x",),
        "authors": ("crossref:10.5555/x",),
        "doi": ("crossref:10.5555/x",),
        "arxiv_id": ("arxiv:2001.00001",),
        "urls": ("crossref:10.5555/x", "arxiv:2001.00001"),
        "abstract": ("arxiv:2001.00001",),
    }
    check([SCHOLAR, ARXIV, CROSSREF])


def test_a_record_without_anything_is_the_origin_of_nothing_but_its_source() -> None:
    assert field_origins([Record(source="mine", source_id="1")]) == {"source": ("mine:1",)}


def test_a_list_that_was_cut_is_not_the_origin_of_the_authors() -> None:
    cut = Record(
        source="crossref", source_id="1", title="T", journal="J", authors=(Author("A"),), authors_complete=False
    )
    whole = Record(source="mine", source_id="2", title="T", authors=(Author("A"), Author("B")))
    assert field_origins([cut, whole])["authors"] == ("mine:2",)
    check([cut, whole])


@pytest.mark.parametrize("seed", range(4))
def test_origins_and_documents_agree_for_made_up_works(seed: int) -> None:
    works: dict[str, dict[str, Record]] = {}
    for item in generate(seed, 60):
        for record in parse("document", item.value or None, item.key):
            if isinstance(record, Record):
                works.setdefault(item.work, {})[record.id] = record
    assert max(map(len, works.values())) > 2
    for records in works.values():
        check(list(records.values()))
