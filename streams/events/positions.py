"""Positions in `dedup.events` as text: what programs that subscribe store, and the ids of Server-Sent Events. Pure.

| partitions           | text                | meaning                                                                 |
|----------------------|---------------------|-------------------------------------------------------------------------|
| up to 64, on Kafka any | `0:118,1:98,2:100` | for each partition the offset of the next message                       |
| more, over HTTP      | `1764500000000`     | Unix time in ms: all messages with an earlier timestamp were handed out |

Programs take a text as opaque and send it back, over HTTP as `Last-Event-ID`. A time repeats what came in its last minute.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

__all__ = [
    "BEGINNING",
    "MAX_PARTITIONS",
    "NOW",
    "encode",
    "encode_time",
    "format_offsets",
    "parse_offsets",
    "parse_position",
]

BEGINNING, NOW = "beginning", "now"
"""Where a subscription may start in place of a position."""

MAX_PARTITIONS = 64
"""With more, the id of every event would be longer than most events."""

_OFFSETS = re.compile(r"[0-9]{1,9}:[0-9]{1,19}(,[0-9]{1,9}:[0-9]{1,19})*")
_TIME = re.compile(r"[0-9]{1,15}")


def encode(offsets: Sequence[int]) -> bytes:
    """Return the id of a position: the next offset of every partition, in their order."""
    return b",".join([b"%d:%d" % place for place in enumerate(offsets)])


def encode_time(milliseconds: int) -> bytes:
    """Return the id of a position in a topic of more than `MAX_PARTITIONS` partitions."""
    return b"%d" % max(milliseconds, 0)


def format_offsets(offsets: Mapping[int, int]) -> str:
    """Return the text of a position, partitions in their order."""
    return ",".join(f"{partition}:{offset}" for partition, offset in sorted(offsets.items()))


def parse_offsets(text: str) -> dict[int, int]:
    """Return the next offset of each partition that a text names. Raises ValueError where it is no such position."""
    places = [place.partition(":") for place in text.split(",")] if _OFFSETS.fullmatch(text) else []
    offsets = {int(partition): int(offset) for partition, _, offset in places}
    if not places or len(offsets) < len(places):
        raise ValueError(
            f"{text[:100]!r} is no position of dedup.events; expected one that an event had, such as 0:118,1:98"
        )
    return offsets


def parse_position(text: str, partitions: int) -> list[int] | int:
    """Return the position of an id in a topic of so many partitions: their offsets, or a time in ms.

    A partition that is not named is at its beginning. Raises ValueError where the text is no id, or one of another topic.
    """
    text = text.strip()
    if _TIME.fullmatch(text):
        return int(text)
    offsets = parse_offsets(text)
    if (last := max(offsets)) >= partitions:
        raise ValueError(
            f"{text[:100]!r} is an id of another topic: this one has {partitions} partitions, not {last + 1}"
        )
    return [offsets.get(partition, 0) for partition in range(partitions)]
