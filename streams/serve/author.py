"""The person or program behind a request, as corrections and claims name it."""

from __future__ import annotations

from litestar import Request
from litestar.datastructures import State

__all__ = ["LOOPBACK", "author_of"]

LOOPBACK = "loopback"
"""The author where a request needs no authentication."""


def author_of(request: Request[object, object, State]) -> str:
    """Return the name of the authenticated user of a request, `loopback` where there is none."""
    name = getattr(request.state, "author", None)
    return name if isinstance(name, str) and name else LOOPBACK
