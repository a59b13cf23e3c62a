"""`/search`: in work."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, Router, get

from streams.serve.page.templates import page

__all__ = ["router"]


@get("/search", operation_id="pageSearch", sync_to_thread=False)
def search(request: Request[Any, Any, Any]) -> Response[str]:
    """Show the page."""
    return page(request, "search.html")


router = Router("/", route_handlers=[search])
