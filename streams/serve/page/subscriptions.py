"""`/subscriptions`: in work."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, Router, get

from streams.serve.page.templates import page

__all__ = ["router"]


@get("/subscriptions", operation_id="pageSubscriptions", sync_to_thread=False)
def subscriptions(request: Request[Any, Any, Any]) -> Response[str]:
    """Show the page."""
    return page(request, "subscriptions.html")


router = Router("/", route_handlers=[subscriptions])
