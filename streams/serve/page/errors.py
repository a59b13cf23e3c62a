"""Problems as pages, for people: `as_pages` wraps the handlers that answer with problem documents.

| the request                                        | is answered with                                                   |
|----------------------------------------------------|--------------------------------------------------------------------|
| asks for HTML, and its path is not one of programs | a page that says what is wrong and what to do                      |
| the same, by GET, and it needs a token             | a redirect to the page to sign in, which leads back                |
| any other                                          | the problem document                                               |
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from litestar import Request, Response

from streams.serve.access import Caller
from streams.serve.page.templates import page, redirect, render
from streams.serve.problem_codes import CODES
from streams.serve.problems import Problem

__all__ = ["as_page", "as_pages", "wants_page"]

_DETAILS = {"unknown_path": "There is no page at this address."}
_ADVICE = {
    "unknown_path": "",
    "scope_missing": "Sign in with a token that has this scope, or ask the person who runs the service for one.",
}
"""What people read in place of the words for programs."""
_OF_PROGRAMS = ("/api", "/reconcile", "/static", "/healthz", "/readyz", "/metrics")


def wants_page(path: str, accept: str) -> bool:
    """Tell whether a person is to read the answer to a request for this path with this header `Accept`."""
    is_of_programs = any(path == each or path.startswith(each + "/") for each in _OF_PROGRAMS)
    return "text/html" in accept and not is_of_programs


def as_pages(handlers: Mapping[Any, Callable[..., Response[Any]]]) -> dict[Any, Callable[..., Response[Any]]]:
    """Return exception handlers that answer with pages where a person is to read the answer."""
    return {kind: _wrapped(handler) for kind, handler in handlers.items()}


def _wrapped(handler: Callable[..., Response[Any]]) -> Callable[..., Response[Any]]:
    def answer(request: Request[Any, Any, Any], error: Any) -> Response[Any]:
        response = handler(request, error)
        problem = response.content
        if not isinstance(problem, Problem) or not wants_page(request.url.path, request.headers.get("Accept", "")):
            return response
        if problem.status in (301, 308):
            return response
        query = f"?{request.url.query}" if request.url.query else ""
        is_read = request.method == "GET"
        if problem.status == HTTPStatus.UNAUTHORIZED and is_read:
            return redirect("/sign-in?return=" + quote(request.url.path + query))
        headers = {name: value for name, value in response.headers.items() if name.lower() == "retry-after"}
        return page(
            request,
            "error.html",
            status_code=problem.status,
            headers=headers,
            problem=problem,
            detail=_detail(problem),
            advice=_advice(problem),
            address=request.url.path + query if is_read else "/",
            is_retried=is_read and problem.status == HTTPStatus.SERVICE_UNAVAILABLE,
        )

    return answer


def as_page(problem: Problem, path: str) -> bytes:
    """Return the page of a problem of a request that was refused before the application."""
    return render(
        "error.html",
        here=path,
        viewer=Caller(),
        problem=problem,
        detail=_detail(problem),
        advice=_advice(problem),
        address=path,
        is_retried=False,
    ).encode()


def _detail(problem: Problem) -> str:
    return _DETAILS.get(problem.code) or problem.detail


def _advice(problem: Problem) -> str:
    if problem.code in _ADVICE:
        return _ADVICE[problem.code]
    meaning = CODES.get(problem.code)
    return meaning.what if meaning is not None else ""
