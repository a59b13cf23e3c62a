"""Record versions: which of two payloads of one record is newer, decided without a clock of Streams.

The version precedes every stored record. Two payloads are ordered by the source's own version number where both have
one, else by the source's time of change (the broker's timestamp where the source gives none); ties go to the content. The
stored record keeps the highest version number that it ever followed, the latest time that was ever stored and whether it
followed a delete, so that every worker and every replay choose the same payload.

A version is stored in 15 to 37 bytes, of which the first says what is there. Numbers are big-endian.

| bytes | what                                                                        | where bits of the first byte say so |
|-------|-----------------------------------------------------------------------------|-------------------------------------|
| 1     | bits: live 1, returned 2, inherited 4, passed 8, large 16, short 32, numbered 64, dated 128 |                     |
| 2     | version number                                                              | short and numbered; always where not short |
| 4     | time of change, Unix seconds                                                | short and dated; always where not short    |
| 8     | order of arrival                                                            |                                     |
| 6     | digest of the content                                                       |                                     |
| 8     | superseded time, ms                                                         | passed                              |
| 8     | version number, in place of the 2 bytes                                     | large                               |

State of format 1 (`state/formats.py`) has no short ones: `wide` versions.
"""

from __future__ import annotations

import struct
from datetime import UTC, datetime
from hashlib import blake2b
from typing import NamedTuple

from streams.records.record import MAX_VERSION

__all__ = ["MAX_ARRIVAL", "RecordVersion", "arrival"]

_WIDE, _MORE = struct.Struct(">BHIQ6s"), struct.Struct(">Q")
_LIVE, _RETURNED, _INHERITED, _HAS_PASSED, _IS_LARGE, _IS_SHORT, _IS_NUMBERED, _IS_DATED = (1 << n for n in range(8))
_SHORT = {
    0: struct.Struct(">BQ6s"),
    _IS_NUMBERED: struct.Struct(">BHQ6s"),
    _IS_DATED: struct.Struct(">BIQ6s"),
    _IS_NUMBERED | _IS_DATED: _WIDE,
}
"""How short versions are packed, by what they have."""
_SMALL = 0xFFFF
"""Versions up to this take two bytes; larger ones, dates and times as numbers for instance, take eight."""
_OFFSET_BITS = 20
MAX_ARRIVAL = (1 << 64) - 1
"""The largest order of arrival that is stored; timestamps beyond it, in no sense times, are all the same."""


class RecordVersion(NamedTuple):
    """The version of a record's payload: `version` and `updated` (Unix seconds) are the source's, 0 where unknown.

    - `taken`: the order of arrival, see `arrival`.
    - `digest`: a 6-byte hash of the record's content.
    - `returned`: the record was deleted before and was restored since.
    - `inherited`: `version` was taken over from another payload, for this one has none; ties of that version go by time.
    - `passed`: the superseded time, in ms: the latest time that was stored before, where this payload replaced it by its
      version number although its own time is no later.
    - `wide`: stored in the form of format 1. Who packs a version that was read gets the bytes that were read.
    """

    live: bool
    version: int
    updated: int
    taken: int
    digest: bytes
    returned: bool = False
    inherited: bool = False
    passed: int = 0
    wide: bool = False

    @classmethod
    def of(
        cls,
        content: bytes,
        *,
        version: int = 0,
        updated: str = "",
        taken: int = 0,
        live: bool = True,
        wide: bool = False,
    ) -> RecordVersion:
        """Make the version of a payload; `content` is its canonical encoding, `updated` ISO text as in `Record.updated`."""
        digest = blake2b(content, digest_size=6).digest()
        seconds, order = _seconds(updated), min(max(taken, 0), MAX_ARRIVAL)
        return cls(live, min(version, MAX_VERSION), seconds, order, digest, wide=wide)

    def pack(self) -> bytes:
        """Pack the version into the bytes before the record in Redis."""
        large = self.version > _SMALL
        state = (
            _LIVE * self.live
            | _RETURNED * self.returned
            | _INHERITED * self.inherited
            | _HAS_PASSED * bool(self.passed)
            | _IS_LARGE * large
        )
        if self.wide:
            packed = _WIDE.pack(state, 0 if large else self.version, self.updated, self.taken, self.digest)
        else:
            small = () if large or not self.version else (self.version,)
            dated = (self.updated,) if self.updated else ()
            given = _IS_NUMBERED * bool(small) | _IS_DATED * bool(dated)
            packed = _SHORT[given].pack(state | _IS_SHORT | given, *small, *dated, self.taken, self.digest)
        if not (self.passed or large):
            return packed
        return b"".join((packed, *(_MORE.pack(more) for more in (self.passed, self.version * large) if more)))

    @classmethod
    def read(cls, blob: bytes) -> tuple[RecordVersion, bytes]:
        """Unpack the version in front of a stored record, and return it with the bytes behind it."""
        state, version, updated, passed = blob[0], 0, 0, 0
        if wide := not state & _IS_SHORT:
            form = _WIDE
            _, version, updated, taken, digest = form.unpack_from(blob)
        else:
            form = _SHORT[state & (_IS_NUMBERED | _IS_DATED)]
            _, *given, taken, digest = form.unpack_from(blob)
            if state & _IS_DATED:
                updated = given.pop()
            if given:
                (version,) = given
        live, returned, inherited = bool(state & _LIVE), bool(state & _RETURNED), bool(state & _INHERITED)
        size = form.size
        if state & _HAS_PASSED:
            (passed,) = _MORE.unpack_from(blob, size)
            size += _MORE.size
        if state & _IS_LARGE:
            (version,) = _MORE.unpack_from(blob, size)
            size += _MORE.size
        return cls(live, version, updated, taken, digest, returned, inherited, passed, wide), blob[size:]

    def supersedes(self, other: RecordVersion) -> bool:
        """Tell whether this payload replaces `other`, the payload that is stored.

        A delete has no version number: a delete and the payloads after it are ordered by arrival. Of two messages with the
        same arrival, a delete wins, then the larger digest.
        """
        if not (self.live and other.live):
            return (self.taken, not self.live, self.digest) > (other.taken, not other.live, other.digest)
        if other.returned and self.taken < other.taken:
            return False  # sent before the delete
        if self.version and other.version:
            if self.version != other.version:
                return self.version > other.version
            if not (self.updated or other.updated or other.inherited):
                return self.digest > other.digest
        if other.passed and not self.version and self._moment()[0] <= other.passed:
            return False  # no later than a payload that was stored and replaced before: this payload was superseded with it
        return self._moment() > other._moment()

    def next_after(self, other: RecordVersion) -> RecordVersion:
        """Return the version to store for this payload where it replaces `other`."""
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

    def after_rejecting(self, refused: RecordVersion) -> RecordVersion:
        """Return the version to keep for this stored payload after `refused`, another payload of the record, did not replace it.

        A payload without a version number takes over the number of a refused one, so that no earlier number replaces it later.
        """
        before_delete = self.returned and refused.taken < self.taken
        if self.live and refused.live and refused.version and not self.version and not before_delete:
            return self._replace(version=refused.version, inherited=True)
        return self

    def _moment(self) -> tuple[int, int, bytes]:
        """Return when the source wrote this payload, as a key for sorting.

        The time in ms, by the source's clock or else by the broker's; then the arrival or the content.
        """
        if self.updated:
            return self.updated * 1000, 0, self.digest
        return self.taken >> _OFFSET_BITS, self.taken, self.digest


def arrival(milliseconds: int, offset: int) -> int:
    """Return one number that orders the messages about a record: the broker's timestamp, then the offset in their partition.

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
