"""Decides doubtful pairs for a person, one or many, and finds what each decision settled.

A decision is a correction. What it settles beyond the pair itself is found by looking before and after: at the clusters of the two
records, and at the other questions about records of these clusters.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Literal, NamedTuple

import msgspec

from streams.clusters.corrections import Correction, Standing, Verdict
from streams.clusters.group import cluster_id
from streams.curation import review_queue
from streams.curation.corrections import Status, make_correction
from streams.curation.review_queue import Asked
from streams.errors import StreamsError
from streams.query.answers import PreviewAnswer
from streams.query.index_reader import IndexReader
from streams.query.preview import preview
from streams.records.stored import id_of
from streams.serve.corrections import CorrectionAnswer, answer_of, correction_answer, send_correction
from streams.serve.problems import ProblemError
from streams.serve.resources import Resources
from streams.serve.review import OpenPair

__all__ = [
    "MOST_AT_ONCE", "Decided", "Deciding", "Foreseen", "InCluster", "Settled", "decide", "decide_all", "decisions_of", "foresee",
    "undo",
]  # fmt: skip

Deciding = Literal["same", "different"]

MOST_AT_ONCE = 100
"""Pairs decided by one request."""
_MOST_RECORDS = 300
_MOST_PAIRS = 200
"""Records of the two clusters, and questions about them, that are looked at for what a decision settles."""
_SENT_AT_ONCE = 4


class InCluster(msgspec.Struct, frozen=True):
    """A cluster, by its id and its number of records."""

    cluster_id: str
    size: int


class Settled(msgspec.Struct, frozen=True, kw_only=True):
    """What a decision on a pair settled: the clusters of its two records before and after, and how many further open pairs.

    `is_all` is false where there were more questions than were looked at: `pairs` are the least then.
    """

    before: tuple[InCluster, ...] = ()
    after: tuple[InCluster, ...] = ()
    pairs: int = 0
    is_all: bool = True


class Decided(msgspec.Struct, frozen=True, kw_only=True):
    """The decision on one pair and its outcome: the `correction` with its status, or the `problem` that it ended with."""

    pair: str
    a: str
    b: str
    score: float
    correction: CorrectionAnswer | None = None
    settled: Settled = Settled()
    code: str = ""
    problem: str = ""
    conflicts: tuple[str, ...] = ()


class Foreseen(NamedTuple):
    """What decisions on pairs would do: those that would be refused, by pair, and the clusters that the others result in."""

    refused: dict[str, Verdict]
    result: PreviewAnswer


class _Questions(NamedTuple):
    clusters: tuple[InCluster, ...]
    open: Sequence[Asked]
    is_all: bool


async def decide(resources: Resources, pair: OpenPair, action: Deciding, author: str, reason: str = "") -> Decided:
    """Send the decision on a pair, and return its outcome with what it settled. Raises ProblemError (409), BrokerError."""
    correction = make_correction(action, author, reason, a=pair.asked.a, b=pair.asked.b)
    before = await _questions(resources, pair.asked)
    answer = await send_correction(resources, correction)
    settled = Settled(before=before.clusters, after=before.clusters)
    if answer.status != "sent":
        after = await _clusters_of(resources, pair.asked)
        looked = await resources.curation.look(before.open) if before.open else []
        settled = Settled(
            before=before.clusters, after=after, pairs=sum(doubt is None for doubt in looked), is_all=before.is_all
        )
    return _decided(pair, correction=answer, settled=settled)


async def undo(resources: Resources, identifier: str, author: str) -> Decided:
    """Undo a decision, and return that with the clusters of its two records. Raises ProblemError (409), NotFoundError."""
    known = await correction_answer(resources, identifier)
    asked = Asked(review_queue.pair_id(known.a, known.b), known.a, known.b, 0.0, (), 0)
    before = await _clusters_of(resources, asked)
    answer = await send_correction(resources, make_correction("undo", author, undoes=identifier))
    after = before if answer.status == "sent" else await _clusters_of(resources, asked)
    settled = Settled(before=before, after=after)
    return Decided(pair=asked.id, a=asked.a, b=asked.b, score=0.0, correction=answer, settled=settled)


async def decide_all(
    resources: Resources, pairs: Sequence[OpenPair], action: Deciding, author: str, reason: str = ""
) -> list[Decided]:
    """Send one decision on several pairs, each with an outcome of its own: a fault of one does not stop the others."""
    few = asyncio.Semaphore(_SENT_AT_ONCE)

    async def one(pair: OpenPair) -> Decided:
        async with few:
            try:
                made = make_correction(action, author, reason, a=pair.asked.a, b=pair.asked.b)
                return _decided(pair, correction=await send_correction(resources, made))
            except ProblemError as error:
                problem = error.problem
                return _decided(pair, code=problem.code, problem=problem.detail, conflicts=problem.conflicts)
            except StreamsError as error:
                return _decided(pair, code="unavailable", problem=str(error))

    return list(await asyncio.gather(*map(one, pairs)))


async def foresee(resources: Resources, pairs: Sequence[OpenPair], action: Deciding, author: str) -> Foreseen:
    """Return what one decision on several pairs would do. Nothing is sent."""
    made = {pair.asked.id: make_correction(action, author, a=pair.asked.a, b=pair.asked.b) for pair in pairs}

    def question(index: IndexReader) -> Foreseen:
        standing = Standing(index.corrections.all())
        refused: dict[str, Verdict] = {}
        accepted: list[Correction] = []
        for identifier, correction in made.items():
            verdict = standing.decide(correction)
            if verdict.accepted:
                standing.take(verdict)
                accepted.append(correction)
            else:
                refused[identifier] = verdict
        return Foreseen(refused, preview(index, accepted) if accepted else PreviewAnswer())

    return await resources.ask(question)


async def decisions_of(resources: Resources, author: str, most: int) -> list[CorrectionAnswer]:
    """Return the last decisions of a person that are in force, newest first."""

    def question(index: IndexReader) -> list[CorrectionAnswer]:
        active = Standing(index.corrections.all()).verdicts()
        mine = [verdict for verdict in reversed(active) if verdict.correction.author == author]
        return [answer_of(verdict.correction, Status("active"), verdict) for verdict in mine[:most]]

    return await resources.ask(question)


def _decided(
    pair: OpenPair,
    correction: CorrectionAnswer | None = None,
    settled: Settled = Settled(),  # noqa: B008 - a constant: it is frozen
    code: str = "",
    problem: str = "",
    conflicts: tuple[str, ...] = (),
) -> Decided:
    return Decided(
        pair=pair.asked.id,
        a=pair.asked.a,
        b=pair.asked.b,
        score=pair.doubt.decision.score,
        correction=correction,
        settled=settled,
        code=code,
        problem=problem,
        conflicts=conflicts,
    )


async def _questions(resources: Resources, asked: Asked) -> _Questions:
    """Return the clusters of a pair, and the other questions about records of these clusters that are open now."""

    def records(index: IndexReader) -> tuple[tuple[InCluster, ...], list[str]]:
        homes = index.homes([id_of(asked.a), id_of(asked.b)])
        keys = list(dict.fromkeys(key for home in homes.values() for key in home.records))[:_MOST_RECORDS]
        reader = index.reader()
        reader.load_records(keys)
        return _clusters(index, asked), [record.id for key in keys if (record := reader.record(key))]

    clusters, names = await resources.ask(records)
    about = partial(review_queue.about, records=names or [asked.a, asked.b], most=_MOST_PAIRS + 1)
    found = [pair for pair in await resources.curation.database.run(about) if pair.id != asked.id]
    shown = found[:_MOST_PAIRS]
    doubts = await resources.curation.look(shown) if shown else []
    still = [pair for pair, doubt in zip(shown, doubts, strict=True) if doubt]
    return _Questions(clusters, still, len(found) <= _MOST_PAIRS)


async def _clusters_of(resources: Resources, asked: Asked) -> tuple[InCluster, ...]:
    return await resources.ask(lambda index: _clusters(index, asked))


def _clusters(index: IndexReader, asked: Asked) -> tuple[InCluster, ...]:
    homes = index.homes([id_of(asked.a), id_of(asked.b)])
    return tuple(dict.fromkeys(InCluster(cluster_id(home.cluster.key), len(home.records)) for home in homes.values()))
