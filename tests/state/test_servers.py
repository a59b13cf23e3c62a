"""The servers of a Redis: an exchange with several at once, and connections that were lost; on real Redis."""

from __future__ import annotations

import pytest
from redis.exceptions import ResponseError

from streams.local.broker import free_port
from streams.local.valkey import Valkey
from streams.state.servers import Arguments, Server, Single, UnsentError, converse


@pytest.fixture
def single(valkey: Valkey) -> Single:
    return Single(valkey.url, b"mark")


def test_a_single_server_has_every_key_and_its_mark(single: Single) -> None:
    server = single.owner(b"any")
    assert single.primaries() == [server]
    assert single.named("elsewhere", 1) is server
    assert server.mark == b"mark"
    single.close()


def test_replies_come_by_server_in_the_order_of_the_commands_and_errors_are_among_them(valkey: Valkey) -> None:
    one, other = Single(valkey.url, b""), Single(valkey.url, b"")
    lots: list[tuple[Server, list[Arguments]]] = [
        (one.owner(b""), [("ECHO", "a"), ("NONSENSE",), ("ECHO", b"b")]),
        (other.owner(b""), [("ECHO", 3)]),
    ]
    (first, error, second), (third,) = converse(lots)
    assert (first, second, third) == (b"a", b"b", b"3")
    assert isinstance(error, ResponseError)
    one.close()
    other.close()


def test_a_server_that_is_not_there_says_that_nothing_was_sent() -> None:
    nobody = Single(f"redis://127.0.0.1:{free_port('127.0.0.1')}", b"")
    with pytest.raises(UnsentError):
        converse([(nobody.owner(b""), [("PING",)])])


def test_connections_that_were_given_up_are_made_anew(single: Single) -> None:
    server = single.owner(b"")
    assert converse([(server, [("ECHO", "a")])]) == [[b"a"]]
    server.reconnect()
    assert converse([(server, [("ECHO", "b")])]) == [[b"b"]]
    single.close()
