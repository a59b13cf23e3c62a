"""`/search`: one box for whatever names or describes a paper. A long text comes by POST, which changes nothing either."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import QueryParameter, URLEncodedBody

from streams.query.search_box import LONGEST_TEXT, search
from streams.serve.access import requires
from streams.serve.page.templates import page
from streams.serve.page.views.search import search_view
from streams.serve.resources import Resources

__all__ = ["EXAMPLES", "router"]

Anything = Request[Any, Any, Any]

EXAMPLES = (
    ("a DOI", "10.1103/PhysRevLett.116.061102"),
    ("an arXiv id", "1706.03762"),
    ("a record id", "arxiv:1706.03762"),
    ("a link", "https://arxiv.org/abs/1706.03762"),
    ("a title", "Attention is all you need"),
)
"""What an empty page shows."""


class _Asked(msgspec.Struct, frozen=True):
    """The form."""

    q: str = ""


@get("/search", operation_id="pageSearch")
async def show_search(
    request: Anything,
    resources: NamedDependency[Resources],
    q: Annotated[str, QueryParameter(description="What to look for.")] = "",
) -> Response[str]:
    """Show what a text names or resembles."""
    return await _answer(request, resources, q)


@post("/search", operation_id="pageSearchLong", guards=[requires("read")], status_code=200)
async def search_long(
    request: Anything, resources: NamedDependency[Resources], data: URLEncodedBody[_Asked]
) -> Response[str]:
    """Show what a long text resembles."""
    return await _answer(request, resources, data.q)


async def _answer(request: Anything, resources: Resources, text: str) -> Response[str]:
    answer = await resources.ask(lambda index: search(index, text))
    return page(request, "search.html", view=search_view(text[:LONGEST_TEXT], answer), examples=EXAMPLES)


router = Router("/", route_handlers=[show_search, search_long])
