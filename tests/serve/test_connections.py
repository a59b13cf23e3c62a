"""Slow and silent clients on real sockets: they are cut off, and others are answered meanwhile."""

from __future__ import annotations

import contextlib
import itertools
import socket
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from litestar import get, post
from litestar.params import JSONBody
from litestar.response import Stream
from litestar.types import Receive, Scope, Send

from streams.local.serve import ServeProcess
from streams.local.valkey import Valkey
from streams.serve import guards
from streams.serve.access import requires
from streams.serve.connections import Connections
from streams.settings import Settings
from tests.serve.running import Server, served
from tests.system.processes import wait_for

HEAD = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n"
SECONDS = 0.25
"""What a limit of this test is set to."""


@post("/try/body", guards=[requires("read")], sync_to_thread=False)
def try_body(data: JSONBody[dict[str, Any]]) -> int:
    return len(data)


@get("/try/stream", sync_to_thread=False)
def try_stream() -> Stream:
    return Stream(itertools.repeat(b"x" * 65_536))


@get("/try/large", sync_to_thread=False)
def try_large() -> bytes:
    return b"x" * 50_000_000


def is_closed(connection: socket.socket, within: float = 5.0) -> bool:
    """Tell whether the server closes a connection within `within` seconds; what it sends before that is read."""
    connection.settimeout(within)
    try:
        while connection.recv(65_536):
            pass
    except TimeoutError:
        return False
    except ConnectionError:
        return True
    return True


def test_a_head_that_does_not_end_is_not_waited_for() -> None:
    begun = (b"", b"GET", HEAD, HEAD + b"\r\n" + HEAD, HEAD + b"X-Long: " + b"x" * 10_000)
    with served(head_seconds=SECONDS) as own, ExitStack() as opened:
        began = time.monotonic()
        slow = [opened.enter_context(own.connect(sent)) for sent in begun]
        assert own.answer()[0] == 200
        for connection in slow:
            assert is_closed(connection)
            assert time.monotonic() - began > SECONDS / 2
        assert own.answer()[0] == 200


def test_a_head_that_comes_byte_by_byte_has_no_more_time() -> None:
    with served(head_seconds=SECONDS) as own, own.connect() as slow:
        began = time.monotonic()
        with contextlib.suppress(OSError):  # closed while it still sends
            while time.monotonic() - began < 10:
                slow.sendall(b"x")
                time.sleep(0.02)
        assert time.monotonic() - began < 5


def test_an_idle_connection_is_kept_and_its_next_head_has_the_same_time() -> None:
    with served(head_seconds=SECONDS) as own, own.connect(HEAD + b"\r\n") as idle:
        assert idle.recv(65_536).startswith(b"HTTP/1.1 200")
        time.sleep(2 * SECONDS)
        idle.sendall(HEAD + b"\r\n")
        assert idle.recv(65_536).startswith(b"HTTP/1.1 200")
        idle.sendall(HEAD)
        assert is_closed(idle)


def test_of_too_many_that_wait_the_longest_is_closed() -> None:
    with served(most=10) as own, ExitStack() as opened:
        slow = [opened.enter_context(own.connect(HEAD)) for _ in range(30)]
        assert all(is_closed(each) for each in slow[:20])
        assert own.answer()[0] == 200  # which closes one more
        slow[-1].sendall(b"\r\n")
        assert slow[-1].recv(65_536).startswith(b"HTTP/1.1 200")


def test_connections_are_bounded_altogether() -> None:
    with served([try_large], most=5) as own, ExitStack() as opened:
        reading = [
            opened.enter_context(own.connect(b"GET /try/large HTTP/1.1\r\nHost: localhost\r\n\r\n")) for _ in range(5)
        ]
        assert all(each.recv(10).startswith(b"HTTP/1.1 2") for each in reading)
        with own.connect(HEAD) as late:
            assert is_closed(late), "all others are being answered"
        reading[0].close()
        wait_for(lambda: len(own.connections) < 5, "one has ended")
        assert own.answer()[0] == 200


