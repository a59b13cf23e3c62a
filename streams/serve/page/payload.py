"""`/payload?record=`: what a source sent of a record; for the scope `operate`, as payloads of dead letters are."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Request, Response, Router, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from streams.errors import NotFoundError
from streams.query.payloads import arrival_of, read_payload
from streams.serve.access import TOKEN_NEEDED, requires
from streams.serve.page.templates import page
from streams.serve.page.views.payload import payload_view
from streams.serve.resources import Resources

__all__ = ["router"]


@get("/payload", operation_id="pagePayload", guards=[requires("operate")], security=TOKEN_NEEDED)
async def show_payload(
    request: Request[Any, Any, Any],
    resources: NamedDependency[Resources],
    record: Annotated[str, QueryParameter(max_length=2000, description="A record id.")],
) -> Response[str]:
    """Show the payload that a record was made of."""
    arrived = await resources.ask(lambda index: arrival_of(index, record))
    if arrived is None:
        raise NotFoundError("unknown_record", f"no record {record!r} is known")
    found = await read_payload(resources.settings, record, arrived)
    return page(request, "payload.html", record=record, view=payload_view(found) if found else None)


router = Router("/", route_handlers=[show_payload])
