"""What would become of a document, against what does become of it."""
# ruff: noqa: S311 - a seed makes a test repeatable

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from streams.errors import UsageError
from streams.query.clusters import Clusters
from streams.query.documents import read_document
from streams.query.match import match
from streams.settings import Settings
from tests.engine.worlds import CONTENTS
from tests.query.conftest import Library
from tests.query.test_lookup import OTHER, PAIR, TITLE


@pytest.mark.parametrize("seed", range(12))
def test_a_document_comes_where_match_says(library: Library, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Records that link, veto and bridge one another; each is matched first, and then sent."""
    random = Random(seed)
    if seed % 2:  # as where there are many candidates
        monkeypatch.setattr("streams.query.match._READ_WHOLE", 0)
    clusters = Clusters(library.index)
    homes: dict[str, str] = {}
    for number in range(9):
        name = f"s{number % 7}:{number % 7}"
        content = random.choice(CONTENTS)
        source, _, identifier = name.partition(":")
        before = library.dump()
        (said,) = match(library.index, [read_document({"source": source, "id": identifier, **content})], 50)
        assert library.dump() == before, "nothing is stored"
        joined = {found.cluster_id for found in said.clusters if found.joins}
        assert said.stored_in == homes.get(name, "")
        library.send(name, **content)
        known = {record: clusters.record(record).cluster_id for record in {*homes, name}}
        together = {record for record, home in known.items() if home == known[name]} - {name}
        if said.cluster_id:
            assert known[name] == said.cluster_id
        else:
            assert known[name] not in homes.values()
        reached = {homes[record] for record in together}
        if name not in homes:
            assert joined == reached
        homes = known


def test_a_match_takes_two_round_trips_and_three_with_many_candidates(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    library.send("mine:1", title=TITLE, authors=PAIR, year=2015)
    library.send("mine:2", title=TITLE, authors=PAIR, year=2015)
    document = read_document({"title": TITLE, "authors": PAIR, "year": 2015})
    answers = []
    for most, trips in ((32, 2), (0, 3)):
        monkeypatch.setattr("streams.query.match._READ_WHOLE", most)
        library.reading.round_trips = 0
        answers.append(match(library.index, [document] * 3))
        assert library.reading.round_trips == trips
    assert answers[0] == answers[1]
    assert all(each.cluster_id and each.candidates == 2 for each in answers[0])


def test_a_duplicate_a_relation_and_a_stranger(library: Library, unchanged: Callable[[], None]) -> None:
    library.send("mine:1", title=TITLE, authors=PAIR, year=2015, doi="10.5555/aaa.1")
    library.send("mine:2", title="Erratum to: " + TITLE, authors=PAIR, year=2016)
    unchanged()
    documents: list[dict[str, Any]] = [
        {"title": TITLE, "authors": PAIR, "year": 2015},
        {"title": OTHER, "authors": ["Grace Hopper"]},
    ]
    same, new = match(library.index, [read_document(document) for document in documents])
    home = Clusters(library.index).record("mine:1").cluster_id
    first, second = same.clusters
    assert (same.cluster_id, first.cluster_id, first.joins, first.verdict, first.record) == (
        home,
        home,
        True,
        "duplicate",
        "mine:1",
    )
    assert (second.verdict, second.joins, second.record) == ("related", False, "mine:2")
    assert (new.cluster_id, new.clusters) == ("", ())
    (cut,) = match(library.index, [read_document(documents[0])], 1)
    assert (len(cut.clusters), cut.left_out) == (1, 1)


def test_a_document_that_bridges_two_clusters_names_both(library: Library) -> None:
    library.send("mine:1", title=TITLE, authors=PAIR, year=2015, doi="10.5555/aaa.1")
    library.send("mine:2", title=OTHER, authors=["Grace Hopper"], year=2015, arxiv_id="1512.00003")
    content = {"title": TITLE, "authors": PAIR, "year": 2015, "doi": "10.5555/aaa.1", "arxiv_id": "1512.00003"}
    (said,) = match(library.index, [read_document(content)])
    library.send("mine:3", **content)
    clusters = Clusters(library.index)
    joined = {found.cluster_id for found in said.clusters if found.joins}
    assert clusters.record("mine:3").cluster_id == said.cluster_id
    assert said.cluster_id in joined


def test_a_correction_that_keeps_a_document_out_counts(library: Library) -> None:
    """The document has the id of a record that people hold apart."""
    library.send("mine:1", title=TITLE, authors=PAIR, year=2015)
    library.send("mine:2", title=TITLE, authors=PAIR, year=2015)
    library.bench.correct("k1", "different", "mine:1", "mine:2")
    clusters = Clusters(library.index)
    document = {"source": "mine", "id": "2", "title": TITLE, "authors": PAIR, "year": 2015, "pages": "3"}
    (said,) = match(library.index, [read_document(document)])
    own = clusters.record("mine:2").cluster_id
    assert (said.stored_in, said.cluster_id) == (own, own)
    (other,) = said.clusters
    assert (other.verdict, other.joins) == ("duplicate", False)


def test_full_keys_are_counted(
    new_generation: Callable[..., Settings], new_library: Callable[[Settings], Library]
) -> None:
    library = new_library(new_generation(key_cap=2))
    for number in range(3):
        library.send(f"mine:{number}", title=TITLE, authors=PAIR, year=2015)
    (said,) = match(library.index, [read_document({"title": TITLE, "authors": PAIR, "year": 2015})])
    assert said.full_keys > 0
    assert said.clusters[0].joins


def test_two_contents_of_one_record_in_one_call_do_not_meet(library: Library) -> None:
    library.send("mine:1", title=TITLE, authors=PAIR, year=2015)
    library.send("mine:2", title=OTHER, authors=["Grace Hopper"], year=2015)
    contents: list[dict[str, Any]] = [
        {"title": TITLE, "authors": PAIR, "year": 2015},
        {"title": OTHER, "authors": ["Grace Hopper"], "year": 2015},
    ]
    said = match(library.index, [read_document(content) for content in contents])
    clusters = Clusters(library.index)
    assert [answer.cluster_id for answer in said] == [clusters.record(r).cluster_id for r in ("mine:1", "mine:2")]


def test_fifty_take_as_many_round_trips_as_one(library: Library) -> None:
    library.send("mine:1", title=TITLE, authors=PAIR, year=2015)
    record = read_document({"title": TITLE, "authors": PAIR})
    counts = []
    for many in (1, 50):
        library.reading.round_trips = 0
        match(library.index, [record] * many)
        counts.append(library.reading.round_trips)
    assert counts[0] == counts[1] <= 8
    with pytest.raises(UsageError, match="at most 50"):
        match(library.index, [record] * 51)
