"""`/pairs/{a}/{b}`: in work. Record ids may have slashes in them, so the parts are those of the path before it is decoded."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import unquote

from litestar import Request, Response, Router, get
from litestar.exceptions import NotFoundException
from litestar.params import PathParameter

from streams.serve.page.templates import page

__all__ = ["router"]

Anything = Request[Any, Any, Any]


@get("/pairs/{pair:path}", operation_id="pagePair", sync_to_thread=False)
def show_pair(
    request: Anything, pair: Annotated[str, PathParameter(description="Two record ids, percent-encoded, a/b.")]
) -> Response[str]:
    """Show the page."""
    a, b = _records(request)
    return page(request, "pair.html", a=a, b=b)


def _records(request: Anything) -> tuple[str, str]:
    """Return the two record ids of the address. Raises NotFoundException where it has not two."""
    raw = request.scope["raw_path"].decode("latin-1").partition("?")[0]
    parts = [unquote(part) for part in raw.removeprefix("/pairs/").split("/")]
    if len(parts) != 2 or not all(parts):
        raise NotFoundException("the address of a pair is /pairs/A/B, with two record ids; a slash in an id is %2F")
    return parts[0], parts[1]


router = Router("/", route_handlers=[show_pair])
