"""`/sign-in` and `/sign-out`: a person exchanges a token for the cookie of a session, and ends it."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.params import QueryParameter, URLEncodedBody

from streams.serve.access import OPEN_TO_ALL, Access
from streams.serve.page.templates import page, redirect
from streams.serve.routes.session import ended_cookie, session_cookie

__all__ = ["router", "safe_return"]

Anything = Request[Any, Any, Any]
_UNKNOWN = "This token is in no file of this service: it was revoked, or is mistyped."


class SignIn(msgspec.Struct, frozen=True):
    """The form: the token, and the page to go on to."""

    token: Annotated[str, msgspec.Meta(max_length=200)] = ""
    to: Annotated[str, msgspec.Meta(max_length=2000)] = "/"


def safe_return(path: str) -> str:
    """Return the path of this service that a sign-in leads back to, `/` for anything else."""
    is_own = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if is_own else "/"


@get("/sign-in", operation_id="pageSignIn", opt=OPEN_TO_ALL, sync_to_thread=False)
def form(
    request: Anything, to: Annotated[str, QueryParameter(name="return", description="The page to go on to.")] = "/"
) -> Response[str]:
    """Ask for a token."""
    return page(request, "sign-in.html", to=safe_return(to), problem="")


@post("/sign-in", operation_id="pageBeginSession", opt=OPEN_TO_ALL, status_code=303, sync_to_thread=False)
def begin(request: Anything, data: URLEncodedBody[SignIn]) -> Response[Any]:
    """Begin a session, and lead back to where the person was."""
    access: Access = request.app.state.access
    access.check_origin(request)
    token = access.token(data.token.strip())
    if token is None:
        return page(request, "sign-in.html", status_code=401, to=safe_return(data.to), problem=_UNKNOWN)
    answer = redirect(safe_return(data.to))
    answer.set_cookie(session_cookie(request, access.sessions.issue(token)))
    return answer


@post("/sign-out", operation_id="pageEndSession", opt=OPEN_TO_ALL, status_code=303, sync_to_thread=False)
def end(request: Anything) -> Response[Any]:
    """End the session."""
    access: Access = request.app.state.access
    access.check_origin(request)
    answer = redirect("/")
    answer.set_cookie(ended_cookie())
    return answer


router = Router("/", route_handlers=[form, begin, end])
