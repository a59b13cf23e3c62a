"""Why a record is in its cluster: all pairs of a small group, and a bounded number of a large one."""

from __future__ import annotations

from collections.abc import Callable

from streams.matching.decision import DUPLICATE
from streams.query.clusters import Clusters
from streams.query.explain import Inspection
from streams.query.index_reader import open_index, whole_group
from streams.query.spanning import Weighed, strongest
from streams.records.stored import id_of
from streams.settings import Settings
from streams.state.connection import Connection
from streams.state.group_store import COMMIT_GROUP, Commit
from tests.query.conftest import Library
from tests.query.test_clusters import fill
from tests.query.test_lookup import OTHER, PAIR, TITLE


def test_a_small_group_is_compared_as_a_whole(library: Library) -> None:
    fill(library, 4)
    library.send("mine:9", title=TITLE, authors=PAIR, year=2015, arxiv_id="1512.00002", doi="10.5555/aaa.1")
    place = Inspection(library.settings, library.reading).membership("mine:001")
    assert len(place.inside) == len(place.records) * (len(place.records) - 1) // 2
    assert place.left_out == 0


def test_a_large_group_shows_strong_links_and_the_pairs_of_the_record(library: Library) -> None:
    fill(library, 110)
    place = Inspection(library.settings, library.reading).membership("mine:050")
    assert len(place.records) == 110
    assert 109 <= len(place.inside) <= 218
    assert sum("mine:050" in (pairing.a, pairing.b) for pairing in place.inside) == 109
    assert place.left_out == 110 * 109 // 2 - len(place.inside)
    links = [
        Weighed(p.decision.score, p.a, p.b) for p in place.inside if p.decision.verdict == DUPLICATE and p.share_a_key
    ]
    assert len(strongest(place.records, links)) == 109, "they connect the cluster"


def test_a_group_that_is_on_its_way_into_another_is_seen(library: Library) -> None:
    """A worker froze it and died: its records have the cluster they had."""
    library.send("mine:1", title=TITLE, authors=PAIR, year=2015)
    library.send("mine:2", title=OTHER, authors=["Grace Hopper"], year=2015)
    groups, (target, moving) = library.bench.engine.groups, sorted((id_of("mine:1"), id_of("mine:2")))
    before = {record: Clusters(library.index).record(record) for record in ("mine:1", "mine:2")}
    library.connection.register(COMMIT_GROUP)
    raw = groups.values([moving])[moving]
    assert groups.commit([Commit(moving, raw, groups.frozen(raw, target))]) == [True]
    assert {record: Clusters(library.index).record(record) for record in ("mine:1", "mine:2")} == before
    inspection = Inspection(library.settings, library.reading)
    for record, answer in before.items():
        assert inspection.membership(record).cluster_id == answer.cluster_id
        assert inspection.cluster_of(answer.cluster_id) == (answer.cluster_id, [record])
    assert len(whole_group(groups.resolve([moving])[moving]).members) == 2


def test_queries_work_on_a_cluster(
    cluster_generation: Settings, new_cluster_connection: Callable[[], Connection]
) -> None:
    library = Library(cluster_generation, new_cluster_connection(), new_cluster_connection())
    fill(library, 3)
    clusters = Clusters(library.index)
    place = Inspection(library.settings, library.reading).membership("mine:000")
    assert list(clusters.cluster(place.cluster_id).records) == place.records
    assert len(clusters.spanning(place.cluster_id).links) == 2


def test_reads_wait_for_no_replica(library: Library) -> None:
    """A writer with these settings fails here, for this Redis has no replica."""
    with open_index(library.settings.model_copy(update={"redis_replicas": 1})) as index:
        assert index.connection.replicas == 0
        assert Clusters(index).clusters([id_of("mine:1")]) == {id_of("mine:1"): None}
