"""`/match`: which clusters a document would join, were it sent now. Nothing is stored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from litestar import Router, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, QueryParameter

from streams.errors import PayloadError
from streams.query.answers import MatchAnswer
from streams.query.documents import read_document
from streams.query.index_reader import IndexReader
from streams.query.match import MOST_MATCHED, match
from streams.records.record import Record
from streams.serve.access import requires
from streams.serve.problems import answers
from streams.serve.resources import Resources

__all__ = ["MatchBatch", "MatchRequest", "router"]


class MatchRequest(msgspec.Struct, frozen=True):
    """Up to 50 documents in the form of the source `document` (docs/reference: Document)."""

    items: Annotated[list[dict[str, Any]], msgspec.Meta(max_length=MOST_MATCHED)]


class MatchBatch(msgspec.Struct, frozen=True):
    """One answer for each document, in order; `code` is set where one could not be read."""

    items: tuple[MatchAnswer, ...]


Limit = Annotated[int, QueryParameter(ge=1, le=50, description="Most clusters in an answer.")]


@post(
    "",
    guards=[requires("read")],
    operation_id="match",
    summary="The clusters that documents would join",
    status_code=200,
    responses=answers(413),
)
async def match_documents(
    resources: NamedDependency[Resources], data: JSONBody[MatchRequest], limit: Limit = 5
) -> MatchBatch:
    """Return, for each document, the cluster it would be in, and the clusters that it only resembles.

    The keys, the prefilter and the decision are those of a worker, so the answer is what would happen; nothing is stored.
    """
    read = [_read(document, f"/items/{number}") for number, document in enumerate(data.items)]
    records = [each for each in read if isinstance(each, Record)]
    answers = iter(await resources.ask(lambda index: _match(index, records, limit)))
    return MatchBatch(tuple(next(answers) if isinstance(each, Record) else _unread(each) for each in read))


def _match(index: IndexReader, records: Sequence[Record], limit: int) -> list[MatchAnswer]:
    return match(index, records, limit) if records else []


def _read(document: dict[str, Any], where: str) -> Record | PayloadError:
    try:
        return read_document(document, where)
    except PayloadError as error:
        return error


def _unread(error: PayloadError) -> MatchAnswer:
    return MatchAnswer(code=error.code, detail=error.detail)


router = Router("/match", route_handlers=[match_documents], tags=["match"])
