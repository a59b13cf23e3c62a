"""The rows of the table of properties."""

from __future__ import annotations

import pytest

from streams.query.answers import ClusterAnswer
from streams.serve.reconcile.properties import PROPERTIES, Cell, property_of, search

CLUSTER = ClusterAnswer(
    cluster_id="caaaaaaaaaaaaa",
    revision=3,
    size=3,
    records=("arxiv:1512.00001", "crossref:10.5555/aaa.1", "crossref:10.5555/aaa.2"),
    document={
        "title": "Corals",
        "authors": ["Ada Reef", "Bo Shoal"],
        "publication_date": "2021-05",
        "year": 2021,
        "journal": "Seas",
        "doi": "10.5555/aaa.1",
        "arxiv_id": "1512.00001",
        "urls": ["https://arxiv.org/abs/1512.00001"],
        "versions": [{"record": "a", "doi": "10.5555/aaa.2"}, {"record": "b", "doi": "10.5555/aaa.1"}, {"record": "c"}],
    },
)
EMPTY = ClusterAnswer(cluster_id="caaaaaaaaaaaaa", revision=1, size=1, records=("mine:1",), document={})


def values(pid: str, cluster: ClusterAnswer = CLUSTER) -> list[Cell]:
    known = property_of(pid)
    assert known is not None
    assert known.values is not None
    return known.values(cluster)


def test_each_id_is_there_once_and_leads_to_its_own_row() -> None:
    assert len({each.id for each in PROPERTIES}) == len(PROPERTIES)
    assert all(property_of(each.id) is each for each in PROPERTIES)
    assert all(each.name and each.description for each in PROPERTIES)
    assert all(each.field or each.scheme or each.values for each in PROPERTIES), "each is of some use"


@pytest.mark.parametrize(
    ("name", "pid"),
    [
        ("DOI", "doi"),
        ("Container-Title", "journal"),
        ("publication_date", "date"),
        (" arXiv  id ", "arxiv"),
        ("Issue", "number"),
        ("Record ID", "records"),
        ("PubMed", "pmid"),
        ("Authors", "authors"),
    ],
)
def test_common_names_of_columns_are_understood(name: str, pid: str) -> None:
    found = property_of(name)
    assert found is not None
    assert found.id == pid


def test_other_names_are_not() -> None:
    assert property_of("P31") is None
    assert property_of("") is None


def test_fields_of_a_cluster() -> None:
    assert values("title") == ["Corals"]
    assert values("authors") == ["Ada Reef", "Bo Shoal"]
    assert values("author") == ["Ada Reef"]
    assert values("year") == [2021]
    assert values("date") == ["2021-05"]
    assert values("doi") == ["10.5555/aaa.1"]
    assert values("dois") == ["10.5555/aaa.1", "10.5555/aaa.2"]
    assert values("records") == list(CLUSTER.records)
    assert values("sources") == ["arxiv", "crossref"]
    assert (values("size"), values("revision"), values("cluster")) == ([3], [3], ["caaaaaaaaaaaaa"])


def test_what_a_cluster_lacks_is_an_empty_list() -> None:
    of_records = {"records", "sources", "size", "cluster", "revision"}
    assert [each.id for each in PROPERTIES if each.values and each.id not in of_records and each.values(EMPTY)] == []


def test_what_a_person_types_finds_beginnings_first() -> None:
    assert [each.id for each in search("doi")] == ["doi", "dois"]
    assert [each.id for each in search("AUTH")] == ["authors", "author"]
    assert [each.id for each in search("scholar")] == ["s2"]
    assert search("") == list(PROPERTIES)
    assert search("zzz") == []
