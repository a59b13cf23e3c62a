"""States of clusters that a message still on its way may overwrite: they are told again. Key `N:l` of `state/layout.py`.

A worker that dies leaves bytes behind on their way to the broker. They may arrive after others have published what it owed, and
newer states of the same clusters: in a compacted topic the older one would then stand for ever, and nobody is left who
would compare (ADR 4). So the clusters for which others have spoken are told again with growing pauses, until nothing can
come any more.

`l`, sorted set: member = step (1 byte) + cluster key, score = when it is due, by the server's time in ms.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path

from streams.state.connection import Command, Connection, Script
from streams.state.layout import Layout

__all__ = ["NOTE_LATE", "TAKE_LATE", "LateStates"]

_FOLDER = Path(__file__).parent
NOTE_LATE, TAKE_LATE = (Script(_FOLDER / f"{name}.lua") for name in ("note_late", "take_late"))

_PAUSES_MS = (2_000, 20_000, 200_000, 1_000_000)
"""Before each time they are told again. A dead machine's bytes may be on their way for some 15 minutes: so long Linux sends
them again (`tcp_retries2`), or a proxy that stands still holds them."""
_LEASE_MS = 60_000
"""How long who tells them for the last time may take before somebody else does it."""
_LOT = 1000


class LateStates:
    """Notes clusters, and hands them out when they are due."""

    def __init__(self, layout: Layout, connection: Connection) -> None:
        """Who calls it registers `NOTE_LATE` and `TAKE_LATE` on the connection."""
        self._key = layout.late
        self._connection = connection

    def note(self, clusters: Iterable[bytes]) -> None:
        """Others have spoken for whoever changed these clusters, by their keys."""
        remaining = iter(clusters)
        while lot := list(islice(remaining, _LOT)):
            self._connection.execute([NOTE_LATE.call((self._key,), (_PAUSES_MS[0], *(b"\0" + key for key in lot)))])

    def take(self, most: int) -> list[bytes]:
        """At most so many members that are due, each for us alone; see `cluster`, and `done` when they are told."""
        (members,) = self._connection.execute([TAKE_LATE.call((self._key,), (most, _LEASE_MS, *_PAUSES_MS[1:]))])
        return list(members)

    def done(self, members: Sequence[bytes]) -> None:
        """They were told again; forget those for whom it was the last time."""
        over = [member for member in members if member[0] == len(_PAUSES_MS) - 1]
        if over:
            self._connection.execute([Command(self._key, ("ZREM", self._key, *over))])

    @staticmethod
    def cluster(member: bytes) -> bytes:
        """The key of the cluster that a member is about."""
        return member[1:]
