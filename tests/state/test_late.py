"""States that are told again because of workers that died, and clusters on their way into another group; on real Redis."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from streams.clusters.group import cluster_id
from streams.engine.engine import Engine
from streams.events import CLUSTERS, Outgoing
from streams.records.stored import id_of
from streams.settings import Settings
from streams.state.connection import Connection
from streams.state.group_store import Commit
from streams.state.late import NOTE_LATE, TAKE_LATE, LateStates
from streams.state.layout import Layout
from tests.engine.worlds import (
    CONTENTS,
    check,
    drain,
    fold_clusters,
    handle,
    make_due,
    message,
    repeat,
    stored_partition,
)

ONE, OTHER = CONTENTS[0], CONTENTS[6]
KEY = b"12345678\0"


@pytest.fixture
def connection(new_connection: Callable[[], Connection]) -> Connection:
    made = new_connection()
    made.register(NOTE_LATE, TAKE_LATE)
    return made


def test_a_state_is_told_again_after_growing_pauses_and_then_forgotten(layout: Layout, connection: Connection) -> None:
    late = LateStates(layout, connection)
    late.note([KEY, b"another"])
    assert late.take(10) == []
    pauses = []
    for step in range(4):
        member = bytes([step]) + KEY
        pauses.append(round(float(connection.call("ZSCORE", layout.late, member)) / 1000 - time.time()))
        connection.call("ZADD", layout.late, 0, member)
        assert late.take(10) == [member]
        assert late.take(10) == [], "nobody else has it now"
        assert late.cluster(member) == KEY
        if step == 3:
            assert connection.call("ZSCORE", layout.late, member), "somebody else has it in a minute, should we die now"
        late.done([member])
    assert pauses == [2, 20, 200, 1000]
    assert connection.call("ZRANGE", layout.late, 0, -1) == [b"\0another"]


def test_many_are_noted_and_taken_in_lots(layout: Layout, connection: Connection) -> None:
    late = LateStates(layout, connection)
    late.note(b"%d" % number for number in range(2500))
    assert make_due(connection, layout.late) == 2500
    assert [len(late.take(1000)) for _ in range(4)] == [1000, 1000, 500, 0]


def test_what_a_dead_worker_had_sent_does_not_stand(
    generation: Settings, new_connection: Callable[[], Connection]
) -> None:
    dead, other = (Engine(generation, new_connection()) for _ in range(2))
    published: list[Outgoing] = []
    log = [message("s:a", ONE, 1000), message("s:a", OTHER, 1010)]
    on_its_way = dead.process(log[:1]).outgoing
    drain(other, published.extend)
    handle(other, log[1:], published.extend)
    check(other, published, log)

    published += on_its_way
    last = next(out for out in reversed(published) if out.topic == CLUSTERS)
    assert b'"revision":1,' in (last.value or b""), "the older state stands in the topic"
    repeat(other, published.extend)
    check(other, published, log)


def test_a_cluster_whose_group_is_on_its_way_into_another_is_told_as_it_is(
    generation: Settings, new_connection: Callable[[], Connection]
) -> None:
    """As a worker leaves it that dies after the first of the three steps."""
    engine = Engine(generation, new_connection())
    published: list[Outgoing] = []
    log = [message("s:a", ONE, 1000), message("t:b", OTHER, 1010)]
    handle(engine, log, published.extend)
    into, moving = sorted(map(id_of, ("s:a", "t:b")))
    raw = engine.groups.values([moving])[moving]
    assert engine.groups.commit([Commit(moving, raw, engine.groups.frozen(raw, into))]) == [True]
    stood = fold_clusters(published)

    (root,) = engine.groups.resolve([moving]).values()
    (group,) = (group for _, group in root.moving.values())
    (cluster,) = group.clusters
    (told,) = engine.outbox.restate([cluster.key]).outgoing
    assert told.value is not None
    assert fold_clusters([*published, told]) == stood
    assert cluster_id(cluster.key) in stood
    handle(engine, log, published.extend)
    assert fold_clusters(published) == stored_partition(engine) == stood, "who meets it finishes the move"
    check(engine, published, log)
