"""`/pairs/{a}/{b}`: why two records are, or are not, one paper. A slash in a record id is `%2F` (`serve/encoded_paths.py`)."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Request, Response, Router, get
from litestar.di import NamedDependency
from litestar.params import PathParameter

from streams.query.dossier import read_pair
from streams.serve.encoded_paths import record_in_path
from streams.serve.page.templates import page
from streams.serve.page.views.pair import pair_view
from streams.serve.resources import Resources

__all__ = ["router"]

RecordId = Annotated[str, PathParameter(description="A record id, source:id, percent-encoded.")]


@get("/pairs/{a:str}/{b:str}", operation_id="pagePair")
async def show_pair(
    request: Request[Any, Any, Any], resources: NamedDependency[Resources], a: RecordId, b: RecordId
) -> Response[str]:
    """Show the evidence on two records, and both beside each other."""
    found = await resources.ask(lambda index: read_pair(index, record_in_path(a), record_in_path(b)))
    return page(request, "pair.html", view=pair_view(found))


router = Router("/", route_handlers=[show_pair])
