"""One engine on real Redis and on a real cluster: what each kind of message does, against the truth by brute force."""
# ruff: noqa: S311 - a seed makes a test repeatable

from __future__ import annotations

from collections.abc import Callable
from random import Random

import orjson
import pytest

from streams import events
from streams.engine.engine import Engine
from streams.engine.messages import Incoming
from streams.events import Outgoing
from streams.records.record import Record
from streams.settings import Settings
from streams.sources import parse
from streams.state.connection import Connection
from streams.synthetic import generate
from tests.engine.one_engine import ERRATUM, LINKED, OTHER_WORK, Bench, kinds
from tests.engine.worlds import (
    CONTENTS,
    check,
    drain,
    event_ids,
    fold_events,
    handle,
    message,
    stored_partition,
    true_partition,
)


def test_an_older_payload_that_comes_late_leaves_the_index_of_the_newer_one(bench: Bench) -> None:
    bench.send("s:a", OTHER_WORK, taken=200)
    bench.send("s:a", LINKED, taken=100)
    bench.send("t:b", OTHER_WORK, taken=300)
    assert bench.clusters() == {frozenset({"s:a", "t:b"})}
    bench.check()


def test_the_life_of_a_cluster(bench: Bench) -> None:
    (created,) = bench.send("s:a", LINKED)
    assert (created["type"], created["before"], created["after"]) == ("created", [], ["s:a"])
    assert created["event_id"] == created["cluster_id"] + ":1"
    added = bench.send("t:b", LINKED)
    assert kinds(added)[0] == "record_added"
    assert added[0]["causes"] == ["t:b"]
    assert [(e["a"], e["b"], e["decision"]) for e in added[0]["evidence"]] == [("s:a", "t:b", "duplicate")]
    assert kinds(bench.send("t:b", LINKED)) == [], "the same content again is no change"
    updated = bench.send("t:b", {**LINKED, "journal": "Journal of Graphs"})
    assert kinds(updated) == ["record_updated", "canonical_changed"]
    assert updated[1]["document"]["journal"] == "Journal of Graphs"
    assert kinds(bench.send("t:b", None))[0] == "record_removed"
    assert kinds(bench.send("t:b", None)) == []
    assert kinds(bench.send("s:a", None)) == ["record_removed"]
    (back,) = bench.send("s:a", LINKED)
    assert (back["type"], back["cluster_id"]) == ("created", created["cluster_id"])
    assert back["revision"] > 1
    bench.check()


def test_an_update_splits_and_merges(bench: Bench) -> None:
    bench.send("s:a", LINKED)
    bench.send("t:b", LINKED)
    split = bench.send("t:b", OTHER_WORK)
    assert kinds(split) == ["split", "created"] or kinds(split) == ["split", "canonical_changed", "created"]
    assert split[0]["split_into"] == [split[-1]["cluster_id"]]
    assert split[-1]["split_from"] == [split[0]["cluster_id"]]
    merged = bench.send("t:b", LINKED)
    ended = next(event for event in merged if event["type"] == "merged" and not event["after"])
    assert ended["merged_into"] == [split[0]["cluster_id"]]
    assert ended["cluster_id"] == split[-1]["cluster_id"]
    tombstone = [out for out in bench.published if out.topic == events.CLUSTERS][-1]
    assert (tombstone.key.decode(), tombstone.value) == (ended["cluster_id"], None)
    bench.check()


def test_the_older_cluster_keeps_its_id(bench: Bench) -> None:
    (older,) = bench.send("s:z", OTHER_WORK)
    (younger,) = bench.send("s:y", {**CONTENTS[7], "title": "Something else altogether about stars", "authors": []})
    bench.send("s:y", CONTENTS[7])
    stored = stored_partition(bench.engine)
    assert stored == {older["cluster_id"]: {"s:z", "s:y"}}
    assert younger["cluster_id"] != older["cluster_id"]
    bench.check()


def test_a_bridge_does_not_join_papers_that_contradict_each_other(bench: Bench) -> None:
    bench.send("s:one", CONTENTS[1])
    bench.send("s:two", CONTENTS[2])
    bench.send("s:bridge", CONTENTS[0])
    together = next(members for members in bench.clusters() if "s:bridge" in members)
    assert len(together) == 2
    assert {"s:one", "s:two"} not in [set(members) for members in bench.clusters()]
    bench.send("s:bridge", None)
    assert bench.clusters() == {frozenset({"s:one"}), frozenset({"s:two"})}
    bench.check()


