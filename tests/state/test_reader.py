"""What one micro-batch has read of the record store; on real Redis."""

from __future__ import annotations

import pytest

from streams.records.record import Record
from streams.records.stored import Stored, id_of
from streams.records.version import RecordVersion
from streams.settings import Settings
from streams.state.connection import READ_FIELDS, Connection
from streams.state.layout import Layout
from streams.state.reader import Reader
from streams.state.record_store import PUT_RECORDS, Put, RecordStore

A, B = id_of("s:a"), id_of("s:b")
RECORD = Record(source="s", source_id="a", title="Lichens on basalt")


def stored(version: int, *, live: bool = True) -> Stored:
    kept = RecordVersion.of(b"%d" % version, version=version, taken=version)
    return Stored.of(kept if live else kept._replace(live=False), b"features" if live else b"")


@pytest.fixture
def store(generation: Settings, connection: Connection) -> RecordStore:
    store = RecordStore(Layout(generation.namespace, generation.generation, generation.buckets))
    connection.register(PUT_RECORDS)
    connection.execute([store.put([Put(A, None, stored(1), store.encode_record(RECORD))])])
    return store


def test_records_are_read_when_first_wanted(store: RecordStore, connection: Connection) -> None:
    reader = Reader(store, connection)
    assert reader.features(A) == b""
    reader.load([A, B, A])
    reader.load_records([A, B])
    assert (reader.features(A), reader.features(B)) == (b"features", b"")
    assert (reader.record(A), reader.record(B)) == (RECORD, None)
    assert (reader.is_live(A), reader.is_live(B)) == (True, False)
    assert reader.stored() == {A: stored(1), B: None}


def test_a_record_that_another_worker_wrote_has_changed(store: RecordStore, connection: Connection) -> None:
    reader = Reader(store, connection)
    reader.load([A, B])
    assert reader.changed([A, B]) == []
    connection.execute([store.put([Put(A, stored(1), stored(2), None)])])
    assert reader.changed([A, B]) == [A]
    assert reader.features(A) == b"features", "what was read stays until it is forgotten"
    reader.forget([A])
    reader.load([A])
    assert reader.stored()[A] == stored(2)


def test_a_refused_write_leaves_what_another_worker_stored(store: RecordStore, connection: Connection) -> None:
    reader = Reader(store, connection)
    reader.cache(A, stored(3), b"")
    reader.cache_read(A, stored(1))
    reader.load_records([A])
    assert (reader.stored()[A], reader.record(A)) == (stored(1), RECORD)


def test_a_connection_with_the_script_reads_many_at_once(store: RecordStore, connection: Connection) -> None:
    connection.register(READ_FIELDS)
    reader, trips = Reader(store, connection), connection.round_trips
    others = [id_of(f"s:{number}") for number in range(300)]
    reader.load([*others, A])
    reader.load_records([A, *others])
    assert connection.round_trips == trips + 2
    assert reader.stored() == {**dict.fromkeys(others), A: stored(1)}
    assert (reader.record(A), reader.record(others[0])) == (RECORD, None)
    assert reader.changed([*others, A]) == []


def test_what_was_just_written_is_not_read_again(store: RecordStore, connection: Connection) -> None:
    reader = Reader(store, connection)
    reader.cache(B, stored(3), store.encode_record(RECORD))
    reader.load([B])
    assert (reader.record(B), reader.stored()[B]) == (RECORD, stored(3))
    reader.cache(B, stored(4, live=False), None)
    assert not reader.is_live(B)
    assert reader.record(B) == RECORD
