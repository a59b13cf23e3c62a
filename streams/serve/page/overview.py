"""`/`: in work."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, Router, get

from streams.serve.page.templates import page

__all__ = ["router"]


@get("/", operation_id="pageOverview", sync_to_thread=False)
def overview(request: Request[Any, Any, Any]) -> Response[str]:
    """Show the page."""
    return page(request, "overview.html")


router = Router("/", route_handlers=[overview])
