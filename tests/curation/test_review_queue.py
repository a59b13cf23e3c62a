"""The queue: in four orders, filtered, page by page, claimed by people, without what was settled."""

from __future__ import annotations

import sqlite3

import pytest

from streams.curation import claims, folding, review_queue
from streams.curation.review_queue import Asked, Filters, Looked, Order, Position, pair_id
from tests.curation.messages import Topics

NOW = 1_000_000
ALL = Filters()


def queue(
    file: sqlite3.Connection, order: Order = "new", filters: Filters = ALL, person: str = "ada", page: int = 100
) -> list[str]:
    """The first records of all pairs in an order, read page by page."""
    found: list[Asked] = []
    after: Position | None = None
    while rows := review_queue.ordered(file, order, filters, after, page, person=person, now=NOW):
        found += [made for made, _ in rows]
        after = rows[-1][1]
    return [made.a for made in found]


@pytest.fixture
def topics(file: sqlite3.Connection) -> Topics:
    """Three pairs: s:1 nearest to a half, s:3 asked last."""
    made = Topics()
    made.review("s:1", "t:1", 0.55, "title_same", "year_far")
    made.review("s:2", "s:9", 0.9, "title_same")
    made.review("u:9", "s:3", 0.7, "authors_none")
    folding.fold(file, "", made.messages)
    return made


def test_orders_and_filters(file: sqlite3.Connection, topics: Topics) -> None:
    assert queue(file, "doubt") == ["s:1", "s:3", "s:2"]
    assert queue(file, "new") == ["s:3", "s:2", "s:1"]
    review_queue.note(
        file, [Looked(pair_id("s:2", "s:9"), settled=False, effect=9), Looked(pair_id("t:1", "s:1"), False, 3)], NOW
    )
    assert queue(file, "effect") == ["s:2", "s:1", "s:3"]
    assert queue(file, "doubt", Filters(source="t")) == ["s:1"]
    assert queue(file, "doubt", Filters(source="s", reason="title_same")) == ["s:1", "s:2"]
    assert queue(file, "doubt", Filters(reason="title")) == []
    assert len(topics.messages) == 3


def test_by_worth_the_effect_comes_first_and_of_equal_ones_the_doubt(file: sqlite3.Connection, topics: Topics) -> None:
    assert queue(file, "worth") == queue(file, "doubt") == ["s:1", "s:3", "s:2"], "none was looked at"
    effects = {("s:1", "t:1"): 4, ("s:2", "s:9"): 5, ("s:3", "u:9"): 5}
    review_queue.note(file, [Looked(pair_id(*pair), False, effect) for pair, effect in effects.items()], NOW)
    assert queue(file, "worth") == queue(file, "worth", page=1) == ["s:3", "s:2", "s:1"]
    topics.review("s:4", "t:4", 0.9)
    topics.review("s:5", "t:5", 0.9)
    folding.fold(file, "", topics.messages[-2:])
    equal = sorted(["s:4", "s:5"], key=lambda record: pair_id(record, record.replace("s", "t")))
    assert queue(file, "worth") == ["s:3", "s:2", "s:1", *equal], "pairs alike in both come by their ids"


@pytest.mark.parametrize("order", ["worth", "doubt", "new", "effect"])
@pytest.mark.parametrize("page", [1, 2])
def test_pages_have_each_pair_once(file: sqlite3.Connection, topics: Topics, order: Order, page: int) -> None:
    claims.claim(file, pair_id("s:1", "t:1"), "bob", NOW)
    assert queue(file, order, page=page) == queue(file, order)
    assert sorted(queue(file, order, page=page)) == ["s:1", "s:2", "s:3"]
    assert topics.messages


def test_a_pair_asked_again_is_one_pair(file: sqlite3.Connection, topics: Topics) -> None:
    topics.review("s:1", "t:1", 0.8, "year_same")
    folding.fold(file, "", topics.messages[-1:])
    assert queue(file, "new") == ["s:1", "s:3", "s:2"]
    assert queue(file, filters=Filters(reason="title_same")) == ["s:2"]


def test_what_was_found_settled_is_left_out_until_it_may_be_open_again(
    file: sqlite3.Connection, topics: Topics
) -> None:
    name = pair_id("s:1", "t:1")
    review_queue.note(file, [Looked(name, settled=True, effect=0)], NOW)
    assert queue(file) == ["s:3", "s:2"]
    assert name not in [made.id for made in review_queue.due(file, NOW, 10)]
    assert [made.id for made in review_queue.due(file, NOW + 1, 10)][-1] == name
    review_queue.note(file, [Looked(name, settled=False, effect=2)], NOW + 1)
    assert queue(file) == ["s:3", "s:2", "s:1"]
    review_queue.note(file, [Looked(name, settled=True, effect=0)], NOW)
    topics.review("s:1", "t:1")
    folding.fold(file, "", topics.messages[-1:])
    assert "s:1" in queue(file)


