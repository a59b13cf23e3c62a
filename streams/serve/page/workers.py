"""`/workers`: in work."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, Router, get

from streams.serve.page.templates import page

__all__ = ["router"]


@get("/workers", operation_id="pageWorkers", sync_to_thread=False)
def workers(request: Request[Any, Any, Any]) -> Response[str]:
    """Show the page."""
    return page(request, "workers.html")


router = Router("/", route_handlers=[workers])
