"""Where each partition is read: epochs, rewinds and gaps. Pure: knows neither Kafka nor Redis.

An *epoch* of a partition is the time between two rewinds. What was read in an earlier epoch is stale: it may be processed,
which changes nothing, but is neither stored as a position nor committed. A *gap* is a range of offsets of which no message
came. The consumer reads it a second time before it believes that the topic has none (retention, aborted transactions).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable
from enum import Enum
from typing import NamedTuple

__all__ = ["Gap", "ReadPositions", "Seek", "Start"]

_MARKER = 1
"""Offsets that the end of a transaction takes, without a message: too common to read each a second time."""

Partition = Hashable


class Seek(Enum):
    """What to do with a partition that was assigned."""

    STAY = "read on from the committed offset, where Faust has sought"
    SEEK = "seek: no offset is committed, so Faust does not"
    REWIND = "rewind to the stored position, which is before the committed offset"
    RESTART = "read from the beginning and reset the stored position: the topic or the offsets of the group are new"


class Start(NamedTuple):
    """How to begin to read a partition, and the offset of its first message to read."""

    seek: Seek
    position: int


class Gap(Enum):
    """What is known of the offsets missing before a record."""

    NONE = "nothing is missing, or it is known that the topic has no messages there"
    REREAD = "they are to be read again; a rewind was requested"
    ABSENT = "they were read a second time: the topic has no messages there"


class ReadPositions:
    """The reading state of the partitions of one consumer.

    More than ten methods, for the consumer asks each at a time of its own.
    """

    def __init__(self) -> None:
        self._next: dict[Partition, int] = {}
        self._epochs: dict[Partition, int] = defaultdict(int)
        self.requests: dict[Partition, int] = {}
        """The partitions that are to be rewound, each with the position."""
        self._unsure: set[Partition] = set()  # the next record of these may not be the next one of the topic
        self._gaps: dict[Partition, dict[int, bool]] = defaultdict(
            dict
        )  # begin of a gap -> whether it is known to be absent

    def epoch(self, partition: Partition) -> int:
        """Return the number of the epoch of a partition."""
        return self._epochs[partition]

    def next_offset(self, partition: Partition, default: int) -> int:
        """Return the offset where the reading of what comes next begins, `default` where none is known."""
        return self._next.get(partition, default)

    def start(self, partition: Partition, committed: int | None, stored: int) -> Start:
        """Return how to begin with a partition that was assigned, by its committed offset and its stored position."""
        self.requests.pop(partition, None)
        is_new = partition not in self._next
        if is_new or committed is not None:
            self._next[partition] = committed or 0
        position = self._next[partition]
        if stored < position:
            return Start(Seek.REWIND, stored)
        if is_new and committed is None and stored:
            self._epochs[partition] += 1
            return Start(Seek.RESTART, position)
        return Start(Seek.STAY if committed else Seek.SEEK, position)

    def revoke(self, partitions: Iterable[Partition]) -> None:
        """Drop the state of partitions that the broker took away, but for their epochs."""
        for partition in partitions:
            for known in (self._next, self.requests, self._gaps):
                known.pop(partition, None)

    def request_rewind(self, partition: Partition, position: int) -> None:
        """Begin an epoch: what was read before is stale. The partition is to be rewound to `position` or before."""
        self._epochs[partition] += 1
        self.requests[partition] = min(position, self.requests.get(partition, position))

    def rewound(self, partition: Partition, position: int) -> int:
        """Begin an epoch at a position, to which the partition was rewound; return where it was to be read before."""
        before = self._next.get(partition, position)
        self._epochs[partition] += 1
        self._next[partition] = position
        self._unsure.add(partition)
        return before

    def suspect(self, partitions: Iterable[Partition]) -> None:
        """Treat the next gap in the offsets of these partitions as lost messages, to be read again, however small it is.

        After a rebalance Faust may have dropped messages that were fetched and not yet delivered.
        """
        self._unsure.update(partitions)

    def find_gap(self, partition: Partition, first: int, committed: int) -> Gap:
        """Return what to do about the offsets missing before the record at offset `first`.

        REREAD requests a rewind to the committed offset: what was processed since comes again as well, with its gaps.
        """
        begins, unsure = self._next.get(partition, first), partition in self._unsure
        self._unsure.discard(partition)
        missing = first - begins
        if missing <= 0 or (missing == _MARKER and not unsure):
            return Gap.NONE
        gaps = self._gaps[partition]
        if begins in gaps:
            known, gaps[begins] = gaps[begins], True
            return Gap.NONE if known else Gap.ABSENT
        self._gaps[partition] = {at: known for at, known in gaps.items() if at >= committed} | {begins: False}
        self.request_rewind(partition, committed)
        return Gap.REREAD

    def read(self, partition: Partition, last: int) -> None:
        """Note that everything up to the offset `last` was read."""
        self._next[partition] = last + 1
