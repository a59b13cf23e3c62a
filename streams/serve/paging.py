"""Pages of long lists: `{"items": […], "next": "…"}`, with `Link: <…>; rel="next"` where there are more.

A cursor is opaque. It names the place after the last item by what the list is ordered by, not by a count, so that items which come
or go meanwhile move no others onto another page. The name of the list is in it: a cursor of another list is refused.
"""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Annotated, TypeVar
from urllib.parse import parse_qsl, urlencode

import msgspec
from litestar import Request
from litestar.datastructures import State
from litestar.params import QueryParameter

from streams.serve.problems import ProblemError

__all__ = ["MOST_ITEMS", "CursorParameter", "LimitParameter", "next_link", "read_cursor", "write_cursor"]

T = TypeVar("T")

MOST_ITEMS = 200
LimitParameter = Annotated[int, QueryParameter(ge=1, le=MOST_ITEMS, description="Most items in an answer.")]
CursorParameter = Annotated[
    str | None, QueryParameter(max_length=4000, description="`next` of the answer before; other parameters as there.")
]


def write_cursor(name: str, place: object) -> str:
    """Return the cursor of a place in the list of a name."""
    return urlsafe_b64encode(msgspec.msgpack.encode((name, place))).decode().rstrip("=")


def read_cursor(name: str, cursor: str | None, kind: type[T]) -> T | None:
    """Return the place that a cursor of the list of a name has; None for the beginning. Raises ProblemError where it is none."""
    if cursor is None:
        return None
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        found, place = msgspec.msgpack.decode(urlsafe_b64decode(padded), type=tuple[str, kind])  # type: ignore[valid-type]
    except (binascii.Error, UnicodeError, msgspec.MsgspecError, ValueError, RecursionError):
        found, place = "", None
    if found != name or not isinstance(place, kind):
        raise ProblemError(
            422, "malformed", "cursor: it is not the `next` of an answer of this list with these parameters"
        )
    return place


def next_link(request: Request[object, object, State], cursor: str | None) -> dict[str, str]:
    """Return the headers that lead to the next page, none where there is none."""
    if cursor is None:
        return {}
    # In the order of the request, which the parameters as Litestar reads them have lost.
    asked = parse_qsl(request.url.query, keep_blank_values=True)
    given = [(name, value) for name, value in asked if name != "cursor"]
    query = urlencode([*given, ("cursor", cursor)])
    return {"Link": f'<{request.url.path}?{query}>; rel="next"'}
