"""`/session`: a browser exchanges a token for a cookie, asks who it is, and signs out."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Request, Response, Router, delete, get, post
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.params import JSONBody

from streams.serve.access import OPEN_TO_ALL, SESSION_COOKIE, Access, Caller, unknown_token
from streams.serve.problems import answers
from streams.serve.sessions import SESSION_SECONDS

__all__ = ["SessionRequest", "ended_cookie", "router", "session_cookie"]

Anything = Request[Any, Any, Any]


class SessionRequest(msgspec.Struct, frozen=True):
    """The token to begin a session with."""

    token: Annotated[str, msgspec.Meta(max_length=200)]


@get("", operation_id="whoAmI", summary="Who sends this request", responses=answers(), opt=OPEN_TO_ALL)
async def who_am_i(caller: NamedDependency[Caller]) -> Caller:
    """Return the name and the scope of the request, and how they are known; all are empty for a request that may do nothing."""
    return caller


@post(
    "",
    operation_id="beginSession",
    summary="Begin the session of a browser",
    status_code=200,
    responses=answers(413),
    opt=OPEN_TO_ALL,
)
async def begin(request: Anything, data: JSONBody[SessionRequest]) -> Response[Caller]:
    """Set a cookie that stands for the token for twelve hours, or until the token is revoked. Scripts do not see it."""
    access: Access = request.app.state.access
    access.check_origin(request)
    token = access.token(data.token)
    if token is None:
        raise unknown_token()
    cookie = session_cookie(request, access.sessions.issue(token))
    return Response(Caller(token.name, token.scope, "session"), cookies=[cookie])


def ended_cookie() -> Cookie:
    """Return the cookie in place of that of a session, which a browser drops at once."""
    return Cookie(SESSION_COOKIE, value="", max_age=0, path="/", httponly=True, samesite="strict")


@delete(
    "",
    operation_id="endSession",
    summary="End the session of a browser",
    responses=answers(),
    opt=OPEN_TO_ALL,
    response_cookies=[ended_cookie()],
)
async def end(request: Anything) -> None:
    """Delete the cookie. To end all sessions of a token, revoke it."""
    access: Access = request.app.state.access
    access.check_origin(request)


def session_cookie(request: Anything, value: str) -> Cookie:
    """Return the cookie of a session that a request begins."""
    # A proxy in front ends TLS, so only the browser knows that the page came by it: it says so in `Origin`.
    secure = request.url.scheme == "https" or request.headers.get("Origin", "").startswith("https://")
    return Cookie(
        SESSION_COOKIE, value=value, max_age=SESSION_SECONDS, path="/", httponly=True, samesite="strict", secure=secure
    )


router = Router("/session", route_handlers=[who_am_i, begin, end], tags=["session"])
