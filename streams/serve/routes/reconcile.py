"""`/reconcile`: OpenRefine's Reconciliation API 0.2. Its specification describes it; the description of `/api/v1` leaves it out."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import parse_qsl

from litestar import MediaType, Request, Response, Router, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from streams.errors import NotFoundError, UsageError
from streams.query.clusters import Clusters
from streams.query.index_reader import IndexReader
from streams.serve.access import requires
from streams.serve.problems import ProblemError
from streams.serve.reconcile import preview as pages
from streams.serve.reconcile.answers import clusters_by_id, reconcile, suggest
from streams.serve.reconcile.cross_origin import cross_origin, json_answer
from streams.serve.reconcile.extension import extension, proposals
from streams.serve.reconcile.manifest import PATH, WORK, manifest
from streams.serve.reconcile.properties import search
from streams.serve.reconcile.protocol import Suggestion, Suggestions, read_extend_query, read_queries
from streams.serve.resources import Resources

__all__ = ["router"]

Anything = Request[object, object, State]
Text = Annotated[str | None, QueryParameter()]
Callback = Annotated[str | None, QueryParameter(max_length=600)]
Typed = Annotated[str, QueryParameter(max_length=2000)]
Cursor = Annotated[int, QueryParameter(ge=0, le=1000)]
_FORM = "application/x-www-form-urlencoded"
_MOST_FIELDS = 100


@get("", operation_id="reconcileGet")
async def ask(
    request: Anything,
    resources: NamedDependency[Resources],
    queries: Text = None,
    extend: Text = None,
    callback: Callback = None,
) -> Response[bytes]:
    """Answer a batch of queries or a data extension, and the manifest where neither is asked for."""
    if queries is None and extend is None:
        return json_answer(manifest(str(request.base_url).rstrip("/")), callback)
    return await _answer(resources, queries, extend, callback)


@post("", operation_id="reconcile", status_code=200, guards=[requires("read")])
async def ask_by_form(request: Anything, resources: NamedDependency[Resources]) -> Response[bytes]:
    """Answer a batch of queries or a data extension in a form, as OpenRefine sends them.

    Raises:
        ProblemError: where the body is not a form, or has neither.

    """
    if request.content_type[0] != _FORM:
        raise ProblemError(415, "invalid", f"expected a body of {_FORM} with `queries` or `extend`")
    try:
        fields = dict(parse_qsl((await request.body()).decode(), max_num_fields=_MOST_FIELDS, errors="strict"))
    except ValueError:
        raise ProblemError(400, "invalid", f"the body is not {_FORM} in UTF-8") from None
    if "queries" not in fields and "extend" not in fields:
        raise ProblemError(400, "invalid", "the form needs `queries` or `extend`")
    return await _answer(resources, fields.get("queries"), fields.get("extend"))


async def _answer(
    resources: Resources, queries: str | None, extend: str | None, callback: str | None = None
) -> Response[bytes]:
    if queries is not None:
        batch = read_queries(queries)
        return json_answer(await resources.ask(lambda index: reconcile(index, batch)), callback)
    query = read_extend_query(extend or "")
    clusters = await resources.ask(lambda index: clusters_by_id(index, query.ids))
    return json_answer(extension(query, clusters), callback)


@get("/suggest/entity", operation_id="suggestEntity")
async def suggest_entity(
    resources: NamedDependency[Resources], prefix: Typed = "", cursor: Cursor = 0, callback: Callback = None
) -> Response[bytes]:
    """Return clusters by an id, an identifier, a link or a whole title: the index has no words to complete."""
    found = await resources.ask(lambda index: suggest(index, prefix, cursor)) if prefix.strip() else []
    return json_answer(Suggestions(tuple(found)), callback)


@get("/suggest/property", operation_id="suggestProperty")
async def suggest_property(prefix: Typed = "", cursor: Cursor = 0, callback: Callback = None) -> Response[bytes]:
    """Return the properties whose id or name has what was typed."""
    found = [Suggestion(each.id, each.name, each.description) for each in search(prefix)]
    return json_answer(Suggestions(tuple(found[cursor:])), callback)


@get("/suggest/type", operation_id="suggestType")
async def suggest_type(prefix: Typed = "", cursor: Cursor = 0, callback: Callback = None) -> Response[bytes]:
    """Return the one type, where what was typed may be it."""
    wanted = prefix.strip().lower()
    found = [Suggestion(WORK.id, WORK.name)] if wanted in WORK.name.lower() or wanted == WORK.id else []
    return json_answer(Suggestions(tuple(found[cursor:])), callback)


@get("/properties", operation_id="proposeProperties")
async def propose_properties(
    type: Typed = "",  # noqa: A002 - the name that the API gives it
    limit: Annotated[int | None, QueryParameter(ge=1)] = None,
    callback: Callback = None,
) -> Response[bytes]:
    """Return the properties that an extension can add for entities of a type; all types have the same."""
    found = {"properties": proposals(limit), "type": type}
    return json_answer(found if limit is None else {**found, "limit": limit}, callback)


@get("/preview", operation_id="previewCluster", media_type=MediaType.HTML)
async def preview(resources: NamedDependency[Resources], id: Typed) -> Response[str]:  # noqa: A002 - as above
    """Return a cluster as a small page, redirects followed."""

    def question(index: IndexReader) -> str:
        cluster = Clusters(index).cluster(id)
        if not cluster.records:
            raise NotFoundError("unknown_cluster", f"cluster {id} has no records any more")
        return pages.preview(cluster)

    try:
        page, status = await resources.ask(question), 200
    except UsageError as error:
        page, status = pages.missing(str(error)), 404
    return Response(page, status_code=status, media_type=MediaType.HTML, headers=pages.HEADERS)


router = Router(
    PATH,
    route_handlers=[ask, ask_by_form, suggest_entity, suggest_property, suggest_type, propose_properties, preview],
    middleware=[cross_origin],
    tags=["reconcile"],
    include_in_schema=False,
)