def test_a_client_that_reads_nothing_is_cut_off() -> None:
    with served([try_large], stalled_seconds=SECONDS) as own:
        with own.connect(b"GET /try/large HTTP/1.1\r\nHost: localhost\r\n\r\n") as stalled:
            assert stalled.recv(10).startswith(b"HTTP/1.1 2")
            wait_for(lambda: not len(own.connections), "it is cut off")
        with own.connect(b"GET /try/large HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n") as reading:
            total = 0
            while got := len(reading.recv(1_000_000)):
                total += got
            assert total > 50_000_000


def test_a_body_that_does_not_arrive_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guards, "_BODY_SECONDS", SECONDS)
    with served([try_body]) as own:
        head = b"POST /try/body HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        for more in (b"Content-Length: 100\r\n\r\n{", b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n"):
            with own.connect(head + more) as slow:
                text = b""
                while b'"too_slow"' not in text and (got := slow.recv(65_536)):
                    text += got
                assert text.startswith(b"HTTP/1.1 408")
                assert b"application/problem+json" in text
                assert is_closed(slow)
        body = b'{"a": 1}'
        headers = {"Content-Type": "application/json"}
        assert own.answer("/try/body", method="POST", body=body, headers=headers) == (201, b"1")


def test_a_stream_outlasts_the_time_of_a_body(monkeypatch: pytest.MonkeyPatch) -> None:
    """A route that waits for the end of the connection, as a stream of events does, is not ended by the limit of bodies."""
    monkeypatch.setattr(guards, "_BODY_SECONDS", SECONDS)
    ended = threading.Event()

    async def wait(_scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"begun", "more_body": True})
        assert (await receive())["type"] == "http.disconnect"
        ended.set()

    with served(head_seconds=SECONDS, stalled_seconds=SECONDS) as own:
        own.app.asgi_handler._app = wait
        for more in (b"\r\n", b"Content-Length: 2\r\n\r\n{}"):
            ended.clear()
            with own.connect(b"POST / HTTP/1.1\r\nHost: localhost\r\n" + more) as stream:
                text = b""
                while b"begun" not in text:
                    text += stream.recv(65_536)
                assert not ended.wait(2.5 * SECONDS)
            assert ended.wait(10)


def test_a_stream_that_is_cut_off_is_named() -> None:
    with served([try_stream], stalled_seconds=SECONDS) as own:
        named: list[str] = []
        own.connections.on_cut_off = named.append
        with own.connect(b"GET /try/stream HTTP/1.1\r\nHost: localhost\r\n\r\n") as stalled:
            assert stalled.recv(10).startswith(b"HTTP/1.1 2")
            wait_for(lambda: named, "it is cut off")
        assert named == ["/try/stream"]


@pytest.mark.system
def test_health_is_answered_beside_200_slow_connections_and_beside_920(valkey: Valkey, tmp_path: Path) -> None:
    settings = Settings(kafka_url="127.0.0.1:1", redis_url=valkey.url, serve_port=0)
    with ServeProcess(settings, tmp_path / "serve.log") as api, ExitStack() as opened:
        api.wait_ready()
        own = Server(api.settings.serve_port, Connections())
        for more in (200, 720):
            slow = [opened.enter_context(own.connect(HEAD)) for _ in range(more)]
            for path in ("/healthz", "/readyz", "/api/v1/session"):
                assert own.answer(path)[0] == 200
            for each in slow[-100:]:  # the newest, which are not closed
                each.sendall(b"X-More: 1\r\n")
        assert own.answer("/api/v1/session")[0] == 200
    assert "Traceback" not in (tmp_path / "serve.log").read_text()


def test_many_that_come_at_once_and_send_are_all_answered() -> None:
    with served() as own, ExitStack() as opened:
        come = [opened.enter_context(own.connect()) for _ in range(400)]
        for each in come:
            each.sendall(HEAD + b"\r\n")
        assert all(each.recv(12) == b"HTTP/1.1 200" for each in come)
