"""What corrections do, on one engine with real Redis and with a real cluster, against the truth by brute force."""

from __future__ import annotations

from collections.abc import Callable

import orjson

from streams.settings import Settings
from streams.state.connection import Connection
from tests.engine.one_engine import LINKED, OTHER_WORK, Bench, kinds
from tests.engine.worlds import (
    CONTENTS,
    correction,
    message,
)


def test_different_splits_a_cluster_at_once_for_good_and_undo_joins_it(bench: Bench) -> None:
    bench.send("s:a", LINKED)
    bench.send("t:b", LINKED)
    split = bench.correct("k1", "different", "t:b", "s:a")
    assert {event["type"] for event in split} >= {"split", "created"}
    for event in split:
        assert event["causes"] == ["correction:k1"]
        assert event["corrections"] == [
            {
                "id": "k1",
                "action": "different",
                "a": "s:a",
                "b": "t:b",
                "author": "ada",
                "reason": "",
                "time": "2026-11-24T10:00:00Z",
            }
        ]
    apart = {frozenset({"s:a"}), frozenset({"t:b"})}
    assert bench.clusters() == apart
    assert bench.correct("k1", "different", "t:b", "s:a") == [], "the same correction again is no change"
    for record in ("s:a", "t:b"):
        bench.send(record, None)
        (back,) = bench.send(record, {**LINKED, "journal": "Journal of Graphs"})
        assert "corrections" not in back
        assert bench.clusters() == apart
    third = bench.send("u:c", LINKED)
    assert third[0]["type"] == "record_added", "a bridge goes to one side"
    bench.send("u:c", None)
    merged = bench.correct("k2", "undo", "k1")
    assert bench.clusters() == {frozenset({"s:a", "t:b"})}
    assert {event["corrections"][0]["undoes"] for event in merged} == {"k1"}
    bench.check()


def test_same_joins_what_contradicts_itself_and_waits_for_what_is_not_there(bench: Bench) -> None:
    assert bench.correct("k1", "same", "s:one", "s:two") == []
    bench.send("s:one", CONTENTS[1])
    joined = bench.send("s:two", CONTENTS[2])
    assert kinds(joined)[0] == "record_added"
    assert bench.clusters() == {frozenset({"s:one", "s:two"})}
    bench.correct("k2", "same", "s:two", "t:b")
    bench.send("t:b", OTHER_WORK)
    bench.send("s:two", None)
    assert bench.clusters() == {frozenset({"s:one", "t:b"})}, "the chain holds while its middle is not there"
    split = bench.correct("k3", "undo", "k2")
    assert {"split", "created"} <= set(kinds(split))
    bench.check()


def test_a_correction_that_contradicts_is_a_dead_letter_and_changes_nothing(bench: Bench) -> None:
    for record in ("s:a", "t:b", "u:c"):
        bench.send(record, LINKED)
    bench.correct("k1", "same", "s:a", "t:b")
    bench.correct("k2", "same", "t:b", "u:c")
    before = bench.clusters()
    assert bench.correct("k3", "different", "s:a", "u:c") == []
    assert bench.clusters() == before
    (letter,) = bench.letters()
    assert (letter["code"], letter["source"]) == ("correction_conflict", "corrections")
    assert "k1 (same s:a t:b, by ada, 2026-11-24T10:00:00Z)" in letter["detail"]
    assert orjson.loads(letter["payload"])["id"] == "k3"
    bench.check()


def test_what_is_no_correction_is_a_dead_letter(bench: Bench) -> None:
    good = correction("k1", "same", "s:a", "t:b", offset=1)
    bench.sent = [good, message("s:a", LINKED, 1)]
    bench.handle(
        [good._replace(value=b"{", offset=0), bench.sent[0], good._replace(value=None, offset=2), bench.sent[1]]
    )
    assert [letter["code"] for letter in bench.letters()] == ["not_json", "bad_correction"]
    bench.check()


def test_a_correction_heeds_no_cap(
    new_generation: Callable[..., Settings], new_connection: Callable[[], Connection]
) -> None:
    bench = Bench(new_generation(cluster_cap=2), new_connection())
    for number in range(4):
        bench.send(f"s:{number}", LINKED if number < 2 else OTHER_WORK)
    bench.correct("k1", "same", "s:0", "s:2")
    assert bench.clusters() == {frozenset({"s:0", "s:1", "s:2", "s:3"})}
    bench.correct("k2", "undo", "k1")
    bench.correct("k3", "different", "s:1", "s:0")
    assert bench.clusters() == {frozenset({"s:0"}), frozenset({"s:1"}), frozenset({"s:2", "s:3"})}
    bench.check()


def test_each_event_has_the_correction_that_caused_it(bench: Bench) -> None:
    for record in ("s:a", "t:b", "u:c"):
        bench.send(record, LINKED)
    told = [("k1", "different", "s:a", "t:b"), ("k2", "undo", "k1", ""), ("k3", "different", "t:b", "u:c")]
    items = [correction(*one, offset=number) for number, one in enumerate(told)]
    bench.sent += items
    found = bench.handle(items)
    causes = [event["causes"][0] for event in found]
    assert list(dict.fromkeys(causes)) == ["correction:k1", "correction:k2", "correction:k3"]
    bench.check()


def test_records_cost_no_round_trip_more_for_corrections_there_may_be(
    new_generation: Callable[..., Settings], new_connection: Callable[[], Connection]
) -> None:
    plain, corrected = (Bench(new_generation(), new_connection()) for _ in range(2))
    corrected.correct("k1", "different", "x:1", "x:2")
    trips = []
    for bench in (plain, corrected):
        before = bench.engine.connection.round_trips
        bench.handle([message("s:a", LINKED, 1), message("t:b", LINKED, 2)])
        trips.append(bench.engine.connection.round_trips - before)
    assert trips[0] == trips[1] <= 12
