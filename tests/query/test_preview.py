"""What a correction would do, against what it does."""
# ruff: noqa: S311 - a seed makes a test repeatable

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest

from streams.clusters.corrections import Correction
from streams.clusters.group import cluster_id
from streams.query.clusters import Clusters
from streams.query.preview import foresee, preview
from streams.records.stored import id_of
from tests.engine.worlds import CONTENTS
from tests.query.conftest import Library
from tests.query.test_lookup import OTHER, PAIR, TITLE


def said(identifier: str, action: str, a: str, b: str = "") -> Correction:
    about = {"undoes": a} if action == "undo" else {"a": a, "b": b}
    return Correction(identifier, action, "ada", "2026-11-24T10:00:00Z", **about)  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", range(10))
def test_what_is_shown_is_what_comes(library: Library, seed: int) -> None:
    random = Random(seed)
    records = [f"s{number}:{number}" for number in range(6)]
    for record in records:
        library.send(record, **random.choice(CONTENTS))
    clusters = Clusters(library.index)
    for number in range(4):
        correction = said(f"k{number}", random.choice(("same", "different")), *random.sample(records, 2))
        before = library.dump()
        seen = foresee(library.index, [correction])
        shown = seen.answer
        assert shown == preview(library.index, [correction])
        assert library.dump() == before, "nothing is written"
        library.bench.correct(correction.id, correction.action, correction.a, correction.b)
        homes = {record: clusters.record(record).cluster_id for record in records}
        if shown.refused:
            assert shown.conflicts
            assert shown.refused in library.bench.letters()[-1].values()
            continue
        for cluster in shown.clusters:
            assert {record for record, home in homes.items() if home == cluster.cluster_id} == set(cluster.records)
        assert {id_of(record) for record in (correction.a, correction.b)} <= set(seen.homes)
        foreseen = {record: seen.homes[id_of(record)] for record in records if id_of(record) in seen.homes}
        assert {record: cluster_id(home.cluster.key) for record, home in foreseen.items()} == {
            record: homes[record] for record in foreseen
        }
        assert seen.settles(correction.a, correction.b)


def test_a_split_into_three_is_previewed_as_one(library: Library, unchanged: Callable[[], None]) -> None:
    for number in range(4):
        library.send(f"mine:{number}", title=TITLE, authors=PAIR, year=2015)
    unchanged()
    corrections = [said("k1", "same", "mine:0", "mine:1")]
    corrections += [said("k2", "different", "mine:0", "mine:2"), said("k3", "different", "mine:0", "mine:3")]
    corrections += [said("k4", "different", "mine:2", "mine:3")]
    shown = preview(library.index, corrections)
    home = Clusters(library.index).record("mine:0").cluster_id
    assert {cluster.records for cluster in shown.clusters} == {("mine:0", "mine:1"), ("mine:2",), ("mine:3",)}
    assert {cluster.before for cluster in shown.clusters} == {(home,)}
    assert sum(cluster.is_new for cluster in shown.clusters) == 2
    assert shown.changes


def test_what_contradicts_is_named(library: Library) -> None:
    for number in range(3):
        library.send(f"mine:{number}", title=TITLE, authors=PAIR, year=2015)
    library.bench.correct("k1", "same", "mine:0", "mine:1")
    library.bench.correct("k2", "different", "mine:1", "mine:2")
    shown = preview(library.index, [said("k3", "same", "mine:0", "mine:2")])
    assert (shown.refused, shown.clusters) == ("correction_conflict", ())
    assert {correction.id for correction in shown.conflicts} == {"k1", "k2"}


def test_what_changes_nothing_says_so_and_unknown_records_are_named(library: Library) -> None:
    library.send("mine:0", title=TITLE, authors=PAIR, year=2015)
    library.send("mine:1", title=OTHER, authors=["Grace Hopper"], year=2015)
    apart = preview(library.index, [said("k1", "different", "mine:0", "mine:1")])
    assert (apart.changes, len(apart.clusters)) == (False, 2)
    waits = preview(library.index, [said("k1", "same", "mine:0", "mine:9")])
    assert (waits.unknown, waits.changes) == (("mine:9",), False)
    missing = preview(library.index, [said("k1", "undo", "k0")])
    assert (missing.refused, missing.conflicts) == ("nothing_to_undo", ())
