"""A doubtful pair is open until it is answered, or anything else settles it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from streams.query.clusters import Clusters
from streams.query.doubts import OpenDoubt, look_again
from tests.query.conftest import Library

ONE = {"title": "Chapter on corals and their kin", "authors": ["Ada Reef"], "year": 1999, "doi": "10.5555/book"}
OTHER = {"title": "Trees, groups and medians", "year": 2011, "doi": "10.5555/book"}
PAIR = [("mine:1", "mine:2")]


@pytest.fixture
def doubtful(library: Library) -> Library:
    """One DOI under two titles."""
    library.send("mine:1", **ONE)
    library.send("mine:2", **OTHER)
    return library


def only(library: Library) -> OpenDoubt | None:
    (found,) = look_again(library.index, PAIR)
    return found


def test_an_open_question_has_both_sides_and_the_decision_of_now(
    doubtful: Library, unchanged: Callable[[], None]
) -> None:
    unchanged()
    found = only(doubtful)
    assert found is not None
    assert (found.a.record, found.a.title, found.b.title) == ("mine:1", ONE["title"], OTHER["title"])
    assert found.a.cluster_id == Clusters(doubtful.index).record("mine:1").cluster_id
    assert found.decision.verdict == "review"
    assert found.effect == 2
    assert look_again(doubtful.index, []) == []


def test_the_effect_is_the_size_of_both_clusters(doubtful: Library) -> None:
    doubtful.send("mine:3", **ONE, pages="7")
    found = only(doubtful)
    assert found is not None
    assert (found.a.size, found.b.size, found.effect) == (2, 1, 3)


@pytest.mark.parametrize("action", ["same", "different"])
def test_an_answer_settles_it_until_it_is_undone(doubtful: Library, action: str) -> None:
    doubtful.bench.correct("k1", action, "mine:2", "mine:1")
    assert only(doubtful) is None
    doubtful.bench.correct("k2", "undo", "k1")
    assert only(doubtful) is not None


@pytest.mark.parametrize("action", ["same", "different"])
def test_an_answer_on_other_records_of_the_clusters_settles_it(doubtful: Library, action: str) -> None:
    doubtful.send("mine:3", **ONE, pages="7")
    doubtful.bench.correct("k1", action, "mine:3", "mine:2")
    assert only(doubtful) is None


def test_a_deleted_record_settles_it_until_it_comes_back(doubtful: Library) -> None:
    doubtful.bench.send("mine:2", None)
    assert only(doubtful) is None
    doubtful.send("mine:2", **OTHER)
    assert only(doubtful) is not None


def test_other_content_settles_it(doubtful: Library) -> None:
    doubtful.send("mine:2", **ONE, pages="9")
    assert only(doubtful) is None


def test_a_record_that_never_came_is_no_question(doubtful: Library) -> None:
    assert look_again(doubtful.index, [("mine:1", "mine:9"), *PAIR])[0] is None
