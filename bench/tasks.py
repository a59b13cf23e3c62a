"""The parts of an evaluation, each of one set, done side by side in two processes.

The sets are loaded once; the processes are forked from this one and so share them.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from multiprocessing import get_context
from typing import Any, NamedTuple, TypeAlias

from ablation import Alarm, Row, ablate, alarms
from left_out import LeftOut, leave_out
from matching_speed import Cost
from measure import Blocking, Error, Outcome, b_cubed, blocking, errors, one_sided, outcome, time_matching
from mutate import Trial, mutate
from order import Order
from order import measure as shuffle
from peers import Peer, bib_dedupe, naive
from sets import OWN_SETS
from subjects import Subject
from train import Fit, examples, fit, teachers
from word_counts import Titles
from world import World

from streams.evaluation.scores import B3
from streams.matching.ruleset import DEFAULT

Task: TypeAlias = tuple[str, str]
"""What is done, and with which set."""


class Fitted(NamedTuple):
    """All that the shipped rules make of a set; `one_sided` pairs are decided otherwise when their records change places."""

    outcome: Outcome
    blocking: Blocking
    b_cubed: B3 | None
    cost: Cost
    errors: list[Error]
    one_sided: int


class Shipped(NamedTuple):
    """The pairs of a set that a dump lists: those that are one work, are put together or are in doubt."""

    name: str
    rows: list[dict[str, Any]]


class Judged(NamedTuple):
    """Each rule on a set, and each guard."""

    rows: list[Row]
    alarms: list[Alarm]


class Given(NamedTuple):
    """What all processes share: the sets, the counts of their titles, and how often and where they are shuffled."""

    subjects: dict[str, Subject]
    titles: Titles | None
    listed: list[int]
    seeds: int
    engine_seeds: int
    redis_url: str


_given: list[Given] = []


def run(tasks: Sequence[Task], given: Given, jobs: int) -> Iterator[Any]:
    """Do all tasks in some processes and return their results as they come; the longest should be given first."""
    _given[:] = [given]
    if jobs < 2:
        results = map(_timed, tasks)
        yield from (_reported(*result) for result in results)
        return
    with get_context("fork").Pool(jobs) as pool:
        for result in pool.imap_unordered(_timed, tasks, chunksize=1):
            yield _reported(*result)


def _timed(task: Task) -> tuple[Task, Any, float]:
    start = time.perf_counter()
    what, name = task
    return task, _DO[what](name, _given[0]), time.perf_counter() - start


def _reported(task: Task, result: Any, seconds: float) -> Any:
    print(f"{task[1]}: {task[0]} ({seconds:.0f} s)", file=sys.stderr, flush=True)
    return result


def _fitted(name: str, given: Given) -> Fitted:
    subject, world = _begin(name, given)
    found = subject.found(world) if subject.is_labelled else set()
    return Fitted(
        outcome(subject, world),
        blocking(subject),
        b_cubed(subject, world),
        time_matching(subject),
        list(errors(subject, world, found)) if subject.is_labelled else [],
        one_sided(subject, world),
    )


def _begin(name: str, given: Given) -> tuple[Subject, World]:
    subject = given.subjects[name]
    return subject, subject.world.under(DEFAULT)


def _left_out(base: str, given: Given) -> list[LeftOut]:
    assert given.titles is not None
    return leave_out(base, list(given.subjects.values()), given.titles, given.listed)


def _learned(_: str, given: Given) -> Fit:
    return fit([example for subject in teachers(given.subjects.values()) for example in examples(subject)])


def _judged(name: str, given: Given) -> Judged:
    subject, world = _begin(name, given)
    rules = list(ablate(subject, world, subject.found(world)))
    return Judged(rules, [] if name in OWN_SETS else alarms(subject, world))


def _mutated(name: str, given: Given) -> list[Trial]:
    return mutate(*_begin(name, given))


def _shuffled(name: str, given: Given) -> Order:
    return shuffle(given.subjects[name].labelled, given.seeds, given.engine_seeds, given.redis_url)


def _naive(name: str, given: Given) -> Peer:
    return naive(given.subjects[name])


def _bib_dedupe(name: str, given: Given) -> Peer:
    return bib_dedupe(given.subjects[name])


def _dumped(name: str, given: Given) -> Shipped:
    subject, world = _begin(name, given)
    return Shipped(name, list(rows(subject, world)))


def rows(subject: Subject, world: World) -> Iterator[dict[str, Any]]:
    """Return the pairs of a set that are one work, are put together or are in doubt, with what was decided."""
    found = subject.found(world) if subject.is_labelled else set()
    doubtful = {pair for pair in subject.met if world.decide(pair).verdict in ("duplicate", "review")}
    for pair in sorted(found | doubtful | subject.gold):
        decision = world.decide(pair)
        yield {
            "set": subject.name,
            "pair": subject.key(pair),
            "truth": subject.truth(pair),
            "found": pair in found,
            "met": pair in subject.met,
            "verdict": decision.verdict,
            "score": decision.score,
            "reasons": decision.reasons,
            "titles": sorted(world.features[record].title for record in pair),
        }


_DO: dict[str, Callable[[str, Given], Any]] = {
    "fitted": _fitted,
    "left out": _left_out,
    "learned": _learned,
    "rule by rule": _judged,
    "mutated": _mutated,
    "shuffled": _shuffled,
    "same title or DOI": _naive,
    "bib-dedupe": _bib_dedupe,
    "dumped": _dumped,
}
