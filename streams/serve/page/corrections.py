"""`/corrections/preview` shows what a correction results in, `/apply` makes it, `/outcome` shows what became of it.

Any form of the page may post to the preview: `action` with `a` and `b`, or `undo` with one or more `undoes`. It answers with a form
that has the corrections, ids included, so that a form that is sent twice makes them once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any
from urllib.parse import quote, urlencode

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import QueryParameter, URLEncodedBody

from streams.clusters.corrections import Correction
from streams.clusters.group import cluster_key
from streams.curation.corrections import make_correction
from streams.errors import NotFoundError, UsageError
from streams.query.answers import ClusterAnswer, PreviewAnswer
from streams.query.clusters import Clusters
from streams.query.index_reader import IndexReader
from streams.query.lookup import look_up
from streams.query.preview import preview
from streams.records.stored import id_of
from streams.serve.access import Caller, requires
from streams.serve.corrections import CorrectionAnswer, correction_answer, send_correction
from streams.serve.page.sign_in import safe_return
from streams.serve.page.templates import page, redirect
from streams.serve.page.views.correction import MOST_TOGETHER, outcome_view, preview_view
from streams.serve.problems import ProblemError
from streams.serve.resources import Resources

__all__ = ["preview_page", "router"]

Anything = Request[Any, Any, Any]
_AT_ONCE = 8
_MOST_TITLES = 200


class _Said(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A correction in the form that applies it."""

    id: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
    action: str
    a: str = ""
    b: str = ""
    undoes: str = ""


class _Applied(msgspec.Struct, frozen=True):
    """The form that applies corrections."""

    corrections: str
    reason: Annotated[str, msgspec.Meta(max_length=2000)] = ""
    back: str = "/"


@post("/corrections/preview", operation_id="pagePreviewCorrections", guards=[requires("curate")], status_code=200)
async def preview_corrections(
    request: Anything, resources: NamedDependency[Resources], caller: NamedDependency[Caller]
) -> Response[str]:
    """Show the clusters that would result."""
    form = await request.form()
    action, author, back = str(form.get("action", "")), caller.author, safe_return(str(form.get("back", "/")))
    if action == "undo":
        made = [make_correction(action, author, undoes=str(each)) for each in form.getall("undoes", [])]
    else:
        made = [make_correction(action, author, a=str(form.get("a", "")), b=str(form.get("b", "")))]
    if not 0 < len(made) <= MOST_TOGETHER:
        raise UsageError(f"give 1 to {MOST_TOGETHER} corrections, not {len(made)}")
    return await preview_page(request, resources, made, back=back, reason=str(form.get("reason", "")))


@post("/corrections/apply", operation_id="pageApplyCorrections", guards=[requires("curate")], status_code=303)
async def apply_corrections(
    resources: NamedDependency[Resources],
    caller: NamedDependency[Caller],
    data: URLEncodedBody[_Applied],
) -> Response[Any]:
    """Send corrections, and lead to what became of them."""
    try:
        said = msgspec.json.decode(data.corrections, type=list[_Said])
    except msgspec.DecodeError as error:
        raise UsageError(f"corrections: {error}") from None
    if not 0 < len(said) <= MOST_TOGETHER:
        raise UsageError(f"give 1 to {MOST_TOGETHER} corrections, not {len(said)}")
    author = caller.author
    made = [
        make_correction(each.action, author, data.reason, identifier=each.id, a=each.a, b=each.b, undoes=each.undoes)
        for each in said
    ]
    found = await _send_all(resources, made)
    problems = [each.problem.detail for each in found if isinstance(each, ProblemError)]
    if len(problems) == len(made):
        raise next(each for each in found if isinstance(each, ProblemError))
    query = {
        "ids": ",".join(each.id for each in found if isinstance(each, CorrectionAnswer)),
        "back": safe_return(data.back),
    }
    if problems:
        query["refused"] = "; ".join(problems)[:1000]
    return redirect("/corrections/outcome?" + urlencode(query))


@get("/corrections/outcome", operation_id="pageCorrectionOutcome")
async def show_outcome(
    request: Anything,
    resources: NamedDependency[Resources],
    ids: Annotated[str, QueryParameter(max_length=7000, description="The corrections, separated by commas.")],
    back: Annotated[str, QueryParameter(max_length=2000, description="The page to go back to.")] = "/",
    refused: Annotated[str, QueryParameter(max_length=1000, description="Why others were refused.")] = "",
) -> Response[str]:
    """Show what became of corrections, and the clusters of their records now."""
    names = [name for name in ids.split(",") if name][:MOST_TOGETHER]
    answers: list[CorrectionAnswer | str] = [refused] if refused else []
    for name in names:
        try:
            answers.append(await correction_answer(resources, name))
        except NotFoundError:
            answers.append(f"no correction {name} is known")
    records = dict.fromkeys(
        record for each in answers if isinstance(each, CorrectionAnswer) for record in (each.a, each.b) if record
    )
    clusters = await resources.ask(lambda index: _clusters_of(index, list(records)))
    again = f"/corrections/outcome?ids={quote(ids)}&back={quote(safe_return(back))}"
    return page(
        request, "correction-outcome.html", view=outcome_view(answers, clusters), back=safe_return(back), again=again
    )


async def preview_page(
    request: Anything,
    resources: Resources,
    made: Sequence[Correction],
    *,
    back: str,
    reason: str = "",
    wanted: Sequence[Sequence[str]] = (),
) -> Response[str]:
    """Return the page that shows what corrections would result in; `wanted` are the sets of records of a split."""
    if len(made) > MOST_TOGETHER:
        raise UsageError(
            f"this takes {len(made)} corrections, and at most {MOST_TOGETHER} are made at once; split in steps"
        )
    answer, titles = await resources.ask(lambda index: _preview(index, made))
    view = preview_view(made, answer, titles, wanted)
    return page(request, "correction-preview.html", view=view, back=back, reason=reason)


def _preview(index: IndexReader, made: Sequence[Correction]) -> tuple[PreviewAnswer, dict[str, str]]:
    answer = preview(index, made)
    names = [record for each in answer.clusters for record in each.records[:_MOST_TITLES]][:_MOST_TITLES]
    reader = index.reader()
    reader.load_records(map(id_of, names))
    return answer, {name: found.title for name in names if (found := reader.record(id_of(name))) is not None}


def _clusters_of(index: IndexReader, records: Sequence[str]) -> dict[str, ClusterAnswer]:
    found = dict.fromkeys(name for answer in look_up(index, records) for name in answer.clusters)
    answers = Clusters(index).clusters([cluster_key(name) for name in found])
    return {each.cluster_id: each for each in answers.values() if each is not None}


async def _send_all(resources: Resources, made: Sequence[Correction]) -> list[CorrectionAnswer | ProblemError]:
    """Send corrections, a few at once, as each waits for a worker; a refusal is its answer."""
    at_once = asyncio.Semaphore(_AT_ONCE)

    async def sent(correction: Correction) -> CorrectionAnswer | ProblemError:
        async with at_once:
            try:
                return await send_correction(resources, correction)
            except ProblemError as error:
                return error

    return list(await asyncio.gather(*map(sent, made)))


router = Router("/", route_handlers=[preview_corrections, apply_corrections, show_outcome])
