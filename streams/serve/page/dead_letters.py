"""`/dead-letters`: in work."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, Router, get

from streams.serve.page.templates import page

__all__ = ["router"]


@get("/dead-letters", operation_id="pageDeadLetters", sync_to_thread=False)
def dead_letters(request: Request[Any, Any, Any]) -> Response[str]:
    """Show the page."""
    return page(request, "dead-letters.html")


router = Router("/", route_handlers=[dead_letters])
