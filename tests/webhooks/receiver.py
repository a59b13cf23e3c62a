"""A receiver of webhooks as a user would write one: a real HTTP server on loopback that verifies what it is sent."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple, Self

from standardwebhooks import Webhook

from streams.webhooks.delivery import new_secret

__all__ = ["Received", "Receiver", "Said"]


class Received(NamedTuple):
    """A request that was verified: its id and payload, and the status that it was answered with."""

    id: str
    payload: dict[str, Any]
    status: int


class Said(NamedTuple):
    """What a receiver answers: `cut` closes the connection in place of an answer."""

    status: int = 204
    headers: Mapping[str, str] = {}
    body: bytes = b""
    cut: bool = False


class Receiver:
    """Use as `with`. `answer` decides by the id how a request is answered, 204 by default; `received` has all, in their order."""

    def __init__(self, answer: Callable[[str], Said] | None = None) -> None:
        self.secret = new_secret()
        self.answer = answer or (lambda _id: Said())
        self.received: list[Received] = []
        self.unverified: list[Exception] = []
        self.server = _Server(("127.0.0.1", 0), self._handler())
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/hooks?token=hidden"
        self._thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self._thread.join()
        self.server.server_close()

    @property
    def taken(self) -> list[dict[str, Any]]:
        """The data of the events that were answered with 2xx, in their order, repeats too."""
        return [each.payload["data"] for each in self.received if 200 <= each.status < 300]

    def statuses(self, name: str) -> list[int]:
        """How the requests with an id were answered."""
        return [each.status for each in self.received if each.id == name]

    def file(self, folder: Path, more: str = "", name: str = "a") -> Path:
        """Write a file with this endpoint, whose address is listed."""
        path = folder / "webhooks.toml"
        path.write_text(
            f'allow_networks = ["127.0.0.1"]\nallow_http = ["127.0.0.1"]\n'
            f'[[endpoint]]\nname = "{name}"\nurl = "{self.url}"\nsecrets = ["{self.secret}"]\n{more}\n'
        )
        path.chmod(0o600)
        return path

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                try:
                    payload = Webhook(receiver.secret).verify(body, dict(self.headers))
                except Exception as error:
                    receiver.unverified.append(error)
                    raise
                name = self.headers["webhook-id"]
                said = receiver.answer(name)
                receiver.received.append(Received(name, payload, 0 if said.cut else said.status))
                if said.cut:
                    self.close_connection = True
                    return
                self.send_response(said.status)
                for header, value in said.headers.items():
                    self.send_header(header, value)
                self.send_header("Content-Length", str(len(said.body)))
                self.end_headers()
                self.wfile.write(said.body)

            def log_message(self, *_: object) -> None:
                pass

        return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A client that closed its connection is no error of the receiver."""
