"""A client of Server-Sent Events as the HTML standard describes it: lines, fields, the last event id."""

from __future__ import annotations

import re

_END = re.compile(rb"\r\n|\n|\r(?!$)")


class Client:
    """Takes bytes cut anywhere. `received` are (id, event, data); `comments` how many lines were comments."""

    def __init__(self) -> None:
        self.received: list[tuple[str, str, str]] = []
        self.last_event_id = ""
        self.comments = 0
        self._rest = b""
        self._begin()

    def _begin(self) -> None:
        self._id, self._event, self._data = self.last_event_id, "message", list[str]()

    def disconnect(self) -> None:
        """Forget what came of a frame that was not complete."""
        self._rest = b""
        self._begin()

    def feed(self, chunk: bytes) -> None:
        self._rest += chunk
        while match := _END.search(self._rest):
            line, self._rest = self._rest[: match.start()], self._rest[match.end() :]
            self._line(line.decode())

    def _line(self, line: str) -> None:
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if not line:
            self.last_event_id = self._id
            if self._data:
                self.received.append((self._id, self._event, "\n".join(self._data)))
            self._begin()
        elif not name:
            self.comments += 1
        elif name == "id":
            self._id = value
        elif name == "event":
            self._event = value
        elif name == "data":
            self._data.append(value)
