from __future__ import annotations

from typing import Any

import msgspec
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.errors import PayloadError
from streams.records.record import MAX_VERSION, Author, Delete, Identifier, Record, Relation, to_document
from streams.sources import parse

DOCUMENT: dict[str, Any] = {
    "source": "semantic_scholar",
    "id": "demo-1",
    "title": "Attention Is All You Need",
    "authors": ["Vaswani, Ashish", "Noam Shazeer", "Parmar N."],
    "publication_date": "2017-06-12 00:00:00",
    "year": 2017,
    "journal": "ArXiv",
    "volume": "abs/1706.03762",
    "urls": ["https://www.semanticscholar.org/paper/204e3073870fae3d05bcbc2f6a8e263d9b72e776"],
}


def item(value: Any) -> Any:
    (found,) = parse("document", orjson.dumps(value))
    return found


def one(value: Any) -> Record:
    found = item(value)
    assert isinstance(found, Record), found
    return found


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


@pytest.mark.parametrize(
    ("authors", "names"),
    [
        ("A. Bee; C. Dee", ["A. Bee", "C. Dee"]),
        ("Bee, A.; Dee, C.", ["Bee, A.", "Dee, C."]),
        ("Bee, Anna and Dee, Carl", ["Bee, Anna", "Dee, Carl"]),
        ("Anna Bee, Carl Dee and Eve Eff", ["Anna Bee", "Carl Dee", "Eve Eff"]),
        ("Bee, A., Dee, C.", ["Bee, A.", "Dee, C."]),
        ("Bee, Anna", ["Bee, Anna"]),
        ("Anna Bee", ["Anna Bee"]),
        (["", None, " Bee  A. ", 7], ["Bee A.", "7"]),
        (
            [{"name": "Anna Bee"}, {"family": "Dee", "given": "Carl"}, {"family": "Plato"}],
            ["Anna Bee", "Carl Dee", "Plato"],
        ),
        (None, []),
        (True, []),
        ({}, []),
    ],
)
def test_authors(authors: Any, names: list[str]) -> None:
    assert [author.name for author in one(DOCUMENT | {"authors": authors}).authors] == names


@pytest.mark.parametrize(
    ("name", "family", "given"),
    [
        ("Zuna, R E", "Zuna", "R E"),
        ("Lewis G. F.", "Lewis", "G. F."),
        ("Smith JA", "Smith", "JA"),
        ("van der Berg J.-P.", "van der Berg", "J.-P."),
        ("John Smith", "", ""),
        ("J. Smith", "", ""),
        ("J. A. Smith", "", ""),
        ("John Smith, Jr.", "", ""),
        ("John Smith III", "", ""),
        ("粟毅", "", ""),
    ],
)
def test_family_names_only_where_the_text_tells(name: str, family: str, given: str) -> None:
    (author,) = one(DOCUMENT | {"authors": [name]}).authors
    assert (author.name, author.family, author.given) == (name, family, given)


def test_et_al_means_the_list_is_cut() -> None:
    record = one(DOCUMENT | {"authors": ["A. Bee", "et al."]})
    assert ([a.name for a in record.authors], record.authors_complete) == (["A. Bee"], False)
    assert one(DOCUMENT | {"authors": ["A. Bee et al."]}).authors == (Author("A. Bee"),)


def test_collaborations_are_organizations() -> None:
    assert one(DOCUMENT | {"authors": ["ATLAS Collaboration"]}).authors[0].organization
    assert one(DOCUMENT | {"authors": [{"name": "WHO", "organization": True}]}).authors[0].organization


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


texts = st.text(max_size=40)
documents = st.fixed_dictionaries(
    {
        "id": st.text("abc:/ \u00e9", min_size=1, max_size=9).filter(str.strip),
        "title": texts.map(lambda text: "T " + text),
    },
    optional={
        "source": st.sampled_from(["document", "mine", "arxiv"]),
        "subtitle": texts,
        "other_titles": st.lists(texts, max_size=3),
        "authors": st.lists(texts | st.sampled_from(["Bee, A.", "A. Bee", "Bee A", "X Collaboration"]), max_size=4),
        "publication_date": st.dates().map(str) | texts,
        "year": st.integers(0, 3000),
        "journal": texts,
        "volume": texts | st.just("abs/1706.03762"),
        "number": texts,
        "pages": texts,
        "publisher": texts,
        "language": texts,
        "type": texts,
        "doi": st.sampled_from(["10.1000/x", "10.1000/Y(2)", "https://doi.org/10.48550/arXiv.1706.03762", "x"]),
        "arxiv_id": st.sampled_from(["1706.03762v2", "https://arxiv.org/abs/1706.03762", "no"]),
        "pmid": st.integers(1, 10**8),
        "identifiers": st.lists(
            st.sampled_from([{"scheme": "mag", "value": "7"}, {"scheme": "s2", "value": "9"}]), max_size=2
        ),
        "urls": st.lists(
            st.sampled_from(["https://arxiv.org/abs/1706.03762", "https://openalex.org/W5", "https://a.b/ c", "x"]),
            max_size=3,
        ),
        "relations": st.lists(
            st.sampled_from([{"kind": "corrects", "scheme": "doi", "value": "10.1000/z"}]), max_size=2
        ),
        "abstract": texts,
        "version": st.integers(0, 9),
        "updated": st.datetimes().map(str),
    },
)


# One DOI and one arXiv id: the form has a field for each, and no place for a second.
@given(documents)
def test_a_record_written_as_document_reads_the_same(document: dict[str, Any]) -> None:
    record = one(document)
    again = one(to_document(record))
    # What was repaired once is sound now, and the form has no place for a list that was cut.
    same = {"warnings": (), "authors_complete": True}
    assert msgspec.structs.replace(again, **same) == msgspec.structs.replace(record, **same)


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


@pytest.mark.parametrize(
    ("authors", "expected"),
    [
        (["John Reef, M.D., Ph.D."], [Author("John Reef, M.D., Ph.D.")]),
        (["John Reef, MD"], [Author("John Reef, MD")]),
        (["Reef, M.D."], [Author("Reef, M.D.", "Reef", "M.D.")]),
        (["Leite Lopes, M. A."], [Author("Leite Lopes, M. A.", "Leite Lopes", "M. A.")]),
        (["John Reef1,2", "Reef*, J."], [Author("John Reef"), Author("Reef, J.", "Reef", "J.")]),
        (["M&uuml;ller, A."], [Author("Müller, A.", "Müller", "A.")]),
        ("M&uuml;ller, A.; Reef, J.", [Author("Müller, A.", "Müller", "A."), Author("Reef, J.", "Reef", "J.")]),
        ("John Reef, MD, Jane Reef, PhD", [Author("John Reef, MD"), Author("Jane Reef, PhD")]),
    ],
)
def test_what_surrounds_a_name_is_no_part_of_it(authors: Any, expected: list[Author]) -> None:
    assert list(one(DOCUMENT | {"authors": authors}).authors) == expected
