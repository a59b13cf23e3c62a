"""Which generation a rebuild makes, from what and when not; and how generations go away."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from typer.testing import CliRunner

from streams.cli.commands import app
from streams.engine.engine import Engine
from streams.engine.prepare import CORRECTIONS
from streams.errors import FencedError, ForgottenError, RefusedError, UsageError
from streams.rebuild import generations, lock
from streams.rebuild.lock import RebuildLock
from streams.settings import Settings
from streams.state.connection import Connection
from streams.state.fence import Fence
from streams.state.layout import Layout, meta_key
from streams.state.progress import Progress

New = Callable[[], Connection]


class Place:
    """A namespace of its own, with generations made by hand."""

    def __init__(self, settings: Settings, connection: Connection) -> None:
        self.settings = settings.model_copy(update={"namespace": settings.generation, "generation": "1"})
        self.connection = connection

    def put(self, generation: str, **facts: object) -> None:
        flat = [str(part) for pair in facts.items() for part in pair]
        self.connection.call("HSET", meta_key(self.settings.namespace, generation), *flat)

    def live(self) -> Settings:
        return generations.live_generation(self.settings, self.connection)

    def keys(self) -> set[str]:
        return {key.decode() for key in self.connection.call("KEYS", f"{self.settings.namespace}:*")}


@pytest.fixture
def place(generation: Settings, new_connection: New) -> Place:
    return Place(generation, new_connection())


def test_what_was_never_begun_is_not_rebuilt(place: Place) -> None:
    with pytest.raises(UsageError, match="never begun"):
        place.live()


def test_the_live_generation_is_read_as_it_was_made_whatever_the_environment_says(place: Place) -> None:
    place.put("1", buckets=64, preprints="separate")
    assert (place.live().buckets, place.live().preprints) == (64, "separate")
    place.put("1", successor="2")
    place.put("2", buckets=32)
    assert (place.live().generation, place.live().buckets) == ("2", 32)


@pytest.mark.parametrize(
    ("live", "there", "name"),
    [("1", [], "2"), ("1", ["2", "3"], "4"), ("9", [], "10"), ("blue", [], "blue-2"), ("blue-2", ["blue-3"], "blue-4")],
)
def test_the_next_generation_has_a_name_that_nobody_has(place: Place, live: str, there: list[str], name: str) -> None:
    for generation in (live, *there):
        place.put(generation, buckets=16)
    settings = place.settings.model_copy(update={"generation": live})
    assert generations.new_name(settings, place.connection) == name
    place.put(live, rebuilding="begun")
    assert generations.new_name(settings, place.connection) == "begun"


def test_a_name_that_is_taken_and_rules_that_have_changed_are_refused(place: Place) -> None:
    place.put("1", buckets=16)
    live = place.live()
    generations.refuse_other_rules(place.settings, live, "2", place.connection)
    place.put("2", buckets=16, preprints="merge", ruleset="1999.1")
    with pytest.raises(RefusedError, match="already"):
        generations.refuse_other_rules(place.settings, live, "2", place.connection)
    place.put("1", rebuilding="2")
    with pytest.raises(RefusedError, match="begun with ruleset 1999"):
        generations.refuse_other_rules(place.settings, live, "2", place.connection)


def test_a_redis_without_room_for_two_is_refused(place: Place) -> None:
    place.put("1", buckets=16)
    generations.refuse_without_room(place.live(), place.connection)
    (info,) = place.connection.everywhere("INFO", "memory")
    found = re.search(rb"used_memory:(\d+)", info)
    assert found
    used = int(found[1])
    place.connection.call("CONFIG", "SET", "maxmemory", used + 2**20)
    try:
        with pytest.raises(RefusedError, match="raise maxmemory"):
            generations.refuse_without_room(place.live(), place.connection)
        place.put("1", rebuilding="2")
        generations.refuse_without_room(place.live(), place.connection)  # what is used is in part the second one
    finally:
        place.connection.call("CONFIG", "SET", "maxmemory", 0)


def test_only_what_was_replaced_is_dropped_and_it_still_leads_on(place: Place) -> None:
    engine = Engine(place.settings, place.connection)
    handled(engine)
    with pytest.raises(RefusedError, match="not replaced"):
        generations.drop(place.settings, "1")
    place.put("1", successor="2")
    place.put("2", buckets=16)
    assert len(place.keys()) > 5
    generations.drop(place.settings, "1")
    generations.drop(place.settings, "1")
    prefix = place.settings.namespace
    assert place.keys() == {f"{prefix}:1:meta", f"{prefix}:2:meta"}
    found = generations.status(place.settings)
    assert (found.generation, found.before, found.rebuilding, found.workers) == ("2", ["1"], "", 0)


def handled(engine: Engine) -> None:
    from tests.engine.worlds import CONTENTS, correction, handle, message

    log = [
        message("s:a", CONTENTS[0], 1, 1),
        message("t:b", CONTENTS[0], 2, 2),
        correction("k", "same", "s:a", "t:b", offset=0),
    ]
    assert log[-1].source == CORRECTIONS
    handle(engine, log, lambda _: None)
    engine.progress.put({("records.document", 0): 3})


def test_a_rebuild_that_runs_refuses_another_and_lets_go_when_it_ends(place: Place, new_connection: New) -> None:
    place.put("1", buckets=16)
    fence = Fence(place.settings.namespace, "1", place.connection)
    with RebuildLock(place.live(), new_connection(), "2") as first:
        first.check()
        with pytest.raises(RefusedError, match="another rebuild"), RebuildLock(place.live(), new_connection(), "2"):
            pass
        with pytest.raises(RefusedError, match="to '2' was begun"), RebuildLock(place.live(), new_connection(), "3"):
            pass
        first.drain(lambda _: None)
        assert fence.enter("worker").state == "closed"
        assert generations.status(place.settings).closed
    assert fence.enter("worker").state == "open"
    assert generations.abort(place.settings) == "2"


def test_a_worker_that_does_not_leave_ends_the_rebuild_and_not_the_work(
    place: Place, new_connection: New, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock, "_LEAVE_SECONDS", 0.3)
    place.put("1", buckets=16)
    fence = Fence(place.settings.namespace, "1", place.connection)
    fence.enter("busy")
    told: list[int] = []
    with (
        pytest.raises(RefusedError, match="1 workers did not leave"),
        RebuildLock(place.live(), new_connection(), "2") as held,
    ):
        held.drain(told.append)
    assert told == [1]
    assert fence.enter("busy").state == "open"


def test_one_that_stood_still_for_too_long_does_not_switch(place: Place, new_connection: New) -> None:
    place.put("1", buckets=16)
    with RebuildLock(place.live(), new_connection(), "2") as held:
        held.drain(lambda _: None)
        place.put("1", held_until=1)
        with pytest.raises(FencedError, match="let go"):
            held.switch(b"")
        with pytest.raises(FencedError, match="let go"):
            held.check()
    assert generations.status(place.settings).generation == "1"


def test_a_redis_that_may_have_forgotten_a_part_does_not_switch(place: Place, new_connection: New) -> None:
    place.put("1", buckets=16)
    with RebuildLock(place.live(), new_connection(), "2") as held:
        held.drain(lambda _: None)
        with pytest.raises(ForgottenError, match="the new generation may have gaps"):
            held.switch(b"of-another-server")
        assert generations.status(place.settings).generation == "1"
        held.switch(b"".join(Progress(Layout("n", "1", 16), place.connection).look().histories))
    assert generations.status(place.settings).generation == "2"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["--abort", "--status"], UsageError),
        (["--to", "2", "--drop", "1"], UsageError),
        (["--drop", "1"], RefusedError),
        (["--abort"], UsageError),
        ([], UsageError),
    ],
)
def test_wrong_use_is_told(place: Place, arguments: list[str], error: type[Exception]) -> None:
    environment: dict[str, Any] = {
        "STREAMS_KAFKA_URL": "127.0.0.1:1",
        "STREAMS_REDIS_URL": place.settings.redis_url,
        "STREAMS_NAMESPACE": place.settings.namespace,
    }
    outcome = CliRunner().invoke(app, ["rebuild", *arguments], env=environment)
    assert isinstance(outcome.exception, error), outcome.exception


def test_a_name_that_cannot_be_part_of_a_key_is_told() -> None:
    outcome = CliRunner().invoke(app, ["rebuild", "--to", "a:b"])
    assert isinstance(outcome.exception, UsageError)
    assert "'a:b'" in str(outcome.exception)
