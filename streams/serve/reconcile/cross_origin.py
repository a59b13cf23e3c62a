"""What lets a page of another origin ask `/reconcile`: CORS headers on every answer, and JSONP for clients without CORS.

The API requires both of nothing else: no cookie and no token goes with such a request (`Access-Control-Allow-Origin: *` without
credentials), and nothing is written by it.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec
from litestar import Response
from litestar.datastructures import MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from streams.serve.problems import ProblemError

__all__ = ["cross_origin", "json_answer"]

_CALLBACK = re.compile(r"[A-Za-z_$][\w$]{0,99}(\.[A-Za-z_$][\w$]{0,99}){0,4}", re.ASCII)
_ALWAYS = {
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",  # or a browser refuses JSONP, which is a script of another origin
}
_PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
    "Access-Control-Allow-Headers": "Content-Type",
    "Access-Control-Max-Age": "3600",
}


def cross_origin(app: ASGIApp) -> ASGIApp:
    """Wrap an application so that pages of any origin may read its answers, errors included."""

    async def open_to_all(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await app(scope, receive, send)
            return
        is_preflight = scope["method"] == "OPTIONS"

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableScopeHeaders.from_message(message)
                for name, value in (_ALWAYS | _PREFLIGHT if is_preflight else _ALWAYS).items():
                    headers[name] = value
            await send(message)

        await app(scope, receive, send_with_headers)

    return open_to_all


def json_answer(body: Any, callback: str | None = None) -> Response[bytes]:
    """Return a response with a body as JSON, or as a call of the function `callback` with it.

    Raises:
        ProblemError: where the name of the function is more than a name.

    """
    headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
    encoded = msgspec.json.encode(body)
    if callback is None:
        return Response(encoded, media_type="application/json", headers=headers)
    if not _CALLBACK.fullmatch(callback):
        raise ProblemError(400, "invalid", "callback: expected the name of a function, as in jQuery1234_5678")
    # Two characters end a line in scripts of old and are allowed in JSON; the comment keeps other programs from reading
    # the beginning of the answer as the beginning of a file of their kind.
    safe = encoded.decode().replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    return Response(f"/**/{callback}({safe});".encode(), media_type="application/javascript", headers=headers)
