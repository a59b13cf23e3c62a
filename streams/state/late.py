"""Clusters whose state is published again later, on a schedule. Key `N:l` of `state/layout.py`.

A worker that dies leaves bytes behind on their way to the broker. They may arrive after another worker has published the pending
events and newer states of the same clusters: in a compacted topic the older state would then be the last one, and the worker
that would compare is gone (ADR 4). So the states of clusters whose events another worker published are published again with
growing pauses, until no bytes of the dead worker can arrive any more.

`l`, sorted set: member = step (1 byte) + cluster key, score = when it is due, by the server's time in ms.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from streams.records.chunks import chunks
from streams.state.connection import Command, Connection, Script
from streams.state.layout import Layout

__all__ = ["NOTE_LATE", "TAKE_LATE", "LateStates"]

_FOLDER = Path(__file__).parent
NOTE_LATE, TAKE_LATE = (Script(_FOLDER / f"{name}.lua") for name in ("note_late", "take_late"))

_PAUSES_MS = (2_000, 20_000, 200_000, 1_000_000)
"""Before each publication. A dead machine's bytes may be on their way for some 15 minutes: so long Linux sends
them again (`tcp_retries2`), or a stopped proxy holds them."""
_LEASE_MS = 60_000
"""How long a worker may take for the last publication before another worker takes it over."""
_CHUNK = 1000


class LateStates:
    """Schedules clusters, and hands them out when they are due."""

    def __init__(self, layout: Layout, connection: Connection) -> None:
        """Use a connection on which `NOTE_LATE` and `TAKE_LATE` are registered."""
        self._key = layout.late
        self._connection = connection

    def note(self, clusters: Iterable[bytes]) -> None:
        """Schedule clusters, by their keys, whose events were published for another worker."""
        for chunk in chunks(clusters, _CHUNK):
            self._connection.execute([NOTE_LATE.call((self._key,), (_PAUSES_MS[0], *(b"\0" + key for key in chunk)))])

    def take(self, most: int) -> list[bytes]:
        """Take at most `most` members that are due; for the time of a lease no other worker gets them.

        `cluster` reads which cluster a member names. The caller publishes the states of these clusters, then calls `done`.
        """
        (members,) = self._connection.execute([TAKE_LATE.call((self._key,), (most, _LEASE_MS, *_PAUSES_MS[1:]))])
        return list(members)

    def done(self, members: Sequence[bytes]) -> None:
        """Remove the members whose last publication is acknowledged."""
        over = [member for member in members if member[0] == len(_PAUSES_MS) - 1]
        if over:
            self._connection.execute([Command(self._key, ("ZREM", self._key, *over))])

    @staticmethod
    def cluster(member: bytes) -> bytes:
        """Return the key of the cluster that a member is about."""
        return member[1:]
