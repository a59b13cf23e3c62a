"""`/clusters/{id}`: a cluster, its history, the forms to split and to merge it; `/records` leads to the cluster of a record."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any
from urllib.parse import quote

from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import PathParameter, QueryParameter

from streams.clusters.corrections import SAME, Correction
from streams.curation.corrections import corrections_of_sets, make_correction
from streams.errors import UsageError
from streams.query.clusters import Clusters
from streams.query.dossier import Dossier, read_dossier
from streams.query.index_reader import IndexReader
from streams.query.preview import preview
from streams.query.search_box import search
from streams.serve.access import Caller, requires
from streams.serve.history import history_of
from streams.serve.page.corrections import preview_page
from streams.serve.page.templates import fragment, page, part, redirect
from streams.serve.page.views.cluster import cluster_view
from streams.serve.page.views.cluster_history import history_view
from streams.serve.page.views.correction import MOST_TOGETHER, split_sets
from streams.serve.page.views.search import card_of
from streams.serve.resources import Resources

__all__ = ["router"]

Anything = Request[Any, Any, Any]
ClusterId = Annotated[str, PathParameter(description="A cluster id.")]
From = Annotated[int, QueryParameter(name="from", ge=0, le=1_000_000, description="The record to begin with, from 0.")]
_LONGEST = 2000
_PART = "part:"


@get("/clusters/{cluster:str}", operation_id="pageCluster")
async def show_cluster(
    request: Anything,
    resources: NamedDependency[Resources],
    cluster: ClusterId,
    first: From = 0,
    merged: Annotated[str, QueryParameter(max_length=40, description="The cluster that led here.")] = "",
) -> Response[Any]:
    """Show a cluster; one that was merged away leads to its survivor."""
    found = await resources.ask(lambda index: read_dossier(index, cluster, first))
    if found.answer.merged_from:
        return redirect(f"/clusters/{part(found.answer.cluster_id)}?merged={quote(found.answer.merged_from)}")
    view = cluster_view(found)
    anchors = {row.record: f"record-{row.number}" for row in view.records}
    return page(request, "cluster.html", view=view, merged=merged, anchors=anchors)


@get("/clusters/{cluster:str}/history", operation_id="pageClusterHistory")
async def show_history(
    request: Anything,
    resources: NamedDependency[Resources],
    cluster: ClusterId,
    as_part: Annotated[bool, QueryParameter(name="part", description="Only the part that goes into a page.")] = False,
) -> Response[str]:
    """Show how a cluster came to be."""
    view = history_view(await history_of(resources, cluster))
    return fragment("parts/timeline.html", view=view) if as_part else page(request, "cluster-history.html", view=view)


@get("/records", operation_id="pageRecord")
async def show_record(
    resources: NamedDependency[Resources],
    record: Annotated[str, QueryParameter(name="id", max_length=_LONGEST, description="A record id.")],
) -> Response[Any]:
    """Lead to the cluster of a record."""

    def place(index: IndexReader) -> tuple[str, int]:
        clusters = Clusters(index)
        found = clusters.record(record)
        return found.cluster_id, clusters.cluster(found.cluster_id).records.index(record)

    cluster, number = await resources.ask(place)
    first = number // 30 * 30
    return redirect(f"/clusters/{part(cluster)}" + (f"?from={first}" if first else "") + f"#record-{number + 1}")


@get("/clusters/{cluster:str}/split", operation_id="pageSplit", guards=[requires("curate")])
async def show_split(
    request: Anything, resources: NamedDependency[Resources], cluster: ClusterId, first: From = 0
) -> Response[Any]:
    """Ask which records are which paper."""
    found = await resources.ask(lambda index: read_dossier(index, cluster, first))
    if found.answer.merged_from:
        return redirect(f"/clusters/{part(found.answer.cluster_id)}/split")
    return _split_form(request, found, {}, "")


@post("/clusters/{cluster:str}/split", operation_id="pagePreviewSplit", guards=[requires("curate")], status_code=200)
async def preview_split(
    request: Anything, resources: NamedDependency[Resources], caller: NamedDependency[Caller], cluster: ClusterId
) -> Response[str]:
    """Show the clusters that a split would result in."""
    form = await request.form()
    parts = {name.removeprefix(_PART): str(value) for name, value in form.multi_items() if name.startswith(_PART)}
    found = await resources.ask(lambda index: read_dossier(index, cluster))
    sets = split_sets(found.answer.records, parts)
    if len(sets) < 2:
        return _split_form(request, found, parts, "All records are on one paper: say which of them are another one.")
    try:
        made = corrections_of_sets(sets, caller.author)
    except UsageError as error:
        return _split_form(request, found, parts, str(error))
    return await preview_page(request, resources, made, back=f"/clusters/{part(cluster)}", wanted=sets)


@get("/clusters/{cluster:str}/merge", operation_id="pageMerge", guards=[requires("curate")])
async def show_merge(
    request: Anything,
    resources: NamedDependency[Resources],
    cluster: ClusterId,
    other: Annotated[str, QueryParameter(name="with", max_length=_LONGEST, description="The other cluster.")] = "",
) -> Response[str]:
    """Ask which cluster is the same paper, and find it."""
    own = await resources.ask(lambda index: Clusters(index).cluster(cluster))
    if not own.records:
        raise UsageError(f"cluster {cluster} has no records")
    answer = await resources.ask(lambda index: search(index, other))
    others = [each for each in answer.clusters.values() if each.cluster_id != own.cluster_id and each.records]
    return page(request, "merge.html", card=card_of(own), text=other, others=list(map(card_of, others)))


@post("/clusters/{cluster:str}/merge", operation_id="pagePreviewMerge", guards=[requires("curate")], status_code=200)
async def preview_merge(
    request: Anything, resources: NamedDependency[Resources], caller: NamedDependency[Caller], cluster: ClusterId
) -> Response[str]:
    """Show the cluster that a merge would result in."""
    other = str((await request.form()).get("with", ""))

    def ask(index: IndexReader) -> tuple[list[Correction], list[str]]:
        own, others = (Clusters(index).cluster(name).records for name in (cluster, other))
        if not own or not others:
            raise UsageError(f"cluster {other if own else cluster} has no records")
        return _merging(index, own, others, caller.author), [*own, *others]

    made, records = await resources.ask(ask)
    return await preview_page(request, resources, made, back=f"/clusters/{part(cluster)}", wanted=[records])


def _merging(index: IndexReader, own: Sequence[str], others: Sequence[str], author: str) -> list[Correction]:
    """Return the corrections that make one cluster of two.

    One is enough where nothing contradicts it. Else it would take its two records out of their clusters, as of two records with
    an arXiv id each: then every record is said to be of the paper, where these are not too many.
    """
    one, records = [make_correction(SAME, author, a=own[0], b=others[0])], [*own, *others]
    is_enough = any(set(records) <= set(each.records) for each in preview(index, one).clusters)
    return one if is_enough or len(records) - 1 > MOST_TOGETHER else corrections_of_sets([records], author)


def _split_form(request: Anything, found: Dossier, parts: dict[str, str], problem: str) -> Response[str]:
    status = 422 if problem else 200
    return page(request, "split.html", status_code=status, view=cluster_view(found), parts=parts, problem=problem)


router = Router(
    "/", route_handlers=[show_cluster, show_history, show_record, show_split, preview_split, show_merge, preview_merge]
)
