"""Groups on a real server: change, freeze, pointers, what is pending."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from streams.clusters.group import Cluster, Group, Member, cluster_id
from streams.errors import ForgottenError, StateError
from streams.events import Singleton
from streams.settings import Settings
from streams.state.connection import Connection
from streams.state.group_store import (
    ACKNOWLEDGE_GROUPS,
    COMMIT_GROUP,
    COMMIT_SINGLETONS,
    Commit,
    GroupStore,
    SingletonCommit,
)
from streams.state.layout import Layout

A, B, C = (bytes([65 + number]) * 8 for number in range(3))


def group(*members: bytes, revision: int = 1) -> Group:
    return Group(tuple(Member(m, b"digest", 0) for m in members), (Cluster(members[0], revision, 1),))


@pytest.fixture
def make(generation: Settings, new_connection: Callable[[], Connection]) -> Callable[[], GroupStore]:
    def new() -> GroupStore:
        connection = new_connection()
        connection.register(COMMIT_GROUP, COMMIT_SINGLETONS, ACKNOWLEDGE_GROUPS)
        return GroupStore(Layout(generation.namespace, generation.generation, generation.buckets), connection)

    return new


@pytest.fixture
def groups(make: Callable[[], GroupStore]) -> GroupStore:
    return make()


def test_a_record_never_grouped_is_its_own_empty_root(groups: GroupStore) -> None:
    root = groups.resolve([A])[A]
    assert (root.id, root.raw, root.group, dict(root.moving)) == (A, b"", Group(), {})


def test_a_change_takes_place_only_over_the_value_that_was_read(groups: GroupStore) -> None:
    one, two = groups.encode(A, group(A)), groups.encode(A, group(A, revision=2))
    assert groups.commit([Commit(A, b"", one)]) == [True]
    assert groups.commit([Commit(A, b"", two), Commit(B, b"", one)]) == [False, True]
    assert groups.resolve([A])[A].raw == one
    assert groups.commit([Commit(A, one, two)]) == [True]
    assert groups.resolve([A])[A].group == group(A, revision=2)


def test_a_refused_change_owes_no_event(groups: GroupStore) -> None:
    one = groups.encode(A, group(A))
    groups.commit([Commit(A, b"", one, {"c:1": b"event"})])
    groups.commit([Commit(A, b"", one, {"c:2": b"lost"})])
    assert [dict(found) for found in groups.pending_events().values()] == [{"c:1": b"event"}]


def test_a_moved_group_is_found_over_any_number_of_pointers(groups: GroupStore) -> None:
    groups.commit([Commit(C, b"", groups.encode(C, group(C)))])
    groups.commit([Commit(A, b"", groups.pointer(B)), Commit(B, b"", groups.pointer(C))])
    assert {record: root.id for record, root in groups.resolve([A, B, C]).items()} == dict.fromkeys((A, B, C), C)


def test_pointers_in_a_circle_are_an_error_and_no_endless_loop(groups: GroupStore) -> None:
    groups.commit([Commit(A, b"", groups.pointer(B)), Commit(B, b"", groups.pointer(A))])
    with pytest.raises(StateError):
        run_with_limit(lambda: groups.resolve([A]))


def run_with_limit(work: Callable[[], object], seconds: float = 5.0) -> None:
    failure: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:  # given to the test
            failure.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    assert not thread.is_alive(), "it never ends"
    if failure:
        raise failure[0]


def test_a_frozen_group_is_seen_on_its_way_and_changed_by_nobody(groups: GroupStore) -> None:
    mine, theirs = groups.encode(A, group(A)), groups.encode(B, group(B))
    groups.commit([Commit(A, b"", mine), Commit(B, b"", theirs)])
    frozen = groups.frozen(theirs, A)
    assert groups.commit([Commit(B, theirs, frozen)]) == [True]
    assert groups.commit([Commit(B, theirs, groups.encode(B, group(B, revision=2)))]) == [False]
    assert groups.begun() == {B}
    root = groups.resolve([B])[B]
    assert (root.id, root.raw) == (A, mine)
    assert dict(root.moving) == {B: (frozen, group(B))}
    assert groups.commit([Commit(B, frozen, groups.pointer(A))]) == [True]
    assert dict(groups.resolve([B])[B].moving) == {}
    assert groups.begun() == frozenset()


def test_a_claimed_new_record_moves_with_nothing(groups: GroupStore) -> None:
    groups.commit([Commit(B, b"", groups.frozen(b"", A))])
    assert dict(groups.resolve([B])[B].moving) == {B: (b"~" + A, Group())}


def test_acknowledged_events_are_removed_where_the_group_is_as_published(groups: GroupStore) -> None:
    one, two = groups.encode(A, group(A)), groups.encode(A, group(A, revision=2))
    groups.commit([Commit(A, b"", one, {"c:1": b"first", "c:2": b"second"})])
    groups.commit([Commit(B, b"", groups.encode(B, group(B)), {"d:1": b"other"})])
    assert groups.acknowledge([(A, one, ["c:1"])]) == set()
    assert {field for found in groups.pending_events().values() for field in found} == {"c:2", "d:1"}
    groups.commit([Commit(A, one, two, {"c:3": b"third"})])
    stale = groups.acknowledge([(B, groups.encode(B, group(B)), []), (A, one, ["c:2"]), (C, b"", [])])
    assert stale == {A}, "another worker has changed it"
    assert {field for found in groups.pending_events().values() for field in found} == {"c:2", "c:3", "d:1"}
    groups.forget({groups.outbox(A): ["c:2", "c:3"]})
    assert [dict(found) for found in groups.pending_events().values()] == [{"d:1": b"other"}]


def test_singletons_are_stored_where_a_record_has_no_group_yet(groups: GroupStore) -> None:
    values = {record: groups.encode(record, group(record)) for record in (A, B, C)}
    connection, layout = groups._connection, groups._layout
    for record, header in ((A, b"stored"), (B, b"stored"), (C, b"another")):
        connection.call("HSET", layout.records(record), record, header + b" features")
    groups.commit([Commit(B, b"", values[B], {"b:1": b"theirs"})])
    made = {record: Singleton(value, b"event", b"") for record, value in values.items()}
    given = [SingletonCommit(r, b"stored", r[:1] + b":1", made[r]) for r in (A, B, C)]
    assert groups.commit_singletons(given) == ({B}, {C})
    assert {record: root.raw for record, root in groups.resolve([A, B, C]).items()} == values
    pending = {field: event for found in groups.pending_events().values() for field, event in found.items()}
    assert pending == {"A:1": b"event", "b:1": b"theirs", "C:1": b"event"}
    assert groups.commit_singletons(given) == ({A, B, C}, set())
    groups.known = b"another server"
    with pytest.raises(ForgottenError):
        groups.commit_singletons(given)


def test_all_groups_are_those_that_live_somewhere(groups: GroupStore) -> None:
    groups.commit([Commit(A, b"", groups.encode(A, group(A))), Commit(B, b"", groups.pointer(A))])
    groups.commit([Commit(C, b"", groups.frozen(b"", A))])
    assert list(groups.all_groups()) == [(A, group(A))]


def test_of_workers_that_change_a_group_at_once_one_gets_through(make: Callable[[], GroupStore]) -> None:
    workers, rounds = 5, 20
    stores = [make() for _ in range(workers)]
    barrier = threading.Barrier(workers)
    through: list[int] = []

    def change(worker: int) -> None:
        store = stores[worker]
        for turn in range(rounds):
            raw = store.resolve([A])[A].raw
            barrier.wait(20)
            if store.commit([Commit(A, raw, store.encode(A, group(A, revision=1 + turn * workers + worker)))]) == [
                True
            ]:
                through.append(turn)
            barrier.wait(20)

    threads = [threading.Thread(target=change, args=(worker,)) for worker in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(through) == list(range(rounds))


def test_a_change_returns_which_events_of_its_clusters_are_pending_before_its_own(groups: GroupStore) -> None:
    values = [groups.encode(A, group(A, revision=number)) for number in range(13)]
    first = {"c:8": b"8", "d:1": b"other"}
    assert groups.commit_events([Commit(A, b"", values[0], first)]) == [{}]
    assert groups.commit_events([Commit(A, values[0], values[1], {"c:9": b"9", "c:10": b"10"})]) == [{"c:8": b"8"}]
    assert groups.commit_events([Commit(A, values[0], values[2], {"c:11": b"11"})]) == [None], (
        "who was slower is told nothing"
    )
    (before,) = groups.commit_events([Commit(A, values[1], values[2], {"c:11": b"11"})])
    assert list((before or {}).items()) == [("c:8", b"8"), ("c:9", b"9"), ("c:10", b"10")]
    groups.forget({groups.outbox(A): ["c:10"]})
    assert groups.commit_events([Commit(A, values[2], values[3], {"c:12": b"12"})]) == [{"c:11": b"11"}]


def test_events_that_are_pending_where_groups_were(groups: GroupStore) -> None:
    x, y = A + b"\0" * 4, B + b"\0" * 4
    one, other = cluster_id(x), cluster_id(y)
    pending = {f"{one}:{revision}": b"%d" % revision for revision in (7, 9, 10)} | {f"{other}:1": b"1"}
    groups.commit([Commit(C, b"", groups.encode(C, group(C)), pending)])
    found = groups.pending_of({C: {x: 10, y: 2}, A: {y: 1}})
    assert {group: list(fields) for group, fields in found.items()} == {C: [f"{one}:9", f"{one}:10"]}
    assert groups.pending_of({C: {y: 1}}) == {C: {f"{other}:1": b"1"}}
    assert groups.pending_of({}) == {}
