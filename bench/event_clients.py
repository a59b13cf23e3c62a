"""Subscribers over HTTP, hundreds of them in one process, which compare what they receive."""

from __future__ import annotations

import asyncio
import multiprocessing
import re
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from types import TracebackType
from typing import NamedTuple, Self

__all__ = ["EventClients", "Received"]

_PROCESSES = multiprocessing.get_context("spawn")
_EVENT = re.compile(rb'"event_id":"([^"]+)"')
_MADE = re.compile(rb'"causes":\["([0-9.]+)"\]')


class Received(NamedTuple):
    """What subscribers have received so far.

    `fewest` has, by path, the number of events that the client with the fewest has. `astray` counts the clients that received
    another sequence of events than the others of their path, `ended` those whose connection ended. `sequences` has the ids of the
    events by path, in order; `delays` the seconds from the making of each event until the last client had it.
    """

    connected: int
    fewest: dict[str, int]
    astray: int
    ended: int
    sequences: dict[str, list[str]]
    delays: list[float]

    def delay(self, share: float) -> float:
        """Return a percentile of the delays in ms."""
        if not self.delays:
            return 0.0
        return 1000 * sorted(self.delays)[min(int(len(self.delays) * share), len(self.delays) - 1)]


class EventClients:
    """A process with one connection for each path, for the length of a `with`."""

    def __init__(self, address: tuple[str, int], paths: Sequence[str]) -> None:
        self._pipe, theirs = _PROCESSES.Pipe()
        self._process = _PROCESSES.Process(target=_run, args=(address, paths, theirs), daemon=True)

    def __enter__(self) -> Self:
        self._process.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pipe.close()  # which ends it
        self._process.join(10)

    def received(self) -> Received:
        """Return what has been received so far."""
        self._pipe.send(None)
        received: Received = self._pipe.recv()
        return received


class _Sequence:
    """The events of one path, in the order in which the first subscriber to have each received them."""

    def __init__(self) -> None:
        self.events: list[bytes] = []

    def agrees(self, at: int, found: list[bytes]) -> bool:
        """Return whether events that a client receives after `at` others are those of this sequence, which grows by the rest."""
        known = self.events[at : at + len(found)]
        self.events += found[len(known) :]
        return known == found[: len(known)]


class _Client(asyncio.Protocol):
    """A connection. Frames are not divided among the chunks of a response, so those are not decoded."""

    def __init__(self, path: str, sequence: _Sequence, *, measures: bool) -> None:
        self.path, self._sequence, self._measures = path, sequence, measures
        self._rest = b""
        self.count = 0
        self.is_connected = self.is_astray = self.has_ended = False
        self.delays: list[float] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.write(f"GET {self.path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())

    def data_received(self, data: bytes) -> None:
        whole, mark, self._rest = (self._rest + data).rpartition(b"\n\n")
        if not mark:
            return
        self.is_connected = self.is_connected or b"event: position" in whole
        found = _EVENT.findall(whole)
        if not found:
            return
        if self._measures:
            now = time.time()
            self.delays += [now - float(made) for made in _MADE.findall(whole)]
        self.is_astray = self.is_astray or not self._sequence.agrees(self.count, found)
        self.count += len(found)

    def connection_lost(self, exc: Exception | None) -> None:
        self.has_ended = True


def _run(address: tuple[str, int], paths: Sequence[str], pipe: Connection) -> None:
    asyncio.run(_subscribe(address, paths, pipe))


async def _subscribe(address: tuple[str, int], paths: Sequence[str], pipe: Connection) -> None:
    loop = asyncio.get_running_loop()
    sequences = {path: _Sequence() for path in paths}
    clients = [_Client(p, sequences[p], measures=n == len(paths) - 1) for n, p in enumerate(paths)]
    for client in clients:
        await loop.create_connection(lambda client=client: client, *address)  # type: ignore[misc]
    while True:
        try:
            await loop.run_in_executor(None, pipe.recv)
        except EOFError:
            return
        pipe.send(
            Received(
                sum(client.is_connected for client in clients),
                {path: min(client.count for client in clients if client.path == path) for path in sequences},
                sum(client.is_astray for client in clients),
                sum(client.has_ended for client in clients),
                {path: [each.decode() for each in sequence.events] for path, sequence in sequences.items()},
                clients[-1].delays,
            )
        )