def test_a_related_record_stays_apart_and_is_told(bench: Bench) -> None:
    bench.send("s:a", LINKED)
    bench.send("s:e", ERRATUM)
    assert bench.clusters() == {frozenset({"s:a"}), frozenset({"s:e"})}
    told = [orjson.loads(out.value or b"") for out in bench.published if out.topic == events.DECISIONS]
    assert [(d["a"], d["b"], d["decision"], d["relation"]) for d in told] == [("s:a", "s:e", "related", "corrects")]


def test_a_relation_is_an_event_of_both_clusters_and_ends_with_either(bench: Bench) -> None:
    bench.send("s:a", LINKED)
    found = {event["after"][0]: event for event in bench.send("s:e", ERRATUM) if event["type"] == "relation_added"}
    assert found["s:a"]["relations"] == [{"relation": "corrects", "record": "s:a", "other": "s:e"}]
    assert found["s:e"]["relations"] == [{"relation": "corrects", "record": "s:e", "other": "s:a"}]
    assert [(e["causes"], [d["decision"] for d in e["evidence"]]) for e in found.values()] == [
        (["s:e"], ["related"])
    ] * 2
    bench.check()
    changed = bench.send("s:e", OTHER_WORK)
    assert [(e["type"], e["causes"]) for e in changed if e["after"] == ["s:a"]] == [("relation_removed", ["s:e"])]
    bench.check()
    bench.send("s:e", ERRATUM)
    ended = bench.send("s:e", None)
    assert {e["type"]: e["after"] for e in ended} == {"relation_removed": ["s:a"], "record_removed": []}
    bench.check()


def test_what_cannot_be_read_is_a_dead_letter_and_the_rest_goes_on(bench: Bench) -> None:
    bad = Incoming("document", b"k", b'{"title": "no id"', 5, "records.document", 3, 77)
    good = message("s:a", LINKED, 6)
    bench.handle([bad, good])
    (letter,) = [out for out in bench.published if out.topic == events.DEAD_LETTER]
    assert letter.value == bad.value
    assert letter.key == b"records.document:3:77"
    headers = dict(letter.headers)
    assert headers["streams-code"] == b"not_json"
    assert headers["streams-source"] == b"document"
    assert headers["streams-key"] == b"k"
    assert bench.clusters() == {frozenset({"s:a"})}


def test_of_one_record_twice_in_a_batch_the_newer_stands(bench: Bench) -> None:
    bench.sent += [message("s:a", OTHER_WORK, 20), message("s:a", LINKED, 10), message("t:b", OTHER_WORK, 15)]
    bench.handle(bench.sent)
    assert bench.clusters() == {frozenset({"s:a", "t:b"})}
    bench.check()


@pytest.mark.parametrize("together", [True, False])
def test_a_record_deleted_and_sent_again_as_it_once_was_stands_so_however_the_messages_are_batched(
    bench: Bench, together: bool
) -> None:
    bench.send("s:a", {**OTHER_WORK, "updated": "2024-02-02"})
    after = [message("s:a", None, 2000, 2000), message("s:a", {**LINKED, "updated": "2023-01-01"}, 2001, 2001)]
    bench.sent += after
    for lot in [after] if together else [[one] for one in after]:
        bench.handle(lot)
    known = event_ids(bench.published)
    bench.check()
    bench.handle(bench.sent)
    assert event_ids(bench.published) == known
    bench.check()


def test_events_owed_by_a_worker_that_died_are_published(
    generation: Settings, new_connection: Callable[[], Connection]
) -> None:
    dying = Bench(generation, new_connection())
    lost = dying.engine.process([message("s:a", LINKED, 1)])
    assert event_ids(lost.outgoing)
    heir = Bench(generation, new_connection())
    drain(heir.engine, heir.published.extend)
    assert event_ids(heir.published) == event_ids(lost.outgoing)
    check(heir.engine, heir.published, [message("s:a", LINKED, 1)])
    again = len(heir.published)
    drain(heir.engine, heir.published.extend)
    assert len(heir.published) == again, "what was published is owed no more"


