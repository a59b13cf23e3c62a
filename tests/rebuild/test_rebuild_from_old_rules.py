"""An index that was made under ruleset 2026.1, as it stood in Redis, and what `streams rebuild` makes of it."""
# ruff: noqa: S311 - a seed makes a test repeatable

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import zstandard

from streams.engine.engine import Engine
from streams.engine.messages import Incoming
from streams.events import Outgoing
from streams.matching.ruleset import RULESET
from streams.settings import Settings
from streams.state.connection import Connection
from tests.engine.worlds import fold_events, stored_partition
from tests.rebuild.test_rebuild_state import Build, Live

SNAPSHOT = Path(__file__).with_name("index_of_2026_1.zst")
"""Messages, what was published for them, and the keys of Redis: written by the code that had ruleset 2026.1.

Twelve made-up records on which the rules differ, and 60 works of `streams.synthetic.generator`.
"""


def snapshot() -> dict[str, Any]:
    return msgspec.msgpack.decode(zstandard.ZstdDecompressor().decompress(SNAPSHOT.read_bytes()), type=dict[str, Any])


def live_under_old_rules(settings: Settings, connection: Connection) -> Live:
    """Put the old index where the settings say, and return it as the live generation."""
    old = snapshot()
    assert old["ruleset"] == "2026.1"
    prefix = f"{settings.namespace}:{settings.generation}".encode()
    for suffix, command, values in old["keys"]:
        connection.call(command, prefix + suffix, *values)
    live = Live(settings, connection)
    live.log = [Incoming(*message) for message in old["messages"]]
    live.published = [
        Outgoing(topic, key, value, tuple(map(tuple, headers))) for topic, key, value, headers in old["published"]
    ]
    return live


def together(engine: Engine, *records: str) -> bool:
    return any(set(records) <= set(members) for members in stored_partition(engine).values())


def test_a_rebuild_brings_an_old_index_under_the_new_rules(
    generation: Settings, new_connection: Callable[[], Connection]
) -> None:
    live = live_under_old_rules(generation, new_connection())
    old = stored_partition(live.engine)
    assert fold_events(live.published) == old
    assert together(live.engine, "feed_a:c", "feed_b:e")
    assert not together(live.engine, "feed_a:q1", "feed_b:q2")

    build = Build(live, new_connection)
    build.run(Random(1))
    published = build.go_on()  # compares Redis, both topics and the truth under the new rules

    assert fold_events(published) == stored_partition(build.engine)
    for one, other in (
        ("feed_a:c", "feed_b:e"),
        ("feed_a:p1", "feed_b:p2"),
        ("feed_a:y1", "feed_b:y2"),
        ("feed_a:n1", "feed_b:n2"),
    ):
        assert together(live.engine, one, other) or one == "feed_a:n1"
        assert not together(build.engine, one, other)
    for one, other in (("feed_a:q1", "feed_b:q2"), ("feed_a:b1", "feed_b:b2")):
        assert together(build.engine, one, other)
    assert RULESET != "2026.1"


def test_the_new_rules_go_on_with_an_old_index_as_it_is(
    generation: Settings, new_connection: Callable[[], Connection]
) -> None:
    """Without a rebuild old records keep their keys and clusters; new ones are decided by the new rules."""
    live = live_under_old_rules(generation, new_connection())
    before = stored_partition(live.engine)
    change = live.log[0]._replace(taken=90_000, offset=len(live.log))
    live.handle([change], Random(1))
    assert stored_partition(live.engine).keys() >= before.keys() - {
        cluster for cluster, members in before.items() if "feed_a:c" in members
    }
