"""Errors of the API as problem documents (RFC 9457, `application/problem+json`), each with a stable `code` for programs.

The codes and their meanings are in problem_codes.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.openapi import ResponseSpec

from streams.errors import BusyError, NotFoundError, PayloadError, ServiceError, StateError, UsageError
from streams.event_log import EventLog
from streams.serve.problem_codes import type_of
from streams.settings.redaction import hide_tokens

__all__ = ["HANDLERS", "MEDIA_TYPE", "Problem", "ProblemError", "ProblemField", "answers", "problem_response"]

log = EventLog(__name__)

MEDIA_TYPE = "application/problem+json"
_RETRY_SECONDS = "5"


class ProblemField(msgspec.Struct, frozen=True):
    """A part of the request that is wrong: the name of the parameter or the path in the body, and why."""

    field: str
    message: str


class Problem(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A problem document. `type` is a page about the `code`, `title` is the same for all of a code, `detail` is about this one.

    `merged_into` is the surviving cluster of one that was merged; `conflicts` are the ids of the corrections that a new one
    contradicts.
    """

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: tuple[ProblemField, ...] = ()
    merged_into: str = ""
    conflicts: tuple[str, ...] = ()


class ProblemError(Exception):
    """Ends a request with a problem document."""

    def __init__(
        self, status: int, code: str, detail: str, *, headers: Mapping[str, str] | None = None, **more: Any
    ) -> None:
        """Take the HTTP `status`, the stable `code`, what is wrong, and further fields of `Problem`."""
        detail = hide_tokens(detail)  # of a client that put one in the wrong place: answers are kept in logs of clients
        super().__init__(detail)
        self.problem = Problem(
            type=type_of(code), title=HTTPStatus(status).phrase, status=status, detail=detail, code=code, **more
        )
        self.headers = dict(headers or {})


_DESCRIPTIONS = {
    301: "The cluster was merged; `Location` is the survivor.",
    400: "The request is not as documented.",
    401: "A token is needed.",
    403: "This client may not.",
    404: "What was asked for is not known.",
    408: "The body did not arrive in time.",
    409: "It contradicts what is in force.",
    410: "The cluster was merged away.",
    413: "The body is too large.",
    422: "An identifier or a document is malformed.",
    429: "Too many requests.",
    500: "A fault of Streams.",
    503: "Redis or Kafka does not answer, or too many requests are being answered.",
}
_ALWAYS = (400, 401, 403, 429, 500, 503)


def answers(*statuses: int) -> dict[int, ResponseSpec]:
    """Return the problems that a path answers with, for its description: these, and those that any path may answer with.

    413 says that the path takes a body, so it comes with 408.
    """
    if 413 in statuses:
        statuses = (*statuses, 408)
    return {
        status: ResponseSpec(Problem, description=_DESCRIPTIONS[status], media_type=MEDIA_TYPE, generate_examples=False)
        for status in sorted({*statuses, *_ALWAYS})
    }


def problem_response(error: ProblemError) -> Response[Problem]:
    """Return the response with a problem document."""
    return Response(
        error.problem,
        status_code=error.problem.status,
        media_type=MEDIA_TYPE,
        headers={"Cache-Control": "no-store", **error.headers},
    )


def _problem(_request: Request[Any, Any, Any], error: ProblemError) -> Response[Problem]:
    return problem_response(error)


def _invalid(_request: Request[Any, Any, Any], error: ValidationException) -> Response[Problem]:
    given: Any = error.extra if isinstance(error.extra, list) else ()
    fields = tuple(
        ProblemField(hide_tokens(str(each.get("key", ""))), hide_tokens(str(each.get("message", ""))))
        for each in given
        if isinstance(each, dict)
    )
    detail = "; ".join(f"{f.field}: {f.message}" if f.field else f.message for f in fields) or error.detail
    return problem_response(ProblemError(400, "invalid", detail, errors=fields))


_CODES = {
    400: "invalid", 404: "unknown_path", 405: "method_not_allowed", 413: "too_large", 415: "invalid",
    429: "too_many_requests",
}  # fmt: skip


def _http(_request: Request[Any, Any, Any], error: HTTPException) -> Response[Problem]:
    code = _CODES.get(error.status_code, "invalid" if error.status_code < 500 else "internal_error")
    headers = dict(error.headers or {})
    return problem_response(ProblemError(error.status_code, code, error.detail or code, headers=headers))


def _not_found(_request: Request[Any, Any, Any], error: NotFoundError) -> Response[Problem]:
    return problem_response(ProblemError(404, error.code, str(error)))


def _usage(_request: Request[Any, Any, Any], error: UsageError) -> Response[Problem]:
    return problem_response(ProblemError(422, "malformed", str(error)))


def _payload(_request: Request[Any, Any, Any], error: PayloadError) -> Response[Problem]:
    return problem_response(
        ProblemError(422, "malformed", str(error), errors=(ProblemField(error.where, error.detail),))
    )


def _unavailable(_request: Request[Any, Any, Any], error: ServiceError | StateError) -> Response[Problem]:
    log.warning("request_unanswered", "a request was not answered: {reason}", reason=str(error))
    return problem_response(ProblemError(503, "unavailable", str(error), headers={"Retry-After": _RETRY_SECONDS}))


def _busy(_request: Request[Any, Any, Any], error: BusyError) -> Response[Problem]:
    return problem_response(
        ProblemError(503, "unavailable", str(error), headers={"Retry-After": str(error.retry_after)})
    )


def _internal(request: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    log.error("request_failed", "{method} {path} failed", cause=error, method=request.method, path=request.url.path)
    return problem_response(ProblemError(500, "internal_error", "a fault of Streams; its log has the details"))


HANDLERS: Any = {
    ProblemError: _problem,
    ValidationException: _invalid,
    HTTPException: _http,
    NotFoundError: _not_found,
    UsageError: _usage,
    PayloadError: _payload,
    BusyError: _busy,
    ServiceError: _unavailable,
    StateError: _unavailable,
    Exception: _internal,
}
"""Litestar's exception handlers: the most specific one answers."""
