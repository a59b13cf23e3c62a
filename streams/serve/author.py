"""The person or program behind a request, as corrections and claims name it."""

from __future__ import annotations

from typing import Any

from litestar import Request

from streams.serve.access import Caller

__all__ = ["LOOPBACK", "author_of"]

LOOPBACK = "loopback"
"""The author where a request needs no authentication."""


def author_of(request: Request[Any, Any, Any]) -> str:
    """Return the name of the caller of a request, `loopback` where it has none."""
    caller = request.user
    return caller.name if isinstance(caller, Caller) and caller.name else LOOPBACK
