"""Frames of Server-Sent Events for pages: parts of a page that htmx puts in, and named events for scripts."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

from litestar.response import Stream

__all__ = ["KEEP_ALIVE", "frame", "stream"]

KEEP_ALIVE = b": keep-alive\n\n"
_LINE = re.compile(r"\r\n|\r|\n")
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


def frame(data: str, event: str = "") -> bytes:
    """Return the frame of a message; without the name of an event htmx puts its data into the page."""
    name = f"event: {event}\n" if event else ""
    lines = "".join(f"data: {line}\n" for line in _LINE.split(data))
    return f"{name}{lines}\n".encode()


def stream(frames: AsyncGenerator[bytes, None]) -> Stream:
    """Return the answer that sends frames until the browser leaves."""
    return Stream(_until_closed(frames), media_type="text/event-stream", headers=_HEADERS)


async def _until_closed(frames: AsyncGenerator[bytes, None]) -> AsyncIterator[bytes]:
    async with aclosing(frames) as each:
        async for found in each:
            yield found
