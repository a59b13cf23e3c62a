"""Limits on connections, against clients that are slow or silent, by intent or not.

Uvicorn has no time limit for the head of a request, nor for a client that reads nothing, and counts silent connections among those
that make it refuse requests. So each connection is watched here:

    waiting    no request is being answered: new, idle, or sending a head. A head has to arrive within 10 seconds.
    answering  no limit of time, as a stream of events has none. A client that takes nothing of what is written for 30 seconds is
               cut off.

There are at most 900 connections, which fit into the usual limit of 1,024 files. Beyond, the one that waits longest is closed, or
the new one where none waits: clients that send at once are answered, however many silent ones there are. h11 limits the size of a
head, to 16 kB.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

__all__ = ["Connections"]

_HEAD_SECONDS = 10.0
_STALLED_SECONDS = 30.0
_MOST = 900


class Connections:
    """The connections of one server; give `protocol()` to Uvicorn as `http`."""

    def __init__(
        self,
        *,
        head_seconds: float = _HEAD_SECONDS,
        stalled_seconds: float = _STALLED_SECONDS,
        most: int = _MOST,
    ) -> None:
        self.head_seconds = head_seconds
        self.stalled_seconds = stalled_seconds
        self.on_cut_off: Callable[[str], None] = lambda _path: None
        """Called with the path of a request when its client is cut off, as it takes nothing of the answer."""
        self._most = most
        self._all: set[_Watched] = set()
        self._waiting: OrderedDict[_Watched, None] = OrderedDict()

    def protocol(self) -> type[asyncio.Protocol]:
        """Return the class of Uvicorn's protocol whose connections are watched here."""
        return type("WatchedProtocol", (_Watched,), {"limits": self})

    def __len__(self) -> int:
        return len(self._all)

    def opened(self, connection: _Watched) -> None:
        """Take up a new connection, which waits, and close the one that waits longest where there are too many."""
        self._all.add(connection)
        self.waits(connection)
        if len(self._all) > self._most:
            oldest, _ = self._waiting.popitem(last=False)  # the new one at least waits
            self._all.discard(oldest)
            oldest.transport.abort()

    def waits(self, connection: _Watched) -> None:
        """Note that a connection has no request being answered."""
        self._waiting[connection] = None
        self._waiting.move_to_end(connection)

    def answers(self, connection: _Watched) -> None:
        """Note that a request of a connection is being answered."""
        self._waiting.pop(connection, None)

    def closed(self, connection: _Watched) -> None:
        """Drop a connection that has ended."""
        self._waiting.pop(connection, None)
        self._all.discard(connection)


class _Watched(H11Protocol):
    """One connection."""

    limits: Connections

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._head: asyncio.TimerHandle | None = None
        self._stalled: asyncio.TimerHandle | None = None

    @property
    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._expect_head()
        self.limits.opened(self)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._head, self._stalled = _cancelled(self._head), _cancelled(self._stalled)
        self.limits.closed(self)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._is_answering:
            self._head = _cancelled(self._head)
            self.limits.answers(self)
        elif self._head is None:  # of the next request: Uvicorn's limit for idle connections ended with this data
            self._expect_head()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not self.transport.is_closing() and not self._is_answering:
            self._wait()
            if self.conn.trailing_data[0]:  # the next head has begun, together with the request before it
                self._expect_head()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stalled = self.loop.call_later(self.limits.stalled_seconds, self._cut_off)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._stalled = _cancelled(self._stalled)
        if not self._is_answering:
            self._wait()

    def _cut_off(self) -> None:
        if self._is_answering:
            self.limits.on_cut_off(self.cycle.scope["path"])
        self.transport.abort()

    def _wait(self) -> None:
        if not self.flow.write_paused:  # else the answer is still on its way to a client that reads slowly
            self.limits.waits(self)

    def _expect_head(self) -> None:
        _cancelled(self._head)
        self._head = self.loop.call_later(self.limits.head_seconds, self.transport.abort)


def _cancelled(timer: asyncio.TimerHandle | None) -> asyncio.TimerHandle | None:
    if timer is not None:
        timer.cancel()
    return None
