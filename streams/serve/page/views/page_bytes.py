"""Bounds the text of strangers by the bytes that it takes in a page, where `<` takes four and `é` two. Pure."""

from __future__ import annotations

import re
from bisect import bisect_right

from markupsafe import escape

__all__ = ["MOST_PAYLOAD_BYTES", "beginning", "page_bytes"]

MOST_PAYLOAD_BYTES = 100_000
"""Of a payload in a page, which has at most 200 kB in all."""
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""Characters that the page shows as pictures of themselves, of three bytes."""


def page_bytes(text: str) -> int:
    """Return how many bytes a text takes in a page, never too few."""
    return len(escape(text).encode("utf-8", "replace")) + 2 * len(_CONTROL.findall(text))


def beginning(text: str, most: int) -> str:
    """Return the longest beginning of a text that takes at most so many bytes in a page."""
    head = text[:most]
    return head[: bisect_right(range(len(head) + 1), most, key=lambda length: page_bytes(head[:length])) - 1]
