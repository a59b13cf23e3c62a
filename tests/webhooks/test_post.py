"""One attempt on a real server: what is sent, what is not followed, and that nothing raises."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp
import pytest

from streams.webhooks import post as post_module
from streams.webhooks.addresses import Networks, networks_of
from streams.webhooks.configuration import Endpoint
from streams.webhooks.delivery import new_secret, probe_delivery
from streams.webhooks.post import Post
from streams.webhooks.schedule import Answer
from tests.webhooks.receiver import Receiver, Said

LOOPBACK = networks_of(["127.0.0.0/8", "::1"])


def attempt(url: str, secret: str, networks: Networks = LOOPBACK, times: int = 1) -> list[Answer]:
    async def go() -> list[Answer]:
        async with Post(networks) as post:
            return [await post(Endpoint("a", url, (secret,)), probe_delivery(time.time())) for _ in range(times)]

    return asyncio.run(go())


def test_a_receiver_verifies_what_it_is_sent() -> None:
    with Receiver() as receiver:
        answers = attempt(receiver.url, receiver.secret, times=3)
    assert [answer.status for answer in answers] == [204, 204, 204]
    assert len({each.id for each in receiver.received}) == 3
    assert receiver.unverified == []


def test_a_receiver_with_another_secret_does_not() -> None:
    with Receiver() as receiver:
        (answer,) = attempt(receiver.url, new_secret())
        assert len(receiver.unverified) == 1
    assert answer.status == 0
    assert answer.error


def test_the_status_and_retry_after_are_the_answer() -> None:
    with Receiver(lambda _id: Said(429, {"Retry-After": "17"}, b"slow down")) as receiver:
        assert attempt(receiver.url, receiver.secret) == [Answer(429, "", 17.0)]


def test_a_redirect_is_not_followed() -> None:
    with Receiver() as other, Receiver(lambda _id: Said(307, {"Location": other.url})) as receiver:
        (answer,) = attempt(receiver.url, receiver.secret)
        assert (answer.status, other.received, other.unverified) == (307, [], [])
        assert "redirects are not followed" in answer.reason


def test_a_long_answer_is_read_in_part() -> None:
    with Receiver(lambda _id: Said(200, body=bytes(20_000_000))) as receiver:
        began = time.monotonic()
        assert [answer.status for answer in attempt(receiver.url, receiver.secret, times=2)] == [200, 200]
        assert time.monotonic() - began < 10


def test_a_connection_that_breaks_is_no_answer() -> None:
    with Receiver(lambda _id: Said(cut=True)) as receiver:
        (answer,) = attempt(receiver.url, receiver.secret)
    assert (answer.status, answer.error) == (0, "Server disconnected")


def test_nobody_listens() -> None:
    with Receiver() as receiver:
        pass
    (answer,) = attempt(receiver.url, receiver.secret)
    assert answer.status == 0
    assert "Connect call failed" in answer.error
    assert "hidden" not in answer.error


@contextmanager
def silent() -> Iterator[str]:
    """A server that accepts and says nothing, and then something that is no HTTP."""
    listening = socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()

    def go() -> None:
        connection, _ = listening.accept()
        stop.wait(20)
        connection.close()

    thread = threading.Thread(target=go)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
    finally:
        stop.set()
        thread.join()
        listening.close()


def test_an_answer_is_waited_for_not_longer_than_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    assert post_module._TIMEOUT.total == 15
    monkeypatch.setattr(post_module, "_TIMEOUT", aiohttp.ClientTimeout(total=0.3))
    with silent() as url:
        assert attempt(url, new_secret()) == [Answer(0, "it did not answer within 0.3 s")]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]"])
def test_nothing_is_sent_to_an_address_that_is_refused(host: str) -> None:
    with Receiver() as receiver:
        (answer,) = attempt(f"http://{host}:{receiver.port}/", receiver.secret, networks=())
        assert (receiver.received, receiver.unverified) == ([], [])
    assert answer.status == 0
    assert "not a public address" in answer.error
