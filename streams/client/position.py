"""Positions in all partitions of `dedup.events` as text: `0:118,1:98`, each partition with the offset that is read next. Pure.

To programs that subscribe a position is opaque. Over HTTP it is whatever the server sent as the id of an event.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

__all__ = ["BEGINNING", "NOW", "format_position", "parse_position"]

BEGINNING, NOW = "beginning", "now"
_TEXT = re.compile(r"\d{1,9}:\d{1,19}(?:,\d{1,9}:\d{1,19})*", re.ASCII)


def parse_position(text: str) -> dict[int, int]:
    """Return the next offset of each partition. Raises ValueError where the text is no position."""
    if not _TEXT.fullmatch(text):
        raise ValueError(
            f"{text[:100]!r} is no position of dedup.events; expected one that an event had, such as 0:118,1:98"
        )
    return {int(partition): int(offset) for partition, _, offset in (part.partition(":") for part in text.split(","))}


def format_position(offsets: Mapping[int, int]) -> str:
    """Return the text of a position, partitions in their order."""
    return ",".join(f"{partition}:{offset}" for partition, offset in sorted(offsets.items()))
