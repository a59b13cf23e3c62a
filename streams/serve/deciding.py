"""Decides doubtful pairs for a person, one or many, and finds what the decisions settle beyond these pairs.

A decision is a correction. What it settled is found by looking before and after: at the clusters of the two records, and at the
other questions about records of these clusters. What it would settle is found by the engine's plan of the clusters that would
result.
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
from streams.query.doubts import OpenDoubt
from streams.query.index_reader import IndexReader
from streams.query.preview import Foresight
from streams.query.preview import foresee as foresee_corrections
from streams.records.stored import id_of
from streams.serve.corrections import CorrectionAnswer, answer_of, correction_answer, send_correction
from streams.serve.problems import ProblemError
from streams.serve.resources import Resources
from streams.serve.review import OpenPair

__all__ = [
    "MOST_AT_ONCE", "Decided", "DecidedTogether", "Deciding", "Foreseen", "Further", "InCluster", "Settled", "decide", "decide_all",
    "decisions_of", "foresee", "undo",
]  # fmt: skip

Deciding = Literal["same", "different"]

MOST_AT_ONCE = 100
"""Pairs decided by one request."""
_MOST_RECORDS, _MOST_PAIRS = 300, 200
"""Records of the two clusters, and questions about them, that are looked at for what a decision settles."""
_MOST_RECORDS_TOGETHER, _MOST_PAIRS_TOGETHER = 2_000, 500
"""The same of all clusters, for what several decisions settle together."""
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


class Further(NamedTuple):
    """Open pairs that decisions on others settle. `is_all` is false where there were more questions than were looked at."""

    pairs: Sequence[tuple[Asked, OpenDoubt]] = ()
    is_all: bool = True


class Foreseen(NamedTuple):
    """What decisions on pairs would do.

    `refused` are those that would be refused, by pair, `result` has the clusters that the others result in, and `further` the open
    pairs that these would settle beside their own.
    """

    refused: dict[str, Verdict]
    result: PreviewAnswer
    further: Further


class DecidedTogether(NamedTuple):
    """The outcome of each of several decisions, and the open pairs that they settled beside their own."""

    decided: Sequence[Decided]
    further: Further


class _Questions(NamedTuple):
    """Questions that are open, with the decision on each, and whether these are all."""

    open: Sequence[tuple[Asked, OpenDoubt]]
    is_all: bool


async def decide(resources: Resources, pair: OpenPair, action: Deciding, author: str, reason: str = "") -> Decided:
    """Send the decision on a pair, and return its outcome with what it settled. Raises ProblemError (409), BrokerError."""
    correction = make_correction(action, author, reason, a=pair.asked.a, b=pair.asked.b)
    before, questions = await _clusters_of(resources, pair.asked), await _questions(resources, [pair])
    answer = await send_correction(resources, correction)
    settled = Settled(before=before, after=before)
    if answer.status != "sent":
        after, further = await _clusters_of(resources, pair.asked), await _settled(resources, questions)
        settled = Settled(before=before, after=after, pairs=len(further.pairs), is_all=further.is_all)
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
) -> DecidedTogether:
    """Send one decision on several pairs, each with an outcome of its own: a fault of one does not stop the others."""
    few = asyncio.Semaphore(_SENT_AT_ONCE)
    questions = await _questions(resources, pairs, _MOST_RECORDS_TOGETHER, _MOST_PAIRS_TOGETHER)

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

    decided = await asyncio.gather(*map(one, pairs))
    return DecidedTogether(decided, await _settled(resources, questions))


async def foresee(resources: Resources, pairs: Sequence[OpenPair], action: Deciding, author: str) -> Foreseen:
    """Return what one decision on several pairs would do. Nothing is sent."""
    questions = await _questions(resources, pairs, _MOST_RECORDS_TOGETHER, _MOST_PAIRS_TOGETHER)
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
        seen = foresee_corrections(index, accepted) if accepted else Foresight(PreviewAnswer())
        further = [each for each in questions.open if seen.settles(each[0].a, each[0].b)]
        return Foreseen(refused, seen.answer, Further(further, questions.is_all))

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


async def _questions(
    resources: Resources, pairs: Sequence[OpenPair], most_records: int = _MOST_RECORDS, most_pairs: int = _MOST_PAIRS
) -> _Questions:
    """Return the other questions about records of the clusters of some pairs that are open now."""
    chosen = {pair.asked.id for pair in pairs}
    named = list(dict.fromkeys(record for pair in pairs for record in (pair.asked.a, pair.asked.b)))

    def records(index: IndexReader) -> tuple[list[str], bool]:
        homes = index.homes(map(id_of, named))
        keys = list(dict.fromkeys(key for home in homes.values() for key in home.records))
        reader = index.reader()
        reader.load_records(keys[:most_records])
        known = [record.id for key in keys[:most_records] if (record := reader.record(key))]
        return known, len(keys) <= most_records

    names, are_all_records = await resources.ask(records)
    about = partial(review_queue.about, records=names or named, most=most_pairs + len(chosen) + 1)
    found = [pair for pair in await resources.curation.database.run(about) if pair.id not in chosen]
    shown = found[:most_pairs]
    doubts = await resources.curation.look(shown) if shown else []
    still = [(pair, doubt) for pair, doubt in zip(shown, doubts, strict=True) if doubt]
    return _Questions(still, are_all_records and len(found) <= most_pairs)


async def _settled(resources: Resources, questions: _Questions) -> Further:
    """Return those of some questions that are not open any more."""
    if not questions.open:
        return Further((), questions.is_all)
    looked = await resources.curation.look([asked for asked, _ in questions.open])
    gone = [each for each, doubt in zip(questions.open, looked, strict=True) if doubt is None]
    return Further(gone, questions.is_all)


async def _clusters_of(resources: Resources, asked: Asked) -> tuple[InCluster, ...]:
    return await resources.ask(lambda index: _clusters(index, asked))


def _clusters(index: IndexReader, asked: Asked) -> tuple[InCluster, ...]:
    homes = index.homes([id_of(asked.a), id_of(asked.b)])
    return tuple(dict.fromkeys(InCluster(cluster_id(home.cluster.key), len(home.records)) for home in homes.values()))
