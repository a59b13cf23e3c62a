"""Records and progress, on a real server."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from streams.errors import SettingsError, StateError
from streams.records.stored import Stored, id_of
from streams.records.version import RecordVersion
from streams.settings import Settings
from streams.state.connection import Connection
from streams.state.layout import Layout
from streams.state.progress import Progress
from streams.state.record_store import PUT_RECORDS, Put, RecordStore

New = Callable[[], Connection]
KEY = id_of("s:a")


def stored(version: int) -> Stored:
    return Stored.of(RecordVersion.of(b"%d" % version, version=version, taken=version), b"features %d" % version)


def test_a_record_is_stored_only_over_what_was_read(layout: Layout, new_connection: New) -> None:
    connection, store = new_connection(), RecordStore(layout)
    connection.register(PUT_RECORDS)

    def put(expected: Stored | None, new: Stored) -> dict[int, Stored | None]:
        document = b"document of %d" % new.version.version
        return store.refused(connection.execute([store.put([Put(KEY, expected, new, document)])])[0])

    def read() -> Stored | None:
        return store.stored(connection.execute([store.get(KEY)])[0])

    assert read() is None
    assert put(None, stored(1)) == {}
    assert read() == stored(1)
    assert put(None, stored(2)) == {0: stored(1)}, "who is refused learns what is stored"
    assert put(stored(1), stored(2)) == {}
    assert read() == stored(2)
    assert put(stored(1), stored(3)) == {0: stored(2)}
    assert connection.execute([store.get_document(KEY)]) == [b"document of 2"]


def test_a_record_expected_but_gone_is_not_stored(layout: Layout, new_connection: New) -> None:
    connection, store = new_connection(), RecordStore(layout)
    connection.register(PUT_RECORDS)
    (reply,) = connection.execute([store.put([Put(KEY, stored(1), stored(2), b"d")])])
    assert store.refused(reply) == {0: None}
    assert connection.execute([store.get(KEY)]) == [None]


def test_of_many_records_those_are_stored_that_are_as_expected(layout: Layout, new_connection: New) -> None:
    connection, store = new_connection(), RecordStore(layout)
    connection.register(PUT_RECORDS)
    a, b, c, d = (id_of(f"s:{name}") for name in "abcd")
    connection.execute([store.put([Put(record, None, stored(1), b"first") for record in (a, b, c)])])
    second = [
        Put(a, stored(1), stored(2), None),
        Put(b, None, stored(2), b"never"),
        Put(c, stored(1), stored(2), b""),
        Put(d, None, stored(2), b"second"),
    ]
    assert store.refused(connection.execute([store.put(second)])[0]) == {1: stored(1)}
    read = [store.stored(reply) for reply in connection.execute([store.get(record) for record in (a, b, c, d)])]
    assert read == [stored(2), stored(1), stored(2), stored(2)]
    documents = connection.execute([store.get_document(record) for record in (a, b, c, d)])
    assert documents == [b"first", b"first", None, b"second"]


def test_of_writers_at_once_exactly_one_gets_through(layout: Layout, new_connection: New) -> None:
    workers, rounds = 5, 20
    barrier = threading.Barrier(workers)
    wins: list[tuple[int, int]] = []
    connections = [new_connection() for _ in range(workers)]
    connections[0].register(PUT_RECORDS)

    def write(worker: int) -> None:
        store = RecordStore(layout)
        for turn in range(rounds):
            barrier.wait(20)
            command = store.put([Put(id_of(f"r{turn}"), None, stored(worker + 1), b"d")])
            if connections[worker].execute([command]) == [[]]:
                wins.append((turn, worker))

    threads = [threading.Thread(target=write, args=(worker,)) for worker in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(turn for turn, _ in wins) == list(range(rounds))


def test_a_generation_made_otherwise_is_refused(generation: Settings, layout: Layout, new_connection: New) -> None:
    progress = Progress(layout, new_connection())
    progress.claim(generation)
    progress.claim(generation)
    with pytest.raises(SettingsError, match=r"STREAMS_BUCKETS.*was made with 16"):
        progress.claim(generation.model_copy(update={"buckets": 32}))


def test_state_of_another_format_is_refused(generation: Settings, layout: Layout, new_connection: New) -> None:
    connection = new_connection()
    connection.call("HSET", layout.meta, "format", "999")
    with pytest.raises(StateError, match="state format 999"):
        Progress(layout, connection).claim(generation)
