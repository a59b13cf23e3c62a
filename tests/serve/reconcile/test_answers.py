"""A batch of queries, however many, is one question to the index."""

from __future__ import annotations

from streams.query.clusters import Clusters
from streams.serve.reconcile.answers import clusters_by_id, reconcile, suggest
from streams.serve.reconcile.protocol import MOST_QUERIES, Query, QueryProperty
from tests.query.conftest import Library
from tests.query.test_lookup import OTHER, TITLE


def test_fifty_queries_take_as_many_round_trips_as_two(library: Library) -> None:
    by_doi = [QueryProperty("doi", ["10.5555/aaa.1", *(f"10.5555/{number}" for number in range(20))])]
    queries = {f"q{number}": Query(query=TITLE, properties=by_doi) for number in range(MOST_QUERIES)}
    library.reading.round_trips = 0
    reconcile(library.index, {"q0": queries["q0"], "q1": Query(query=OTHER)})
    few = library.reading.round_trips
    library.reading.round_trips = 0
    found = reconcile(library.index, queries)
    assert library.reading.round_trips == few
    assert {len(each.result) for each in found.values()} == {1}


def test_nothing_is_written(library: Library) -> None:
    before = library.dump()
    assert len(before) > 3
    reconcile(
        library.index, {"q0": Query(query=TITLE), "q1": Query(query="10.5555/aaa.1"), "q2": Query(query="A new one")}
    )
    suggest(library.index, TITLE, 0)
    assert library.dump() == before


def test_nothing_asked_needs_no_index(library: Library) -> None:
    library.reading.round_trips = 0
    assert reconcile(library.index, {"q0": Query(query=" ")})["q0"].result == ()
    assert clusters_by_id(library.index, ["no id", ""]) == {}
    assert library.reading.round_trips == 0


def test_a_cluster_whose_records_were_deleted_is_no_candidate(library: Library) -> None:
    name = Clusters(library.index).record("mine:3").cluster_id
    assert [each.id for each in suggest(library.index, name, 0)] == [name]
    library.bench.send("mine:3", None)
    assert suggest(library.index, name, 0) == []
    assert clusters_by_id(library.index, [name])[name].size == 0


def test_suggestions_can_be_skipped(library: Library) -> None:
    library.send("mine:4", title="Twin papers", year=2001, doi="10.5555/twins.1")
    library.send("mine:5", title="Quite another work on lichens", year=1980, doi="10.5555/twins.1")
    both = suggest(library.index, "10.5555/twins.1", 0)
    assert len(both) == 2
    assert suggest(library.index, "10.5555/twins.1", 1) == both[1:]
