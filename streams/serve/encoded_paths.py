"""Keeps the path of a pair encoded, so that a record id with a slash, such as that of a DOI, stays one part of it.

A server decodes a path before it is routed: `/pairs/crossref:10.5555%2Fx/arxiv:1` would have four parts. Under the prefixes here
the router sees the path as it was sent, and a handler decodes its parts by `record_in_path`.
"""

from __future__ import annotations

from urllib.parse import unquote

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

__all__ = ["EncodedPaths", "record_in_path"]

_PREFIXES = ("/api/v1/pairs/", "/pairs/")


class EncodedPaths:
    """Wraps an application."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, its path encoded where it is that of a pair."""
        if scope["type"] == ScopeType.HTTP and scope["path"].startswith(_PREFIXES) and scope.get("raw_path"):
            scope["path"] = scope["raw_path"].decode("latin-1").partition("?")[0]
        await self._app(scope, receive, send)


def record_in_path(part: str) -> str:
    """Return the record id in a part of an encoded path."""
    return unquote(part)
