"""Clusters and records by id, on a real Redis that an engine has filled."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from streams.errors import UsageError
from streams.query.clusters import Clusters
from streams.query.explain import Inspection
from tests.query.conftest import Library
from tests.query.test_lookup import OTHER, PAIR, TITLE


def fill(library: Library, count: int) -> None:
    for number in range(count):
        library.send(f"mine:{number:03}", title=TITLE, authors=PAIR, year=2015, doi="10.5555/aaa.1", pages=str(number))


def test_a_cluster_is_as_explain_says(library: Library, unchanged: Callable[[], None]) -> None:
    fill(library, 3)
    unchanged()
    place = Inspection(library.settings, library.reading).membership("mine:001")
    clusters = Clusters(library.index)
    answer = clusters.cluster(place.cluster_id)
    assert (answer.cluster_id, answer.revision, list(answer.records)) == (
        place.cluster_id,
        place.revision,
        place.records,
    )
    assert answer.document == place.document
    assert (answer.size, answer.merged_from) == (3, "")
    record = clusters.record("mine:002")
    assert (record.cluster_id, record.document["doi"]) == (place.cluster_id, "10.5555/aaa.1")
    spanning = clusters.spanning(place.cluster_id)
    scores = {frozenset((p.a, p.b)): p.decision.score for p in place.inside}
    assert {frozenset((link.a, link.b)): link.score for link in spanning.links}.items() <= scores.items()
    assert (len(spanning.links), spanning.left_out, spanning.parts, spanning.exact) == (2, 0, 1, True)


def test_a_large_cluster_shows_thirty_links_and_says_how_many_are_left_out(library: Library) -> None:
    fill(library, 70)
    name = Clusters(library.index).record("mine:000").cluster_id
    spanning = Clusters(library.index).spanning(name)
    assert (len(spanning.links), spanning.left_out, spanning.parts, spanning.exact) == (30, 39, 1, False)


def test_a_merged_cluster_says_from_which_id_it_was_reached_and_by_which_correction(library: Library) -> None:
    library.send("mine:1", title=TITLE, authors=PAIR, year=2015)
    library.send("mine:2", title=OTHER, authors=["Grace Hopper"], year=2015)
    clusters = Clusters(library.index)
    both = {clusters.record(record).cluster_id for record in ("mine:1", "mine:2")}
    library.bench.correct("k1", "same", "mine:1", "mine:2")
    survivor = clusters.record("mine:1").cluster_id
    (gone,) = both - {survivor}
    answer = clusters.cluster(gone)
    assert (answer.cluster_id, answer.merged_from, answer.records) == (survivor, gone, ("mine:1", "mine:2"))
    assert [made.id for made in clusters.corrections(gone)] == ["k1"]
    assert clusters.spanning(survivor).parts == 2, "a correction joins them, no link"


def test_relations_of_a_cluster_are_named(library: Library) -> None:
    library.send("mine:1", title=TITLE, authors=PAIR, year=2015, doi="10.5555/aaa.1")
    library.send("mine:2", title="Erratum to: " + TITLE, authors=PAIR, year=2016)
    clusters = Clusters(library.index)
    (relation,) = clusters.cluster(clusters.record("mine:1").cluster_id).relations
    assert (relation.relation, relation.record, relation.other) == ("corrects", "mine:1", "mine:2")


def test_a_cluster_whose_records_were_deleted_is_known_and_empty(library: Library) -> None:
    library.send("mine:1", title=TITLE, authors=PAIR, year=2015)
    clusters = Clusters(library.index)
    name = clusters.record("mine:1").cluster_id
    library.bench.send("mine:1", None)
    answer = clusters.cluster(name)
    assert (answer.size, answer.document) == (0, {})
    with pytest.raises(UsageError, match="no record"):
        clusters.record("mine:1")


@pytest.mark.parametrize("name", ["nonsense", "caaaaaaaaaaaaa"])
def test_unknown_clusters_are_refused(library: Library, name: str) -> None:
    with pytest.raises(UsageError, match=name):
        Clusters(library.index).cluster(name)