def test_a_corrected_pair_is_left_out_until_that_is_undone(file: sqlite3.Connection, topics: Topics) -> None:
    topics.correct("k1", "different", a="t:1", b="s:1")
    folding.fold(file, "", topics.messages[-1:])
    assert queue(file) == ["s:3", "s:2"]
    review_queue.note(file, [Looked(pair_id("s:2", "s:9"), settled=True, effect=0)], NOW)
    topics.correct("k2", "undo", undoes="k1")
    folding.fold(file, "", topics.messages[-1:])
    assert queue(file) == ["s:3", "s:2", "s:1"], "the undo may have opened the other one too"


def test_claims_of_others_put_a_pair_last(file: sqlite3.Connection, topics: Topics) -> None:
    name = pair_id("s:3", "u:9")
    claims.claim(file, name, "bob", NOW)
    assert queue(file, person="bob") == ["s:3", "s:2", "s:1"]
    assert queue(file, person="ada") == ["s:2", "s:1", "s:3"]
    claims.release(file, name, "bob")
    assert queue(file, person="ada") == ["s:3", "s:2", "s:1"]
    assert topics.messages


def test_a_range_of_scores(file: sqlite3.Connection, topics: Topics) -> None:
    assert queue(file, "doubt", Filters(low=0.6, high=0.8)) == ["s:3"]
    assert queue(file, "doubt", Filters(low=0.7, high=0.9)) == ["s:3", "s:2"]
    assert topics.messages


def test_facets_count_what_is_open_and_passes_the_filters(file: sqlite3.Connection, topics: Topics) -> None:
    found = review_queue.facets(file, ALL, 100)
    assert (found.pairs, found.is_all) == (3, True)
    assert found.sources == [("s", 3), ("t", 1), ("u", 1)], "a pair within one source counts once"
    assert found.reasons == [("title_same", 2), ("authors_none", 1), ("year_far", 1)]
    topics.correct("k1", "different", a="t:1", b="s:1")
    folding.fold(file, "", topics.messages[-1:])
    assert review_queue.facets(file, Filters(source="s", high=0.8), 100).pairs == 1
    bounded = review_queue.facets(file, ALL, 1)
    assert (bounded.pairs, bounded.is_all) == (1, False)


@pytest.mark.parametrize("order", ["worth", "doubt", "new", "effect"])
def test_the_place_after_a_pair(file: sqlite3.Connection, topics: Topics, order: Order) -> None:
    for made, after in review_queue.ordered(file, order, ALL, None, 10, person="ada", now=NOW):
        assert review_queue.place(file, made.id, order) == after
    assert review_queue.place(file, "nothing", order) is None
    assert topics.messages


def test_open_pairs_about_records(file: sqlite3.Connection, topics: Topics) -> None:
    found = review_queue.about(file, ["s:9", "t:1", "other:1"], 10)
    assert sorted(made.a for made in found) == ["s:1", "s:2"]
    review_queue.note(file, [Looked(pair_id("s:2", "s:9"), settled=True, effect=0)], NOW)
    assert [made.a for made in review_queue.about(file, ["s:9", "t:1"], 10)] == ["s:1"]
    assert len(review_queue.about(file, ["s:1", "s:3"], 1)) == 1
    assert topics.messages


def test_messages_that_are_none_are_left_out(file: sqlite3.Connection) -> None:
    topics = Topics()
    for value in (b"", None, b"{}", b'{"a":"s:1","b":"\xff","score":1}', b'{"a":"s:1","b":"t:1","score":"high"}'):
        topics.add("dedup.review", 0, b"k", value)
    folding.fold(file, "", topics.messages)
    assert queue(file) == []


def test_what_retention_deleted_is_left_out(file: sqlite3.Connection, topics: Topics) -> None:
    folding.prune(file, {("dedup.review", 0): 2, ("dedup.corrections", 0): 1})
    assert queue(file) == ["s:3"]
    assert review_queue.asked(file, pair_id("s:1", "t:1")) is None
    assert review_queue.asked(file, pair_id("s:3", "u:9")) == Asked(
        pair_id("u:9", "s:3"), "s:3", "u:9", 0.7, ("authors_none",), topics.messages[2].timestamp
    )


def test_the_pairs_that_are_shown_are_counted(file: sqlite3.Connection, topics: Topics) -> None:
    assert review_queue.count(file) == (3, 3, 3, 0)
    name, other = pair_id("s:1", "t:1"), pair_id("s:2", "s:9")
    review_queue.note(file, [Looked(name, settled=False, effect=2)], NOW + 7)
    review_queue.note(file, [Looked(other, settled=True, effect=0)], NOW)
    assert review_queue.count(file) == (3, 2, 1, NOW)
    assert len(queue(file)) == 2
    topics.correct("k1", "same", a="s:3", b="u:9")
    topics.correct("k2", "same", a="s:2", b="s:9")
    topics.correct("k3", "different", a="x:1", b="x:2")
    folding.fold(file, "", topics.messages[-3:])
    assert review_queue.count(file) == (3, 1, 0, NOW)
    assert len(queue(file)) == 1
