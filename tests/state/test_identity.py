"""The identity of the state in Redis."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from streams.errors import LostStateError
from streams.settings import Settings
from streams.state.connection import Command, Connection
from streams.state.identity import IdentityStore, StoredIdentity, carry_identity
from streams.state.layout import Layout
from streams.state.progress import Progress, Step

PLACE = ("records.document", 0)


def test_an_id_is_chosen_once_and_is_named_when_it_is_confirmed(generation: Settings, connection: Connection) -> None:
    store = IdentityStore(generation, connection)
    assert store.read() == StoredIdentity("", False, False, False, False)
    chosen = store.choose()
    assert store.choose() == chosen
    assert store.read() == StoredIdentity(chosen, False, False, False, False)
    store.confirm(chosen)
    assert store.read() == StoredIdentity(chosen, True, True, False, True)
    store.clear()
    Progress(Layout(generation.namespace, generation.generation, generation.buckets), connection).put({PLACE: 3})
    store.begin_again()
    assert store.read() == StoredIdentity("", False, False, False, False), "a part counts for nothing"
    store.confirm("whole")
    assert store.read() == StoredIdentity("whole", True, True, True, True)
    store.clear()
    assert store.read() == StoredIdentity("", False, False, False, False)


def test_the_version_that_takes_over_has_the_same_id(generation: Settings, connection: Connection) -> None:
    store = IdentityStore(generation, connection)
    store.confirm("abc")
    meta = Layout(generation.namespace, generation.generation, generation.buckets).meta
    connection.call("HSET", meta, "successor", "next-" + generation.generation)
    following = IdentityStore(generation, connection)
    assert following.settings.generation == "next-" + generation.generation
    assert following.read().state == "abc", "also where a rebuild by an older release did not take it along"
    carry_identity(generation.namespace, generation.generation, "third-" + generation.generation, connection)
    third = generation.model_copy(update={"generation": "third-" + generation.generation})
    assert IdentityStore(third, connection).read() == StoredIdentity("abc", True, False, False, False)


@pytest.mark.parametrize("spread", [False, True], ids=["one key", "64 keys"])
def test_nothing_is_stored_without_the_state(generation: Settings, connection: Connection, spread: bool) -> None:
    layout = Layout(generation.namespace, generation.generation, generation.buckets)
    progress = Progress(layout, connection, spread=spread)
    known = progress.look().histories
    progress.name_state("abc")
    progress.state = "abc"
    assert progress.has_state("abc")
    assert not progress.has_state("abd")
    assert progress.mark([Step(*PLACE, 0, 5)], known) == ({}, known)
    progress.forget_positions()
    assert progress.look().positions == {}, "the id stays"
    assert progress.mark([Step(*PLACE, 0, 5)], known) == ({}, known)
    key = layout.spread_progress[3] if spread else layout.progress
    connection.execute([Command(key, ("DEL", key))])
    for call in (lambda: progress.mark([Step(*PLACE, 5, 9)], known), lambda: progress.check((), known), progress.look):
        with pytest.raises(LostStateError, match="abc"):
            call()
    progress.state = ""
    assert progress.look().positions.get(PLACE, 0) == 0, "nothing was stored where the state is not"


def test_a_shard_that_was_emptied_is_seen(
    cluster_generation: Settings, new_cluster_connection: Callable[[], Connection]
) -> None:
    connection = new_cluster_connection()
    store = IdentityStore(cluster_generation, connection)
    store.confirm("abc")
    assert store.read() == StoredIdentity("abc", True, True, False, True)
    layout = Layout(cluster_generation.namespace, cluster_generation.generation, cluster_generation.buckets)
    connection.execute([Command(layout.spread_progress[9], ("DEL", layout.spread_progress[9]))])
    assert not store.read().is_whole
