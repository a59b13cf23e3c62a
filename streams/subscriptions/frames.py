"""Frames of Server-Sent Events (HTML standard, section 9.2) as bytes. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import orjson

__all__ = ["KEEP_ALIVE", "RETRY", "Gap", "event_frame", "gap_frame", "position_frame"]

RETRY = b"retry: 2000\n\n"
"""Asks the client to wait 2 s before it connects again."""
KEEP_ALIVE = b": keep-alive\n\n"
"""A comment: proxies close connections on which nothing comes."""


class Gap(NamedTuple):
    """Messages of a partition that cannot be handed out: those from offset `start`, up to but without `end`.

    `reason` is `retention` where the topic deleted them, `unknown_position` where the topic was made anew and the offset is of
    its predecessor; it is then read from its beginning, which is `end`.
    """

    partition: int
    start: int
    end: int
    reason: str = "retention"


def event_frame(identity: bytes, name: bytes, data: bytes) -> bytes:
    """Return the frame of an event; each line of `data` becomes one of the frame."""
    lines = data.splitlines() or [b""]  # at \n, \r and \r\n, as clients split them
    return b"id: %b\nevent: %b\ndata: %b\n\n" % (identity, name, b"\ndata: ".join(lines))


def position_frame(identity: bytes) -> bytes:
    """Return the frame that moves the client's position where all events were filtered out."""
    return event_frame(identity, b"position", b"{}")


def gap_frame(identity: bytes, gaps: Iterable[Gap]) -> bytes:
    """Return the frame that names messages which the client did not and will not get."""
    missing = [{"partition": g.partition, "from": g.start, "to": g.end, "reason": g.reason} for g in gaps]
    return event_frame(identity, b"gap", orjson.dumps({"missing": missing}))
