"""Which of two payloads of one record is newer, decided without a clock of our own.

The stamp stands in front of every stored record. Two payloads are ordered by the source's own version where both have
one, else by its time of change (the broker's time of arrival where the source gives none); ties go to the content. What
stands keeps the highest version it ever followed, the latest time that ever stood and whether it followed a delete, so
that every worker and every replay choose the same one.
"""

from __future__ import annotations

import struct
from datetime import UTC, datetime
from hashlib import blake2b
from typing import NamedTuple

from streams.records.record import MAX_VERSION

__all__ = ["Stamp", "arrival"]

_FORMAT, _MORE = struct.Struct(">BHIQ6s"), struct.Struct(">Q")
_LIVE, _RETURNED, _INHERITED, _HAS_PASSED, _IS_LARGE = 1, 2, 4, 8, 16
_SMALL = 0xFFFF
"""Versions up to this are in the 21 bytes; larger ones, dates and times as numbers for instance, take eight more."""
_OFFSET_BITS = 20


class Stamp(NamedTuple):
    """`version` and `updated` (Unix seconds) are the source's, 0 where unknown.

    `taken` orders arrivals, see `arrival`; `digest` is a 6-byte hash of the record's content; `returned` says that the
    record was deleted before and came again, `inherited` that a payload without a version stood since its version was first
    heard: then ties of that version go by time. `passed` is the latest time, in ms, that stood before, where this payload
    replaced it by its version although it is no later.
    """

    live: bool
    version: int
    updated: int
    taken: int
    digest: bytes
    returned: bool = False
    inherited: bool = False
    passed: int = 0

    @classmethod
    def of(cls, content: bytes, *, version: int = 0, updated: str = "", taken: int = 0, live: bool = True) -> Stamp:
        """Stamp a payload; `content` is its canonical encoding, `updated` ISO text as in `Record.updated`."""
        digest = blake2b(content, digest_size=6).digest()
        return cls(live, min(version, MAX_VERSION), _seconds(updated), min(max(taken, 0), (1 << 64) - 1), digest)

    def pack(self) -> bytes:
        """The bytes that stand in front of the record in Redis: 21, and 8 each for a `passed` and a large version."""
        large = self.version > _SMALL
        state = (
            _LIVE * self.live
            | _RETURNED * self.returned
            | _INHERITED * self.inherited
            | _HAS_PASSED * bool(self.passed)
            | _IS_LARGE * large
        )
        packed = _FORMAT.pack(state, 0 if large else self.version, self.updated, self.taken, self.digest)
        return b"".join((packed, *(_MORE.pack(more) for more in (self.passed, self.version * large) if more)))

    @classmethod
    def read(cls, blob: bytes) -> tuple[Stamp, bytes]:
        """The stamp in front of a stored record, and what is behind it."""
        state, version, updated, taken, digest = _FORMAT.unpack_from(blob)
        live, returned, inherited = bool(state & _LIVE), bool(state & _RETURNED), bool(state & _INHERITED)
        passed, size = 0, _FORMAT.size
        if state & _HAS_PASSED:
            (passed,) = _MORE.unpack_from(blob, size)
            size += _MORE.size
        if state & _IS_LARGE:
            (version,) = _MORE.unpack_from(blob, size)
            size += _MORE.size
        return cls(live, version, updated, taken, digest, returned, inherited, passed), blob[size:]

    def supersedes(self, other: Stamp) -> bool:
        """Whether this payload replaces `other`, which stands.

        A delete has no version of its own: it and what comes after it go by arrival. Two messages that
        arrived at once: a delete wins, then the larger digest.
        """
        if not (self.live and other.live):
            return (self.taken, not self.live, self.digest) > (other.taken, not other.live, other.digest)
        if other.returned and self.taken < other.taken:
            return False  # from before the delete
        if self.version and other.version:
            if self.version != other.version:
                return self.version > other.version
            if not (self.updated or other.updated or other.inherited):
                return self.digest > other.digest
        if other.passed and not self.version and self._moment()[0] <= other.passed:
            return False  # as late as something that stood and was replaced: it was heard before
        return self._moment() > other._moment()

    def following(self, other: Stamp) -> Stamp:
        """The stamp to keep for this payload where it replaces `other`."""
        if not self.live:
            return self
        if not other.live:
            return self._replace(returned=True)
        passed = max(other.passed, other._moment()[0])
        passed = passed if self.version and passed >= self._moment()[0] else 0
        kept = self._replace(returned=other.returned, passed=passed)
        if self.version and self.version != other.version:
            return kept
        return kept._replace(version=other.version, inherited=other.inherited or other.version > self.version)

    def hearing(self, refused: Stamp) -> Stamp:
        """The stamp to keep for this payload, which stands, where it is not replaced by `refused`.

        Of a later payload without a version this is how it is known that an earlier version may not follow it.
        """
        before_delete = self.returned and refused.taken < self.taken
        if self.live and refused.live and refused.version and not self.version and not before_delete:
            return self._replace(version=refused.version, inherited=True)
        return self

    def _moment(self) -> tuple[int, int, bytes]:
        """When this was said: in ms, by the source's clock or else by the broker's; then the arrival, or the content."""
        if self.updated:
            return self.updated * 1000, 0, self.digest
        return self.taken >> _OFFSET_BITS, self.taken, self.digest


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
