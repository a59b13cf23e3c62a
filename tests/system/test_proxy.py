"""The proxy of the fault tests does what it says: else they would prove nothing."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from tests.system.proxy import Proxy


class Echo:
    """Answers what it is sent, with a name before it."""

    def __init__(self, name: bytes) -> None:
        self._name = name
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = ("127.0.0.1", self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection:
            while received := connection.recv(100_000):
                connection.sendall(self._name + received)

    def close(self) -> None:
        with contextlib.suppress(OSError):  # closed already
            self._listener.shutdown(socket.SHUT_RDWR)  # else the accept in the other thread keeps it open
        self._listener.close()


@pytest.fixture
def echo() -> Iterator[Echo]:
    server = Echo(b"a:")
    yield server
    server.close()


@pytest.fixture
def proxy(echo: Echo) -> Iterator[Proxy]:
    with Proxy(echo.address) as made:
        yield made


def dial(proxy: Proxy) -> socket.socket:
    return socket.create_connection(("127.0.0.1", proxy.port), timeout=5)


def ask(connection: socket.socket, text: bytes) -> bytes:
    connection.sendall(text)
    return connection.recv(100_000)


def test_it_forwards_and_counts(proxy: Proxy) -> None:
    with dial(proxy) as one, dial(proxy) as two:
        assert ask(one, b"x") == b"a:x"
        assert ask(two, b"y") == b"a:y"
    assert proxy.connections == 2


def test_cut_ends_connections_and_refuses_new_ones_until_restore(proxy: Proxy) -> None:
    with dial(proxy) as one:
        assert ask(one, b"x") == b"a:x"
        proxy.cut()
        assert one.recv(1) == b""
    with pytest.raises(ConnectionRefusedError):
        dial(proxy)
    proxy.restore()
    with dial(proxy) as two:
        assert ask(two, b"x") == b"a:x"


def test_stall_keeps_connections_and_forwards_nothing(proxy: Proxy) -> None:
    with dial(proxy) as one:
        assert ask(one, b"x") == b"a:x"
        proxy.stall()
        one.sendall(b"y")
        one.settimeout(0.2)
        with pytest.raises(TimeoutError):
            one.recv(1)
        proxy.restore()
        one.settimeout(5)
        assert one.recv(100) == b"a:y"


def test_delay_holds_back_each_way(proxy: Proxy) -> None:
    with dial(proxy) as one:
        assert ask(one, b"x") == b"a:x"
        proxy.delay(0.1)
        began = time.monotonic()
        assert ask(one, b"y") == b"a:y"
        assert time.monotonic() - began >= 0.2


def test_a_new_target_gets_the_connections_to_come(proxy: Proxy) -> None:
    other = Echo(b"b:")
    with dial(proxy) as before:
        assert ask(before, b"x") == b"a:x"
        proxy.target = other.address
        with dial(proxy) as after:
            assert ask(after, b"x") == b"b:x"
        assert ask(before, b"x") == b"a:x"
    other.close()


def test_a_target_that_is_not_there_ends_the_connection(echo: Echo) -> None:
    echo.close()
    with Proxy(echo.address) as proxy, dial(proxy) as one:
        assert one.recv(1) == b""
