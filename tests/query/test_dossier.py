"""All of a cluster in one question, bounded."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from streams.clusters.canonical import canonical
from streams.errors import NotFoundError, UsageError
from streams.query.clusters import Clusters
from streams.query.dossier import read_dossier, read_pair
from tests.query.conftest import Library
from tests.query.test_lookup import OTHER, PAIR, TITLE


def fill(library: Library, count: int = 2) -> str:
    for number in range(count):
        library.send(f"mine:{number:04}", title=TITLE, authors=PAIR, year=2015, doi="10.5555/aaa.1")
    library.send("other:3", title=OTHER, authors=["Grace Hopper"], year=2015)
    return Clusters(library.index).record("mine:0000").cluster_id


def test_it_has_the_records_the_links_and_where_values_come_from(
    library: Library, unchanged: Callable[[], None]
) -> None:
    name = fill(library)
    unchanged()
    dossier = read_dossier(library.index, name)
    assert dossier.answer == Clusters(library.index).cluster(name)
    assert [(each.record.id, each.place) for each in dossier.shown] == [("mine:0000", 0), ("mine:0001", 1)]
    assert canonical(name, [each.record for each in dossier.shown]) == dossier.answer.document
    assert dossier.origins["title"] == ("mine:0000",)
    assert [(link.a, link.b) for link in dossier.spanning.links] == [("mine:0000", "mine:0001")]
    assert (dossier.kept_apart, dossier.refused, dossier.corrections, dossier.is_compared) == ((), (), (), True)
    assert dossier.family == (name,)
    assert all(each.arrived > 0 for each in dossier.shown)


def test_corrections_and_the_titles_of_what_was_kept_apart_are_there(library: Library) -> None:
    name = fill(library)
    library.bench.correct("k1", "same", "mine:0000", "other:3")
    library.bench.correct("k2", "undo", "k1")
    library.bench.correct("k3", "different", "mine:0000", "mine:0001")
    dossier = read_dossier(library.index, name)
    assert [made.id for made in dossier.corrections] == ["k3"]
    assert len(dossier.answer.records) == 1
    (refused,) = dossier.refused
    assert {refused.link.a, refused.link.b} == {"mine:0000", "mine:0001"}
    other = ({"mine:0000", "mine:0001"} - set(dossier.answer.records)).pop()
    assert dossier.titles[other] == TITLE
    assert len(dossier.family) > 1


def test_a_large_cluster_is_read_in_part(library: Library) -> None:
    name = fill(library, 70)
    dossier = read_dossier(library.index, name, first=60, most=30)
    assert (dossier.answer.size, dossier.is_compared) == (70, False)
    assert [each.record.id for each in dossier.shown] == [f"mine:{number:04}" for number in range(60, 70)]
    assert dossier.shown[0].place == 60
    assert len(dossier.spanning.links) == 30
    assert read_dossier(library.index, name, first=700).shown == ()


def test_a_cluster_that_was_emptied_or_is_not_known(library: Library) -> None:
    library.send("mine:9", title=OTHER, authors=["Grace Hopper"], year=2015)
    name = Clusters(library.index).record("mine:9").cluster_id
    library.bench.send("mine:9", None)
    dossier = read_dossier(library.index, name)
    assert (dossier.answer.size, dossier.shown, dossier.origins) == (0, (), {})
    with pytest.raises(NotFoundError):
        read_dossier(library.index, "c" + "a" * 13)
    with pytest.raises(UsageError):
        read_dossier(library.index, "nonsense")


def test_two_records_come_with_their_clusters_and_whether_a_feed_compares_them(library: Library) -> None:
    name = fill(library)
    found = read_pair(library.index, "mine:0000", "other:3")
    assert (found.a.id, found.b.title) == ("mine:0000", OTHER)
    assert (found.cluster_a == name, found.cluster_b == name, found.share_a_key) == (True, False, False)
    assert read_pair(library.index, "mine:0000", "mine:0001").share_a_key
    with pytest.raises(NotFoundError):
        read_pair(library.index, "mine:0000", "mine:9")
    with pytest.raises(UsageError):
        read_pair(library.index, "mine:0000", "mine:0000")
