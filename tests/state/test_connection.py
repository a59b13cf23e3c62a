from __future__ import annotations

from collections.abc import Callable

import pytest

from streams.errors import RedisError
from streams.records.stored import Stored, id_of
from streams.records.version import RecordVersion
from streams.settings import Settings
from streams.state.connection import Command, Connection, connect
from streams.state.layout import Layout
from streams.state.record_store import PUT_RECORDS, Put, RecordStore

New = Callable[[], Connection]


KEY = id_of("s:a")


def stored(version: int) -> Stored:
    return Stored.of(RecordVersion.of(b"%d" % version, version=version, taken=version), b"features %d" % version)


def test_a_server_that_forgot_its_scripts_is_given_them_again(layout: Layout, new_connection: New) -> None:
    connection, store = new_connection(), RecordStore(layout)
    connection.register(PUT_RECORDS)
    connection.call("SCRIPT", "FLUSH")
    assert connection.execute([store.put([Put(KEY, None, stored(1), b"d")])]) == [[]]


def test_replies_stay_in_order_when_one_command_fails(new_connection: New, layout: Layout) -> None:
    connection = new_connection()
    key = layout.meta + b"x"
    bad = [Command(key, ("SET", key, "text")), Command(key, ("HGET", key, "a")), Command(key, ("GET", key))]
    with pytest.raises(RedisError, match="WRONGTYPE"):
        connection.execute(bad)
    assert connection.execute([Command(key, ("GET", key)), Command(key, ("STRLEN", key))]) == [b"text", 4]


def test_a_server_that_is_not_there_is_said_so() -> None:
    connection = connect(Settings(redis_url="redis://127.0.0.1:1"))
    with pytest.raises(RedisError, match=r"127\.0\.0\.1:1"):
        connection.execute([Command(b"a", ("GET", "a"))])