def test_a_worker_that_dies_after_it_acknowledged_too_late_leaves_its_events_pending(
    generation: Settings, new_connection: Callable[[], Connection]
) -> None:
    """Its state went out after that of a faster worker; nobody would mend that if its events were forgotten."""
    published: list[Outgoing] = []
    slow, fast = Bench(generation, new_connection()), Bench(generation, new_connection())
    first = slow.engine.process([message("s:a", LINKED, 1)])
    handle(fast.engine, [message("t:b", LINKED, 2)], published.extend)
    published += first.outgoing
    slow.engine.outbox.acknowledge(first)  # and dies: what is to be published again is lost
    heir = Engine(generation, new_connection())
    drain(heir, published.extend)
    check(heir, published, [message("s:a", LINKED, 1), message("t:b", LINKED, 2)])


def feed(works: int, seed: int = 11) -> list[Incoming]:
    return [
        Incoming("document", item.key, item.value or None, number, "records.document", 0, number)
        for number, item in enumerate(generate(seed, works))
    ]


def in_batches(bench: Bench, messages: list[Incoming], size: int) -> None:
    for start in range(0, len(messages), size):
        bench.handle(messages[start : start + size])


def test_order_does_not_matter(
    new_generation: Callable[..., Settings], new_connection: Callable[[], Connection]
) -> None:
    messages = feed(150)
    newest = {}
    records: dict[str, Record] = {}
    for item in messages:
        (parsed,) = parse(item.source, item.value, item.key)
        # Each record once: what a record is after several messages is another test's matter.
        if isinstance(parsed, Record) and parsed.id not in records:
            newest[parsed.id], records[parsed.id] = item, parsed
    lot = list(newest.values())
    truth = true_partition(records.values())
    assert sum(len(members) > 1 for members in truth) > 50
    for order in range(5):
        bench = Bench(new_generation(buckets=64, key_cap=1000), new_connection())
        Random(order).shuffle(lot)
        in_batches(bench, lot, 37 + 20 * order)
        assert bench.clusters() == truth
        assert {frozenset(members) for members in fold_events(bench.published).values()} == truth


def test_a_replay_of_the_whole_feed_publishes_no_new_event(
    new_generation: Callable[..., Settings], new_connection: Callable[[], Connection]
) -> None:
    bench = Bench(new_generation(buckets=64), new_connection())
    messages = feed(120, seed=3)
    in_batches(bench, messages, 64)
    before, clusters = event_ids(bench.published), bench.clusters()
    in_batches(bench, messages, 50)
    assert bench.clusters() == clusters
    assert event_ids(bench.published) == before


def test_of_two_messages_taken_in_one_millisecond_the_later_stands(bench: Bench) -> None:
    for number in range(8):
        title = {"title": f"Corrected title number {number} of a paper on sparse graphs"}
        bench.send("s:a", {**LINKED, **title}, taken=500)
    (state,) = stored_partition(bench.engine)
    document = orjson.loads([out for out in bench.published if out.topic == events.CLUSTERS][-1].value or b"")[
        "document"
    ]
    assert state
    assert document["title"] == "Corrected title number 7 of a paper on sparse graphs"


def test_a_group_that_may_not_grow_is_counted(
    new_generation: Callable[..., Settings], new_connection: Callable[[], Connection]
) -> None:
    engine = Engine(new_generation(cluster_cap=2), new_connection())
    batch = engine.process([message(f"s:{number}", LINKED, 1000 + number) for number in range(3)])
    assert batch.statistics.capped["cluster"] > 0


def test_fields_that_could_not_be_read_are_counted_once_a_record_and_again_in_a_replay(bench: Bench) -> None:
    broken = {**LINKED, "doi": "see the journal", "relations": [{"kind": "near"}, 3]}
    sent = [
        message("s:a", broken, 100, 0),
        message("t:b", LINKED, 100, 1),
        message("s:c", {**broken, "year": "soon"}, 100, 2),
    ]
    sent.append(message("s:a", None, 200, 3))
    for _ in range(2):
        unread = bench.engine.process(sent).statistics.unread
        assert unread == {("s", "doi"): 2, ("s", "relations"): 2, ("s", "year"): 1}
