"""`/lookup`: the clusters that an id, an identifier or a link names; one or up to 500."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import Router, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, QueryParameter

from streams.errors import NotFoundError
from streams.query.answers import LookupAnswer
from streams.query.lookup import MOST_ASKED, look_up
from streams.serve.access import requires
from streams.serve.problems import ProblemError, answers
from streams.serve.resources import Resources

__all__ = ["LookupBatch", "LookupRequest", "router"]

_SCHEMES = ("doi", "arxiv", "pmid", "pmcid", "openalex", "s2", "record", "cluster")
_LONGEST = 2000


class LookupRequest(msgspec.Struct, frozen=True):
    """Up to 500 texts: cluster ids, record ids, `scheme:value` identifiers, links."""

    items: Annotated[list[Annotated[str, msgspec.Meta(max_length=2000)]], msgspec.Meta(max_length=MOST_ASKED)]


class LookupBatch(msgspec.Struct, frozen=True):
    """One answer for each text, in order; `code` is set where nothing was found."""

    items: tuple[LookupAnswer, ...]


@get("", operation_id="lookup", summary="The clusters of one identifier", responses=answers(404, 422))
async def lookup(
    resources: NamedDependency[Resources],
    q: Annotated[str | None, QueryParameter(max_length=_LONGEST, description="Any id, identifier or link.")] = None,
    doi: Annotated[str | None, QueryParameter(max_length=_LONGEST, description="A DOI, or a link with one.")] = None,
    arxiv: Annotated[
        str | None, QueryParameter(max_length=_LONGEST, description="An arXiv id, with or without version.")
    ] = None,
    pmid: Annotated[str | None, QueryParameter(max_length=_LONGEST, description="A PubMed id.")] = None,
    pmcid: Annotated[str | None, QueryParameter(max_length=_LONGEST, description="A PubMed Central id.")] = None,
    openalex: Annotated[
        str | None, QueryParameter(max_length=_LONGEST, description="An OpenAlex id, W and digits.")
    ] = None,
    s2: Annotated[str | None, QueryParameter(max_length=_LONGEST, description="A Semantic Scholar id.")] = None,
    record: Annotated[str | None, QueryParameter(max_length=_LONGEST, description="A record id, source:id.")] = None,
) -> LookupAnswer:
    """Return the clusters that one identifier names; give exactly one parameter.

    An identifier can be in two clusters, so the answer is a list. Found are the first five identifiers of a record (arXiv id, PMID,
    PMCID and DOI before all others).
    """
    given = {
        "q": q,
        "doi": doi,
        "arxiv": arxiv,
        "pmid": pmid,
        "pmcid": pmcid,
        "openalex": openalex,
        "s2": s2,
        "record": record,
    }
    asked = [text if name in ("q", "record") else f"{name}:{text}" for name, text in given.items() if text is not None]
    if len(asked) != 1 or not asked[0].strip():
        raise ProblemError(422, "malformed", f"give exactly one of {', '.join(given)}, not empty")
    (answer,) = await resources.ask(lambda index: look_up(index, asked))
    if answer.code == "malformed":
        raise ProblemError(422, "malformed", answer.detail)
    if answer.code:
        raise NotFoundError(answer.code, answer.detail)
    return answer


@post(
    "",
    guards=[requires("read")],
    operation_id="lookupBatch",
    summary="The clusters of up to 500 identifiers",
    status_code=200,
    responses=answers(413),
)
async def lookup_batch(resources: NamedDependency[Resources], data: JSONBody[LookupRequest]) -> LookupBatch:
    """Return one answer for each text, in order. What is not found has a `code`, it is no error."""
    return LookupBatch(tuple(await resources.ask(lambda index: look_up(index, data.items))))


router = Router("/lookup", route_handlers=[lookup, lookup_batch], tags=["lookup"])
