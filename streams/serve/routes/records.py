"""`/records/{id}`: a stored record and the cluster that it is in."""

from __future__ import annotations

from typing import Annotated

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import PathParameter

from streams.query.answers import RecordAnswer
from streams.query.clusters import Clusters
from streams.serve.problems import answers
from streams.serve.resources import Resources

__all__ = ["router"]


@get("/{record:path}", operation_id="getRecord", summary="A record by its id", responses=answers(404, 422))
async def record(
    resources: NamedDependency[Resources],
    record: Annotated[str, PathParameter(description="A record id, source:id; slashes need no escape.")],
) -> RecordAnswer:
    """Return a stored record: its document, the cluster that it is in, and the version of its payload."""
    name = record.removeprefix("/")
    return await resources.ask(lambda index: Clusters(index).record(name))


router = Router("/records", route_handlers=[record], tags=["records"])
