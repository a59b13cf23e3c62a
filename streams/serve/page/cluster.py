"""`/clusters/{id}`: in work."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Request, Response, Router, get
from litestar.params import PathParameter

from streams.serve.page.templates import page

__all__ = ["router"]


@get("/clusters/{cluster_id:str}", operation_id="pageCluster", sync_to_thread=False)
def cluster(
    request: Request[Any, Any, Any], cluster_id: Annotated[str, PathParameter(description="A cluster id.")]
) -> Response[str]:
    """Show the page."""
    return page(request, "cluster.html", cluster_id=cluster_id)


router = Router("/", route_handlers=[cluster])
