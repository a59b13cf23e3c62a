"""The application on Uvicorn, on a thread of the test: the protocol and the limits are those of `streams serve`."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from streams.serve.connections import Connections
from streams.serve.process import bind, server
from streams.settings import Settings
from tests.system.processes import wait_for


class Server:
    """A server of this process, on a thread."""

    def __init__(self, port: int, connections: Connections, app: Any = None) -> None:
        self.port, self.connections, self.app = port, connections, app

    def connect(self, sent: bytes = b"") -> socket.socket:
        opened = socket.create_connection(("127.0.0.1", self.port), timeout=20)
        opened.sendall(sent)
        return opened

    def answer(self, path: str = "/healthz", **given: Any) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(given.pop("method", "GET"), path, **given)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


@contextmanager
def served(handlers: Sequence[Any] = (), own: dict[str, Any] | None = None, **limits: Any) -> Iterator[Server]:
    """Run a server with routes, settings and limits of its own. No Redis is behind it."""
    given = {"redis_url": "redis://127.0.0.1:1", "serve_port": 0, "serve_requests_per_second": 0} | (own or {})
    settings = Settings.model_validate(given)
    connections = Connections(**limits)
    running = server(settings, connections)
    app: Any = running.config.app
    for handler in handlers:
        app.register(handler)
    bound = bind(settings)
    thread = threading.Thread(target=running.run, kwargs={"sockets": [bound]})
    thread.start()
    try:
        wait_for(lambda: running.started, "it serves")
        yield Server(bound.getsockname()[1], connections, app)
    finally:
        running.should_exit = True
        thread.join()
