from __future__ import annotations

from itertools import permutations
from random import Random

import orjson
import pytest

from streams.clusters.canonical import _of_one, _of_several, canonical, is_preprint, render
from streams.records.record import Author, Identifier, Record
from streams.sources import parse
from streams.synthetic import generate


def authors(*names: str) -> tuple[Author, ...]:
    return tuple(Author(name) for name in names)


ARXIV = Record(
    source="arxiv",
    source_id="2001.00001",
    title="On graphs",
    authors=authors("A. One", "B. Two", "C. Three"),
    date="2020-01-02",
    abstract="A long abstract of the preprint.",
    identifiers=(Identifier("arxiv", "2001.00001"),),
    urls=("https://arxiv.org/abs/2001.00001",),
    version=2,
)
CROSSREF = Record(
    source="crossref",
    source_id="10.5555/x",
    title="On Graphs",
    authors=authors("A. One", "B. Two", "C. Three"),
    date="2020-11",
    journal="Journal of Graphs",
    volume="4",
    type="journal-article",
    identifiers=(Identifier("doi", "10.5555/x"),),
    urls=("https://doi.org/10.5555/x",),
)
SCHOLAR = Record(
    source="semantic_scholar", source_id="7", title="on graphs", authors=authors("A. One"), abstract="Short."
)


def test_it_depends_on_the_set_of_records_alone() -> None:
    documents = {
        orjson.dumps(canonical("c1", order), option=orjson.OPT_SORT_KEYS)
        for order in permutations((ARXIV, CROSSREF, SCHOLAR))
    }
    assert len(documents) == 1


def test_generated_clusters_have_one_document_in_any_order() -> None:
    works: dict[str, list[Record]] = {}
    for item in generate(5, 60):
        (record,) = parse("document", item.value or None, item.key)
        if item.event == "new" and isinstance(record, Record):
            works.setdefault(item.work, []).append(record)
    for work, records in works.items():
        document = canonical(work, records)
        Random(1).shuffle(records)  # noqa: S311 - a seed makes a test repeatable
        assert canonical(work, records) == document
        assert {version["record"] for version in document["versions"]} == {record.id for record in records}


def test_the_published_version_speaks_first_and_the_preprint_fills_in() -> None:
    document = canonical("c1", [ARXIV, CROSSREF, SCHOLAR])
    assert document["id"] == "c1"
    assert document["source"] == "crossref"
    assert document["title"] == "On Graphs"
    assert (document["journal"], document["volume"]) == ("Journal of Graphs", "4")
    assert (document["publication_date"], document["year"]) == ("2020-11", 2020)
    assert (document["doi"], document["arxiv_id"]) == ("10.5555/x", "2001.00001")
    assert document["abstract"] == ARXIV.abstract
    assert document["urls"] == ["https://doi.org/10.5555/x", "https://arxiv.org/abs/2001.00001"]


def test_versions_are_listed_by_date_with_what_is_known_of_each() -> None:
    versions = canonical("c1", [CROSSREF, SCHOLAR, ARXIV])["versions"]
    assert [version["record"] for version in versions] == [
        "arxiv:2001.00001",
        "crossref:10.5555/x",
        "semantic_scholar:7",
    ]
    assert versions[0]["version"] == 2
    assert "journal" not in versions[0]


def test_a_list_of_authors_that_was_cut_gives_way_to_a_whole_one() -> None:
    cut = Record(source="crossref", source_id="1", title="T", journal="J", authors=authors("A. One"))
    document = canonical("c1", [cut, ARXIV])
    assert document["authors"] == ["A. One", "B. Two", "C. Three"]
    named = Record(
        source="crossref", source_id="1", title="T", journal="J", authors=authors("A", "B"), authors_complete=False
    )
    assert canonical("c1", [named, SCHOLAR])["authors"] == ["A. One"]


def test_what_is_not_known_is_not_there() -> None:
    document = canonical("c1", [Record(source="core", source_id="1", title="T")])
    assert set(document) == {"id", "source", "title", "authors", "urls", "versions"}


@pytest.mark.parametrize(
    ("record", "answer"),
    [
        (ARXIV, True),
        (CROSSREF, False),
        (SCHOLAR, True),
        (Record(source="crossref", source_id="1", type="posted-content", journal="J"), True),
        (Record(source="openalex", source_id="1", journal="bioRxiv"), True),
        (Record(source="openalex", source_id="1", identifiers=(Identifier("doi", "10.48550/arxiv.1"),)), True),
        (Record(source="openalex", source_id="1", journal="Nature"), False),
    ],
)
def test_preprints_are_known_by_source_type_journal_or_doi(record: Record, answer: bool) -> None:
    assert is_preprint(record) is answer


def test_the_digest_changes_with_the_document_but_not_with_its_list_of_versions() -> None:
    document = canonical("c1", [ARXIV, CROSSREF])
    assert render(document)[1] == render(document | {"versions": []})[1]
    assert render(document)[1] != render(document | {"title": "Another"})[1]


def test_the_digest_of_a_document_is_not_of_its_id() -> None:
    records = [Record(source="arxiv", source_id="1", title="One")]
    ids = ("caaaaaaaaaaaaa", "cbbbbbbbbbbbbb.12")
    digests = {render(canonical(name, records))[1] for name in ids}
    assert len(digests) == 1
    assert render(canonical(ids[0], [Record(source="arxiv", source_id="1", title="Two")]))[1] not in digests


def test_the_document_of_one_record_is_made_as_that_of_several() -> None:
    """The quick way for most clusters: the same fields in the same order."""
    found = 0
    for message in generate(3, 200):
        for record in parse("document", message.value) if message.value else ():
            if isinstance(record, Record):
                found += 1
                assert list(_of_one("c", record).items()) == list(_of_several("c", [record]).items())
    for record in (ARXIV, CROSSREF):
        assert list(_of_one("c", record).items()) == list(_of_several("c", [record]).items())
    assert found > 200
