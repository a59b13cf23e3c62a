"""`deduplicate`: the same clusters as a worker makes, whatever the order and the batches."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import streams
from streams.api.grouping import CLUSTER_CAP
from streams.api.memory_index import KEY_CAP, Blocking, MemoryIndex
from streams.engine.engine import Engine
from streams.engine.messages import Incoming
from streams.settings import Settings
from streams.state.connection import connect
from streams.synthetic.generator import Generated, generate
from tests.engine.worlds import fold_clusters, handle, stored_partition, true_partition

Partition = set[frozenset[str]]


def shuffled(messages: Sequence[Generated], random: Random) -> list[Generated]:
    """Return messages in another order; those of one record stay in theirs, as they do in a topic."""
    places = [message.record_id for message in messages]
    random.shuffle(places)
    waiting = {record: iter([m for m in messages if m.record_id == record]) for record in set(places)}
    return [next(waiting[record]) for record in places]


def items(messages: Sequence[Generated]) -> list[Any]:
    return [item for message in messages for item in streams.parse(message.feed, message.value, message.key)]


def partition(clusters: Sequence[streams.Cluster]) -> Partition:
    return {frozenset(cluster.record_ids) for cluster in clusters}


def through_engine(messages: Sequence[Generated], generation: Settings, size: int) -> tuple[Partition, dict[str, Any]]:
    """Return the clusters that an engine on a real Redis makes, and the states it published."""
    connection = connect(generation)
    try:
        engine = Engine(generation, connection)
        published: list[Any] = []
        incoming = [
            Incoming(m.feed, m.key, m.value, 4_102_444_800_000 + number, "records", 0, number)
            for number, m in enumerate(messages)
        ]
        for start in range(0, len(incoming), size):
            handle(engine, incoming[start : start + size], published.extend)
        stored = stored_partition(engine)
        assert fold_clusters(published) == stored
        view = streams.ClusterView()
        for out in published:
            if out.topic == "dedup.events":
                view.apply(out.value)
        assert {state.id: set(state.records) for state in view} == stored
        return {frozenset(members) for members in stored.values()}, states(published)
    finally:
        connection.close()


def states(published: Sequence[Any]) -> dict[str, Any]:
    """Return the documents and relations of the clusters that exist, by their record ids."""
    latest = {out.key: out.value for out in published if out.topic == "dedup.clusters"}
    found = [orjson.loads(value) for value in latest.values() if value is not None]
    return {" ".join(state["records"]): (without_id(state["document"]), relations(state)) for state in found}


def without_id(document: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name != "id"}


def relations(state: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(each["relation"], each["record"], each["other"]) for each in state.get("relations", ())]


@pytest.mark.parametrize("seed", [3, 4])
def test_an_engine_on_redis_makes_the_same_clusters_documents_and_relations(
    seed: int, new_generation: Callable[..., Settings]
) -> None:
    messages = shuffled(list(generate(seed, 150, noise=1.5)), Random(seed))  # noqa: S311
    clusters = list(streams.deduplicate(items(messages)))
    stored, published = through_engine(messages, new_generation(), 37)
    assert partition(clusters) == stored
    assert published == {
        " ".join(cluster.record_ids): (without_id(cluster.document), [tuple(each) for each in cluster.relations])
        for cluster in clusters
    }
    assert any(cluster.relations for cluster in clusters)
    assert any(len(cluster.records) > 2 for cluster in clusters)


@settings(max_examples=6, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 10_000), order=st.randoms(use_true_random=False), size=st.integers(1, 60))
def test_an_engine_agrees_on_any_feed_in_any_order_and_batches(
    new_generation: Callable[..., Settings], seed: int, order: Random, size: int
) -> None:
    messages = shuffled(list(generate(seed, 12, noise=2.0)), order)
    clusters = list(streams.deduplicate(items(messages), batch_size=size))
    assert partition(clusters) == through_engine(messages, new_generation(), size)[0]


def test_a_worker_that_gets_all_records_at_once_gives_the_same_ids(new_generation: Callable[..., Settings]) -> None:
    messages = [m for m in generate(8, 60) if m.event == "new"]
    connection = connect(generation := new_generation())
    try:
        engine = Engine(generation, connection)
        incoming = [Incoming(m.feed, m.key, m.value, 1, "records", 0, n) for n, m in enumerate(messages)]
        handle(engine, incoming, lambda _: None)
        stored = stored_partition(engine)
    finally:
        connection.close()
    assert {c.id: set(c.record_ids) for c in streams.deduplicate(items(messages))} == stored


@settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 10_000), order=st.randoms(use_true_random=False), size=st.integers(1, 60))
def test_neither_the_order_nor_the_batches_matter(seed: int, order: Random, size: int) -> None:
    messages = list(generate(seed, 12, noise=2.0))
    expected = {cluster.id: cluster for cluster in streams.deduplicate(items(messages))}
    found = streams.deduplicate(items(shuffled(messages, order)), batch_size=size)
    assert {cluster.id: cluster for cluster in found} == expected
    records = [record for cluster in expected.values() for record in cluster.records]
    assert {frozenset(cluster.record_ids) for cluster in expected.values()} == true_partition(records)


def test_the_caps_are_those_of_the_settings() -> None:
    assert Settings.model_fields["key_cap"].default == KEY_CAP
    assert Settings.model_fields["cluster_cap"].default == CLUSTER_CAP


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 14)), max_size=80))
def test_a_key_holds_as_many_of_its_records_as_it_may(steps: list[tuple[bool, int]]) -> None:
    index, live = MemoryIndex[int](cap=3), set[int]()
    blocking = Blocking(((7, False),), b"\0\0\0\0")
    for adds, record in steps:
        if adds:
            index.add(record, blocking)
        else:
            index.remove(record, blocking.keys)
        live = live | {record} if adds else live - {record}
        _, _, members = next(index.read_and_add(record, blocking))  # reads; it would add at the next step
        assert sorted(members) == sorted(live)[:3]


def test_a_group_grows_no_further_than_the_cap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.api.deduplicating.CLUSTER_CAP", 20)
    seen: list[streams.Progress] = []
    copies = [{**PAPER, "id": str(number)} for number in range(25)]
    clusters = list(streams.deduplicate(copies, progress=seen.append))
    assert max(len(cluster.records) for cluster in clusters) == 20
    assert sum(len(cluster.records) for cluster in clusters) == 25
    assert seen[-1].capped > 0


PAPER = {"title": "Coral growth in warm seas", "authors": ["Ada Reef", "Bo Shoal"], "year": 2021}
OTHER = {"title": "Deep residual learning of sparse graphs", "authors": ["Kai Lun"], "year": 2016}


def test_rows_of_a_data_frame_have_missing_values_and_whole_floats() -> None:
    nan = float("nan")
    rows = [
        {**PAPER, "id": 1.0, "year": 2021.0, "doi": nan, "journal": nan, "authors": "Ada Reef; Bo Shoal"},
        {**PAPER, "id": 2.0, "year": nan, "doi": "10.5555/reef.1", "abstract": math.nan, "urls": nan, "version": nan},
        {**OTHER, "id": 3.0, "doi": None, "authors": nan},
    ]
    clusters = list(streams.deduplicate(rows))
    assert [cluster.record_ids for cluster in clusters] == [("document:1", "document:2"), ("document:3",)]
    assert all(record.warnings == () for cluster in clusters for record in cluster.records)
    assert clusters[0].document["year"] == 2021
    assert clusters[1].document["authors"] == []


def test_numpy_values_are_read_as_those_of_json() -> None:
    numpy = pytest.importorskip("numpy")
    row = {
        "id": numpy.int64(7),
        "title": numpy.str_("Coral growth in warm seas"),
        "year": numpy.float64(2021.0),
        "authors": numpy.array(["Ada Reef", "Bo Shoal"], dtype=object),
        "publication_date": numpy.datetime64("2021-03-02"),
        "volume": numpy.float64("nan"),
    }
    (cluster,) = streams.deduplicate([row])
    assert cluster.record_ids == ("document:7",)
    assert cluster.document["authors"] == ["Ada Reef", "Bo Shoal"]
    assert cluster.document["publication_date"] == "2021-03-02"
    assert cluster.records[0].warnings == ()


class NotAvailable:
    """A missing value that is equal to nothing and cannot be asked, as `pandas.NA`."""

    def __eq__(self, other: object) -> Any:
        return self

    def __ne__(self, other: object) -> Any:
        return self

    def __hash__(self) -> int:
        return 0

    def __bool__(self) -> bool:
        raise TypeError("boolean value of NA is ambiguous")


def test_a_missing_value_that_cannot_be_compared_is_missing() -> None:
    (cluster,) = streams.deduplicate([{**PAPER, "id": "1", "journal": NotAvailable()}])
    assert cluster.records[0].journal == ""
    assert cluster.records[0].warnings == ()


def test_progress_is_told_after_every_batch() -> None:
    seen: list[streams.Progress] = []
    papers = ({**PAPER, "id": str(number)} for number in range(5))
    found = streams.deduplicate(papers, batch_size=2, progress=seen.append)
    assert not seen, "nothing is read before the first cluster is asked for"
    assert len(list(found)) == 1
    assert [(each.read, each.clusters) for each in seen] == [(2, 0), (4, 0), (5, 0), (5, 1)]
    assert seen[-1].compared == 10


def test_what_cannot_be_read_is_raised_with_its_position_or_handed_over() -> None:
    rows: list[dict[str, Any]] = [{**PAPER, "id": "1"}, {"id": "2"}, {**PAPER, "id": "3"}]
    with pytest.raises(streams.PayloadError) as raised:
        list(streams.deduplicate(rows, batch_size=2))
    assert (raised.value.code, raised.value.where) == ("no_identity", "/1")
    errors: list[streams.PayloadError] = []
    progress: list[streams.Progress] = []
    (cluster,) = streams.deduplicate(rows, on_error=errors.append, progress=progress.append)
    assert cluster.record_ids == ("document:1", "document:3")
    assert [error.where for error in errors] == ["/1"]
    assert (progress[-1].read, progress[-1].refused) == (2, 1)


def test_a_record_that_comes_again_is_replaced_and_a_delete_removes_it() -> None:
    first, changed = {**PAPER, "id": "1"}, {**OTHER, "id": "1"}
    other = {**PAPER, "id": "2"}
    gone = streams.Delete(source="document", source_id="2", reason="asked")
    found = [c.document["title"] for c in streams.deduplicate([first, other, changed, gone])]
    assert found == [OTHER["title"]]
    assert len(list(streams.deduplicate([changed, other, first]))) == 1


def test_a_policy_on_preprints_is_kept() -> None:
    preprint = {**PAPER, "source": "arxiv", "id": "2101.00001", "arxiv_id": "2101.00001"}
    printed = {**PAPER, "source": "crossref", "id": "10.5555/reef.1", "doi": "10.5555/reef.1", "journal": "Reefs"}
    assert len(list(streams.deduplicate([preprint, printed]))) == 1
    apart = list(streams.deduplicate([preprint, printed], preprints="relate"))
    assert [[each.relation for each in cluster.relations] for cluster in apart] == [["preprint_of"], ["preprint_of"]]


def test_misuse_is_refused_with_a_hint() -> None:
    with pytest.raises(TypeError, match="not one dict"):
        streams.deduplicate(PAPER)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="to_dict"):
        list(streams.deduplicate(["title", "authors"]))  # type: ignore[list-item]
    with pytest.raises(ValueError, match="batch_size"):
        streams.deduplicate([], batch_size=0)
    with pytest.raises(ValueError, match="preprints"):
        streams.deduplicate([], preprints="join")  # type: ignore[arg-type]
    assert list(streams.deduplicate([])) == []
