"""`/clusters/{id}`: a cluster by its id, redirects followed, and why its records are together."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Request, Response, Router, get
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import PathParameter, QueryParameter

from streams.clusters.corrections import Correction
from streams.query.answers import ClusterAnswer, Spanning
from streams.query.clusters import MOST_LINKS, Clusters
from streams.query.index_reader import IndexReader
from streams.serve.history import history_of
from streams.serve.problems import ProblemError, answers
from streams.serve.resources import Resources

__all__ = ["ClusterHistory", "PastEvent", "Why", "router"]

ClusterId = Annotated[
    str,
    PathParameter(description="A cluster id, as in events: c and 13 letters or digits, .1 and so on after a split."),
]
Anything = Request[object, object, State]


class Why(msgspec.Struct, frozen=True, kw_only=True):
    """Why the records of a cluster are together: the strongest links that connect them, and what people corrected."""

    cluster_id: str
    links: Spanning
    corrections: tuple[Correction, ...]


class PastEvent(msgspec.Struct, frozen=True):
    """An event as `dedup.events` has it, and when it was first published, Unix time in ms."""

    time: int
    event: dict[str, Any]


class ClusterHistory(msgspec.Struct, frozen=True, kw_only=True):
    """The history of a cluster, oldest event first.

    `merged_into` is the cluster that its records went to, empty where it was not merged away. `lost` names the clusters of the
    history whose first events were not found, with the last revision that is missing (0: all of them). `is_whole` says that all
    that the topic has was read.
    """

    cluster_id: str
    items: tuple[PastEvent, ...]
    merged_into: str
    lost: dict[str, int]
    is_whole: bool


@get(
    "/{cluster_id:str}", operation_id="getCluster", summary="A cluster by its id", responses=answers(301, 404, 410, 422)
)
async def cluster(
    request: Anything,
    resources: NamedDependency[Resources],
    cluster_id: ClusterId,
    follow: Annotated[
        bool, QueryParameter(description="Redirect to the survivor of a merge (301); false: answer 410.")
    ] = True,
) -> Response[ClusterAnswer]:
    """Return the canonical document, the records and the relations of a cluster.

    `ETag` is made of id and revision, so `If-None-Match` tells whether the cluster changed.
    """
    found = await resources.ask(lambda index: Clusters(index).cluster(cluster_id))
    if found.merged_from:
        raise _merged(request, found, follow=follow)
    tag = f'"{found.cluster_id}:{found.revision}"'
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    if tag in request.headers.get("If-None-Match", ""):
        return Response(None, status_code=304, headers=headers)  # type: ignore[arg-type]
    return Response(found, headers=headers)


@get(
    "/{cluster_id:str}/why",
    operation_id="explainCluster",
    summary="Why the records of a cluster are together",
    responses=answers(404, 422),
)
async def why(
    resources: NamedDependency[Resources],
    cluster_id: ClusterId,
    limit: Annotated[int, QueryParameter(ge=1, le=200, description="Links in the answer, the strongest.")] = MOST_LINKS,
) -> Why:
    """Return the strongest links that connect the records of a cluster, and the corrections in force on any of them.

    Decisions are pure, so they are made again: an answer is about the rules in force.
    """

    def question(index: IndexReader) -> Why:
        clusters = Clusters(index)
        return Why(
            cluster_id=clusters.cluster(cluster_id).cluster_id,
            links=clusters.spanning(cluster_id, limit),
            corrections=tuple(clusters.corrections(cluster_id)),
        )

    return await resources.ask(question)


@get(
    "/{cluster_id:str}/history",
    operation_id="getHistory",
    summary="How a cluster came to be",
    responses=answers(404, 422, 503),
)
async def history(resources: NamedDependency[Resources], cluster_id: ClusterId) -> ClusterHistory:
    """Return the events of a cluster, and of those it was merged with or split from, oldest first; as lines if asked for.

    Of each partition the last 60,000 events are read; `streams history` reads all.
    """
    found, is_whole = await history_of(resources, cluster_id)
    return ClusterHistory(
        cluster_id=found.cluster_id,
        items=tuple(PastEvent(time, event) for time, event in found.events),
        merged_into=found.merged_into,
        lost=found.lost,
        is_whole=is_whole,
    )


def _merged(request: Anything, found: ClusterAnswer, *, follow: bool) -> ProblemError:
    """Return the answer for a cluster that was merged away: 301 to the survivor, or 410."""
    text = f"cluster {found.merged_from} was merged into {found.cluster_id}"
    if not follow:
        return ProblemError(410, "merged", text, merged_into=found.cluster_id)
    location = request.url.path.removesuffix(found.merged_from) + found.cluster_id
    return ProblemError(301, "merged", text, merged_into=found.cluster_id, headers={"Location": location})


router = Router("/clusters", route_handlers=[cluster, why, history], tags=["clusters"])
