"""Each thing that can be wrong, made wrong on real Redis or in what was published, is found and named; nothing else is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from streams.clusters.group import cluster_key
from streams.errors import SettingsError, StateError
from streams.matching.blocking import blocking_keys
from streams.records.stored import id_of
from streams.settings import Settings
from streams.state.connection import Connection
from streams.state.key_index import Entry
from streams.state.places import places_of
from streams.verification.audit import Audit
from streams.verification.differences import MEANINGS
from streams.verification.states import Values
from tests.verification.stage import ONE, OTHER, Stage
from tests.verification.tampering import (
    CASES,
    Tamper,
    an_older_state,
    another_document,
    frozen,
    ghost,
    old_signature,
    out_of_a_key,
    outdated_member,
    pending_event,
    stored_features,
    without_a_state,
    without_a_tombstone,
    without_rulings,
)

THIRD = {"title": "On the migration of small birds over oceans", "authors": ["Charles Babbage"], "year": 2015}


@pytest.fixture
def stage(generation: Settings, new_connection: Callable[[], Connection]) -> Stage:
    """Records alone and together, deleted, merged, split, related and corrected."""
    made = Stage(generation, new_connection())
    made.send("s:a", ONE)
    made.send("t:b", ONE)
    made.send("s:alone", OTHER)
    made.send("u:erratum", ONE | {"title": "Erratum to: " + str(ONE["title"])})
    made.send("s:gone", {"title": "Everything we forgot about measuring tides", "authors": ["Mary Shelley"]})
    made.send("s:gone", None)
    made.send("s:kept", THIRD)
    made.send("t:merged", THIRD | {"title": "Salt in the soils of dry river valleys"})
    made.send("t:merged", THIRD)
    made.correct("k1", "different", "s:a", "t:b")
    made.correct("k2", "same", "s:a", "s:alone")
    return made


def test_what_the_engine_makes_is_in_order_and_counted(stage: Stage) -> None:
    assert stage.found() == []
    counts = stage.counts()
    assert (counts["records"], counts["records_in_clusters"], counts["deleted"]) == (6, 6, 1)
    assert (counts["clusters"], counts["ended"], counts["redirects"]) == (4, 1, 2)
    assert (counts["corrections"], counts["owed"]) == (2, 0)
    assert counts["keys"] > 6


@pytest.mark.parametrize(("tamper", "codes"), CASES, ids=lambda value: getattr(value, "__name__", ""))
def test_what_was_tampered_with_is_found_and_nothing_else(tamper: Tamper, codes: set[str], stage: Stage) -> None:
    tamper(stage)
    assert stage.codes() == codes


def test_every_code_was_provoked() -> None:
    assert set().union(*(codes for _, codes in CASES)) == MEANINGS.keys()


ERRATUM = ONE | {"title": "Erratum to: " + str(ONE["title"])}


def send_again(record: str, content: dict[str, Any]) -> Tamper:
    return lambda stage: stage.send(record, content)


def say_corrections_again(stage: Stage) -> None:
    stage.correct("k3", "different", "s:a", "t:b")
    stage.correct("k4", "same", "s:a", "s:alone")


def start_a_worker(stage: Stage) -> None:
    stage.settle(stage.engine.outbox.drain())


def publish_states_again(stage: Stage) -> None:
    stage.settle(stage.engine.outbox.restate([cluster_key(difference.cluster_id) for difference in stage.found()]))


REMEDIES: list[tuple[Tamper, Tamper]] = [
    (lambda stage: stage.drop("groups", "u:erratum"), send_again("u:erratum", ERRATUM)),
    (outdated_member, send_again("u:erratum", ERRATUM)),
    (frozen, send_again("u:erratum", ERRATUM)),
    (out_of_a_key, send_again("u:erratum", ERRATUM)),
    (old_signature, send_again("u:erratum", ERRATUM)),
    (pending_event, start_a_worker),
    (without_rulings, say_corrections_again),
    (without_a_state, publish_states_again),
    (ghost, publish_states_again),
    (without_a_tombstone, publish_states_again),
    (an_older_state, publish_states_again),
    (another_document, publish_states_again),
]


@pytest.mark.parametrize(("tamper", "remedy"), REMEDIES, ids=lambda value: getattr(value, "__name__", ""))
def test_what_the_report_says_to_do_mends_it(tamper: Tamper, remedy: Tamper, stage: Stage) -> None:
    tamper(stage)
    assert stage.found()
    remedy(stage)
    assert stage.found() == []


def test_the_generation_must_be_the_one_that_workers_made(stage: Stage) -> None:
    with pytest.raises(SettingsError, match=r"STREAMS_BUCKETS.*expected 16"):
        Audit(stage.settings.model_copy(update={"buckets": 32}), stage.connection)
    stage.connection.call("HSET", stage.layout.meta, "format", "3")
    with pytest.raises(StateError, match="format 3"):
        Audit(stage.settings, stage.connection)


def test_a_generation_that_nobody_used_is_empty_and_stays_so(stage: Stage) -> None:
    unused = stage.settings.model_copy(update={"generation": "unused"})
    found = Audit(unused, stage.connection).scan_all(Values())
    assert (found.differences, +found.counts) == ([], {})
    assert stage.connection.call("KEYS", "*:unused:*") == []


def test_a_full_key_may_lack_a_record_until_deletes_make_room(
    new_generation: Callable[..., Settings], stage: Stage
) -> None:
    small = Stage(new_generation(key_cap=2), stage.connection)
    for number in range(10):
        small.send(f"s:{number}", ONE)
    assert small.found() == []
    keys = small.counts()["keys"]
    assert small.counts()["keys_capped"] == keys // 10 * 8
    for number in range(8):
        small.send(f"s:{number}", None)
        assert small.found() == []
    assert (small.counts()["keys"], small.counts()["keys_capped"]) == (keys // 5, 0), (
        "every key has the last two records"
    )
    small.send("t:late", ONE)
    assert small.cluster("t:late") == small.cluster("s:8") == small.cluster("s:9"), "and finds them"


def test_an_overflow_has_the_signature_of_its_records_too(
    new_generation: Callable[..., Settings], stage: Stage
) -> None:
    small = Stage(new_generation(key_cap=2), stage.connection)
    for number in range(4):
        small.send(f"s:{number}", ONE)
    last = max(range(4), key=lambda number: id_of(f"s:{number}"))
    features = small.engine.store.features(stored_features(small, f"s:{last}"))
    where = places_of(small.layout, blocking_keys(features))
    small.connection.execute(small.engine.index.add([Entry(id_of(f"s:{last}"), b"old!", where)]))
    assert small.codes() == {"key_outdated"}
    small.send(f"s:{last}", ONE | {"volume": "7"})
    assert small.found() == []


def test_a_record_that_is_not_even_in_the_overflow_is_missing(
    new_generation: Callable[..., Settings], stage: Stage
) -> None:
    small = Stage(new_generation(key_cap=2), stage.connection)
    for number in range(4):
        small.send(f"s:{number}", ONE)
    last = max(range(4), key=lambda number: id_of(f"s:{number}"))
    features = small.engine.store.features(stored_features(small, f"s:{last}"))
    where = places_of(small.layout, blocking_keys(features))
    small.connection.execute(small.engine.index.remove(id_of(f"s:{last}"), where))
    assert small.codes() == {"key_missing"}, "a full key is no excuse"


def test_what_began_before_the_topics_did_is_told_apart(stage: Stage) -> None:
    stage.engine.progress.begin_topics(5)
    audit = Audit(stage.settings, stage.connection)
    young = audit.scan_all(Values()).young
    assert audit.topics_since == 5
    assert stage.cluster("u:erratum") not in young, "its record was the fourth message"
    assert stage.cluster("s:kept") in young


def test_it_writes_nothing(stage: Stage) -> None:
    without_rulings(stage)
    call = stage.connection.call
    names = sorted(call("KEYS", f"{stage.layout.prefix}:*"))
    before = [call("DUMP", name) for name in names]
    stage.found()
    assert sorted(call("KEYS", f"{stage.layout.prefix}:*")) == names
    assert [call("DUMP", name) for name in names] == before
