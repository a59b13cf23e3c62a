"""`/review`: in work."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, Router, get

from streams.serve.page.templates import page

__all__ = ["router"]


@get("/review", operation_id="pageReview", sync_to_thread=False)
def review(request: Request[Any, Any, Any]) -> Response[str]:
    """Show the page."""
    return page(request, "review.html")


router = Router("/", route_handlers=[review])
