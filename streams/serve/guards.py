"""What every request passes before the application, and what every response gets.

    Guards(application, access, rate, metrics)

1. The name in `Host` is one of this service (`hosts.py`), or 403 `host_refused`.
2. The caller is known (`access.py`), or 401 `token_unknown`; it is in `scope["user"]` from here on.
3. The client keeps its pace (`rate_limit.py`), or 429 `too_many_requests`.
4. Fewer than 800 requests are being answered, or 503 `busy`.
5. A body arrives within 20 seconds, or 408 `too_slow`.

`/healthz` and `/readyz` are asked by the addresses of containers and often, so 1, 3 and 4 do not apply to them; where 1 or 2
refuses, they answer as to a stranger. Every response has strict headers; a route that sets one of them itself keeps its own.
"""

from __future__ import annotations

import asyncio
import math

import msgspec
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, ReceiveMessage, Scope, Send

from streams.serve.access import Access, Caller, Headers
from streams.serve.metrics import ServeMetrics
from streams.serve.page.errors import as_page, wants_page
from streams.serve.problems import MEDIA_TYPE, ProblemError
from streams.serve.rate_limit import RateLimit, client_address

__all__ = ["MOST_REQUESTS", "PROBES", "Guards"]

PROBES = frozenset({"/healthz", "/readyz"})
MOST_REQUESTS = 800
"""Requests answered at once, streams of events included; less than the connections of `process.py`, so that probes get one."""
_BODY_SECONDS = 20.0

_HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)
_FRAMES = (b"x-frame-options", b"DENY")
"""For old browsers; a route with a policy of its own says there who may frame it."""
_POLICY = b"content-security-policy"
_POLICY_OF_PAGES = b"default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
_POLICY_OF_DATA = b"default-src 'none'; frame-ancestors 'none'"


class Guards:
    """An ASGI application around another one."""

    def __init__(self, app: ASGIApp, access: Access, rate: RateLimit, metrics: ServeMetrics) -> None:
        self._app = app
        self._access = access
        self._rate = rate
        self._metrics = metrics
        self._requests = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != ScopeType.HTTP:  # there are no others: uvicorn runs with ws="none"
            return
        guarded = _with_headers(send)
        try:
            scope["user"] = self._admit(scope)
        except ProblemError as error:
            self._metrics.refused(error.problem.code)
            await _answer(guarded, scope, error)
            return
        self._requests += 1
        try:
            await self._app(scope, _within(scope, receive, _BODY_SECONDS), guarded)
        finally:
            self._requests -= 1

    def _admit(self, scope: HTTPScope) -> Caller:
        """Return who sent a request. Raises ProblemError where it is refused."""
        headers, client = scope["headers"], (scope["client"] or ("", 0))[0]
        is_probe = scope["path"] in PROBES
        try:
            self._check_host(scope)
            caller = self._access.caller(client, headers)
        except ProblemError:
            if is_probe:
                return Caller()
            self._keep_pace(f"address {client_address(client)}")
            raise
        if not is_probe:
            self._keep_pace(f"name {caller.name}" if caller.name else f"address {client_address(client)}")
            if self._requests >= MOST_REQUESTS:
                raise ProblemError(503, "busy", "too many requests are being answered", headers={"Retry-After": "1"})
        return caller

    def _check_host(self, scope: HTTPScope) -> None:
        hosts = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
        reached = (scope["server"] or ("", 0))[0]
        if len(hosts) != 1 or not self._access.hosts.allows(hosts[0], reached):
            raise ProblemError(
                403, "host_refused", "this service has another name: STREAMS_SERVE_ALLOWED_HOSTS lists its names"
            )

    def _keep_pace(self, client: str) -> None:
        if seconds := self._rate.wait(client):
            detail = f"more requests than this service allows a client; the next one in {seconds:.2f} s"
            raise ProblemError(429, "too_many_requests", detail, headers={"Retry-After": str(math.ceil(seconds))})


def _with_headers(send: Send) -> Send:
    async def guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = _strict(message.get("headers", []))
        await send(message)

    return guarded


def _strict(headers: Headers) -> list[tuple[bytes, bytes]]:
    """Return the headers of a response with those that it lacks, and without the name of the server."""
    given = [(name.lower(), value) for name, value in headers if name.lower() != b"server"]
    names = dict(given)
    is_page = names.get(b"content-type", b"").startswith(b"text/html")
    strict = _HEADERS
    if _POLICY not in names:
        strict = (*_HEADERS, _FRAMES, (_POLICY, _POLICY_OF_PAGES if is_page else _POLICY_OF_DATA))
    return given + [each for each in strict if each[0] not in names]


def _within(scope: HTTPScope, receive: Receive, seconds: float) -> Receive:
    """Return a `receive` that raises ProblemError where the body has not arrived within `seconds`."""
    if not any(name in (b"content-length", b"transfer-encoding") for name, _ in scope["headers"]):
        return receive
    deadline = asyncio.get_running_loop().time() + seconds
    is_complete = False

    async def bounded() -> ReceiveMessage:
        nonlocal is_complete
        if is_complete:  # what comes is the end of the connection, which may be hours away
            return await receive()
        try:
            async with asyncio.timeout_at(deadline):
                message = await receive()
        except TimeoutError:
            raise ProblemError(
                408, "too_slow", f"the body did not arrive within {seconds:g} s", headers={"Connection": "close"}
            ) from None
        is_complete = not message.get("more_body", False)
        return message

    return bounded


async def _answer(send: Send, scope: HTTPScope, error: ProblemError) -> None:
    """Send a problem, without the application: a document, or a page where a person is to read it."""
    accept = b",".join(value for name, value in scope["headers"] if name == b"accept").decode("latin-1")
    if wants_page(scope["path"], accept):
        media_type, body = "text/html; charset=utf-8", as_page(error.problem, scope["path"])
    else:
        media_type, body = MEDIA_TYPE, msgspec.json.encode(error.problem)
    headers = {"Content-Type": media_type, "Content-Length": str(len(body)), **error.headers}
    encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": error.problem.status, "headers": encoded})
    await send({"type": "http.response.body", "body": body, "more_body": False})
