"""Positions in `dedup.events` as the ids of Server-Sent Events. Pure.

| partitions | id                  | meaning                                                                    |
|------------|---------------------|----------------------------------------------------------------------------|
| up to 64   | `0:118,1:98,2:100`  | for each partition the offset of the next message                          |
| more       | `1764500000000`     | Unix time in ms: all messages with an earlier timestamp were handed out    |

Clients take an id as opaque and send it back as `Last-Event-ID`. A time repeats what came in its last minute.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from streams.errors import UsageError

__all__ = ["MAX_PARTITIONS", "Position", "decode", "encode", "encode_time"]

MAX_PARTITIONS = 64
"""With more, the id of every event would be longer than most events."""

Position = list[int] | int
"""The offset of the next message in each partition, or a Unix time in ms."""

_OFFSETS = re.compile(r"[0-9]{1,5}:[0-9]{1,18}(,[0-9]{1,5}:[0-9]{1,18})*")
_TIME = re.compile(r"[0-9]{1,15}")


def encode(offsets: Sequence[int]) -> bytes:
    """Return the id of a position: the next offset of every partition."""
    return b",".join([b"%d:%d" % place for place in enumerate(offsets)])


def encode_time(milliseconds: int) -> bytes:
    """Return the id of a position in a topic of more than `MAX_PARTITIONS` partitions."""
    return b"%d" % max(milliseconds, 0)


def decode(text: str, partitions: int) -> Position:
    """Return the position of an id in a topic of so many partitions; one that is not named is at its beginning.

    Raises UsageError where the text is no id, or one of another topic.
    """
    text = text.strip()
    if _TIME.fullmatch(text):
        return int(text)
    if len(text) > 30 * partitions or not _OFFSETS.fullmatch(text):
        raise UsageError(f"{text[:100]!r} is not an id of this stream; send one that came with an event, or none")
    offsets = [-1] * partitions
    for place in text.split(","):
        partition, offset = map(int, place.split(":"))
        if partition >= partitions or offsets[partition] >= 0:
            raise UsageError(f"{text[:100]!r} is an id of another topic: this one has {partitions} partitions")
        offsets[partition] = offset
    return [max(offset, 0) for offset in offsets]
