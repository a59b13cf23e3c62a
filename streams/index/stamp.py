"""Which of two payloads of one record is newer, decided without a clock of our own.

The stamp stands in front of every stored record. Two payloads are ordered by the source's own
version and time of change where both have one, else by when the broker took the message in;
ties go to the content, so every worker and every replay choose the same one.
"""

from __future__ import annotations

import struct
from datetime import UTC, datetime
from hashlib import blake2b
from typing import NamedTuple

__all__ = ["STAMP_BYTES", "Stamp", "arrival"]

_FORMAT = struct.Struct(">BHIQ6s")
STAMP_BYTES = _FORMAT.size
_DELETED, _LIVE = 0, 1
_OFFSET_BITS = 20


class Stamp(NamedTuple):
    """`version` and `updated` (Unix seconds) are the source's, 0 where unknown.

    `taken` orders arrivals, see `arrival`; `digest` is a 6-byte hash of the record's content.
    """

    live: bool
    version: int
    updated: int
    taken: int
    digest: bytes

    @classmethod
    def of(cls, content: bytes, *, version: int = 0, updated: str = "", taken: int = 0, live: bool = True) -> Stamp:
        """Stamp a payload; `content` is its canonical encoding, `updated` ISO text as in `Record.updated`."""
        digest = blake2b(content, digest_size=6).digest()
        return cls(live, min(version, 0xFFFF), _seconds(updated), min(max(taken, 0), (1 << 64) - 1), digest)

    def pack(self) -> bytes:
        """The 21 bytes that stand in front of the record in Redis."""
        state = _LIVE if self.live else _DELETED
        return _FORMAT.pack(state, self.version, self.updated, self.taken, self.digest)

    @classmethod
    def unpack(cls, blob: bytes) -> Stamp:
        """Read the stamp in front of a stored record."""
        state, version, updated, taken, digest = _FORMAT.unpack_from(blob)
        return cls(state == _LIVE, version, updated, taken, digest)

    def supersedes(self, other: Stamp) -> bool:
        """Whether this payload replaces `other`, an earlier-handled one of the same record.

        A delete has no version of its own: it and what comes after it go by arrival. Two messages that
        arrived at once: a delete wins, then the larger digest.
        """
        if self.live and other.live:
            by_source = (self.version, self.updated), (other.version, other.updated)
            if any(by_source[0]) and any(by_source[1]):
                return (*by_source[0], self.digest) > (*by_source[1], other.digest)
            return (self.taken, self.digest) > (other.taken, other.digest)
        return (self.taken, not self.live, self.digest) > (other.taken, not other.live, other.digest)


def arrival(milliseconds: int, offset: int) -> int:
    """One number that orders the messages about a record: the broker's time, then the offset in their partition.

    All messages with one key are in one partition, so among those of the same millisecond the offset decides;
    its 20 low bits are enough for that.
    """
    return max(milliseconds, 0) << _OFFSET_BITS | offset & ((1 << _OFFSET_BITS) - 1)


def _seconds(updated: str) -> int:
    if not updated:
        return 0
    try:
        moment = datetime.fromisoformat(updated.replace("Z", "+00:00"))
    except ValueError:
        return 0
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max(int(moment.timestamp()), 0), 0xFFFFFFFF)
