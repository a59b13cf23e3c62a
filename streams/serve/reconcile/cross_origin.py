"""What lets a page of another origin ask `/reconcile`: CORS headers on every answer, and JSONP for clients without CORS.

The API requires both of nothing else: no cookie and no token goes with such a request (`Access-Control-Allow-Origin: *` without
credentials), and nothing is written by it.

Where reads need no token, for they come from this machine, only pages of this machine may ask, as OpenRefine's are: any page on
the web that a person opens here is "from this machine" too, and could read what was never published.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec
from litestar import Response
from litestar.datastructures import Headers, MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from streams.serve.access import Caller
from streams.serve.hosts import Address
from streams.serve.problems import ProblemError
from streams.settings.addresses import is_loopback

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
    """Wrap an application so that pages of any origin may read its answers, errors included.

    Raises ProblemError where a page of another machine asks a service whose reads are open to this machine.
    """

    async def open_to_all(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await app(scope, receive, send)
            return
        caller = scope.get("user")
        if isinstance(caller, Caller) and caller.by == "loopback" and _is_of_another_machine(Headers.from_scope(scope)):
            raise ProblemError(403, "origin_refused", "a page of another machine may not ask a service without tokens")
        is_preflight = scope["method"] == "OPTIONS"

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableScopeHeaders.from_message(message)
                for name, value in (_ALWAYS | _PREFLIGHT if is_preflight else _ALWAYS).items():
                    headers[name] = value
            await send(message)

        await app(scope, receive, send_with_headers)

    return open_to_all


def _is_of_another_machine(headers: Headers) -> bool:
    """Tell whether a browser asks for a page that is not of this machine; a person who follows a link is no page.

    A script of JSONP comes without `Origin`: then `Referer` names the page, and where the page has hidden that, the browser says
    itself that it is of another site.
    """
    if headers.get("Sec-Fetch-Dest") == "document":
        return False
    page = headers.get("Origin") or headers.get("Referer")
    if page is None:
        return headers.get("Sec-Fetch-Site") == "cross-site"
    address = Address.of_origin(page)
    return address is None or not is_loopback(address.name)


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
