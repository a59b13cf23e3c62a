"""`/pairs/{a}/{b}`: every comparison of two records, whether they are in one cluster, and what people said of the two."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import PathParameter

from streams.clusters.corrections import Correction
from streams.matching.decision import Explanation
from streams.query.explain import Inspection
from streams.query.index_reader import IndexReader
from streams.serve.encoded_paths import record_in_path
from streams.serve.problems import answers
from streams.serve.resources import Resources

__all__ = ["PairAnswer", "router"]

RecordId = Annotated[str, PathParameter(description="A record id, source:id, percent-encoded.")]


class PairAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The comparison of two records.

    `together`: they are in one cluster now, for whatever reason; `same` and `different` are the corrections in force on the two.
    """

    a: str
    b: str
    together: bool
    explanation: Explanation
    same: tuple[Correction, ...]
    different: tuple[Correction, ...]


@get(
    "/{a:str}/{b:str}",
    operation_id="explainPair",
    summary="Why two records are, or are not, one paper",
    responses=answers(404, 422),
)
async def pair(resources: NamedDependency[Resources], a: RecordId, b: RecordId) -> PairAnswer:
    """Return every comparison of two records with its weight, the rules that fired, and the verdict."""
    a, b = record_in_path(a), record_in_path(b)

    def question(index: IndexReader) -> PairAnswer:
        found = Inspection(index.settings, index.connection).compare(a, b)
        return PairAnswer(
            a=a,
            b=b,
            together=found.together,
            explanation=found.explanation,
            same=tuple(found.same),
            different=tuple(found.different),
        )

    return await resources.ask(question)


router = Router("/pairs", route_handlers=[pair], tags=["pairs"])
