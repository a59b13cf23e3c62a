"""Answers that are lists as lines: NDJSON, one item a line, where the client accepts `application/x-ndjson`.

A program reads such an answer item by item, without a parser that holds all of it. What is beside the items in JSON is left out;
`Link` still leads to the next page.
"""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec
from litestar import Request, Response
from litestar.response.base import ASGIResponse

__all__ = ["NDJSON", "ListResponse"]

T = TypeVar("T")

NDJSON = "application/x-ndjson"
_ENCODER = msgspec.json.Encoder()


class ListResponse(Response[T]):
    """A response whose content may have `items`."""

    def to_asgi_response(self, app: Any, request: Request[Any, Any, Any], **given: Any) -> ASGIResponse:
        """Return the response to be sent, as lines where that is asked for."""
        items = getattr(self.content, "items", None)
        if isinstance(items, tuple) and NDJSON in request.headers.get("Accept", ""):
            self.content = _ENCODER.encode_lines(items)  # type: ignore[assignment]
            self.media_type = NDJSON
        return super().to_asgi_response(app, request, **given)
