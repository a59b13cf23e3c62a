"""Parse a stream of Server-Sent Events, as the HTML standard says. Pure.

A message whose end did not arrive, as when a connection is cut, is left out with its id: after a reconnection it comes again.
"""

from __future__ import annotations

import re
from typing import NamedTuple

__all__ = ["MAX_LINE_BYTES", "SseMessage", "SseParser"]

MAX_LINE_BYTES = 64 * 1024 * 1024
"""A longer line is not one of Streams, whose largest message has 16 MB."""
_LINE_END = re.compile(rb"\r\n|\n|\r(?=.)", re.DOTALL)  # a CR at the end may be half of CRLF
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class SseMessage(NamedTuple):
    """A message: the name of its event, its data, and the id that is the last one after it. Without data it has an id alone."""

    event: str
    data: str
    last_id: str


class SseParser:
    """Takes bytes as they arrive, and returns whole messages. Use a new one for each connection."""

    def __init__(self, last_id: str = "") -> None:
        """Begin a stream; `last_id` is the last id of the connection before."""
        self.retry_ms: int | None = None
        self._last_id = last_id
        self._parts: list[bytes] = []
        self._is_first = True
        self._begin()

    def feed(self, data: bytes) -> list[SseMessage]:
        """Take bytes; return the messages that end in them. Raises ValueError where a line is longer than MAX_LINE_BYTES."""
        self._parts.append(data)
        if b"\n" not in data and b"\r" not in data and not self._parts[0].endswith(b"\r"):
            if sum(map(len, self._parts)) > MAX_LINE_BYTES:
                raise ValueError(f"a line of more than {MAX_LINE_BYTES} bytes")
            return []
        *lines, rest = _LINE_END.split(b"".join(self._parts))
        self._parts = [rest]
        return [message for line in lines if (message := self._line(line))]

    def _begin(self) -> None:
        self._event, self._data, self._id = "", list[str](), self._last_id

    def _line(self, line: bytes) -> SseMessage | None:
        if self._is_first:
            line, self._is_first = line.removeprefix(_BYTE_ORDER_MARK), False
        if line:
            self._take(line)
            return None
        return self._end()

    def _end(self) -> SseMessage | None:
        has_moved = self._id != self._last_id
        self._last_id = self._id
        message = SseMessage(self._event or "message", "\n".join(self._data), self._id)
        has_data = bool(self._data)
        self._begin()
        return message if has_data or has_moved else None

    def _take(self, line: bytes) -> None:
        name, _, value = line.decode("utf-8", "replace").partition(":")
        value = value.removeprefix(" ")
        match name:
            case "event":
                self._event = value
            case "data":
                self._data.append(value)
            case "id" if "\0" not in value:
                self._id = value
            case "retry" if value.isascii() and value.isdigit():
                self.retry_ms = int(value)
            case _:
                pass  # a comment (no name), or a field of later versions
