"""Clients of `streams serve` in processes of their own, and what processes cost; for the benchmarks of the API."""

from __future__ import annotations

import http.client
import multiprocessing
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Event
from pathlib import Path
from random import Random
from types import TracebackType
from typing import NamedTuple, Protocol, Self

import orjson
from made_feeds import Message

from streams.records.record import Record
from streams.sources import parse

__all__ = ["Answered", "Asked", "Clients", "cpu_seconds", "part", "processes_of"]

_PROCESSES = multiprocessing.get_context("spawn")
_TICKS = os.sysconf("SC_CLK_TCK")


class Answered(NamedTuple):
    """An answer: what was asked, when (`time.monotonic`), how long the client waited, and the parts of `Server-Timing`, in ms."""

    operation: str
    at: float
    client: float
    server: Mapping[str, float]


class Asked:
    """What clients ask: identifiers and documents of records that were sent."""

    def __init__(self, messages: Sequence[Message]) -> None:
        records = [item for m in messages for item in parse(m.source, m.value, m.key) if isinstance(item, Record)]
        self.works = [
            f"{i.scheme}:{i.value}" for r in records for i in r.identifiers if i.scheme in ("doi", "arxiv", "pmid")
        ]
        self.titles = [(r.title, [a.name for a in r.authors][:3], r.date[:4]) for r in records if r.title]

    def questions(self, random: Random) -> Iterator[tuple[str, str, str, bytes | None]]:
        """Yield operation, method, path and body of a look-up and a match by turns, without end."""
        while True:
            yield "lookup", "GET", f"/api/v1/lookup?q={random.choice(self.works).replace('#', '%23')}", None
            title, authors, year = random.choice(self.titles)
            document = {"source": "bench", "id": "1", "title": title, "authors": authors, "year": int(year or 2000)}
            yield "match", "POST", "/api/v1/match", orjson.dumps({"items": [document]})


class Questions(Protocol):
    """What clients ask."""

    def questions(self, random: Random) -> Iterator[tuple[str, str, str, bytes | None]]:
        """Yield operation, method, path and body, without end."""


class Clients:
    """Processes that ask at `rate` in all, one connection each, for the length of a `with`; then `answers` has what they got."""

    def __init__(self, address: tuple[str, int], asked: Questions, rate: float, count: int = 2) -> None:
        self._stop, self._started = _PROCESSES.Event(), _PROCESSES.Semaphore(0)
        self._results: Queue[list[Answered]] = _PROCESSES.Queue()
        self._processes = [
            _PROCESSES.Process(
                target=_ask,
                args=(address, asked, seed, rate / count, self._started, self._stop, self._results),
                daemon=True,
            )
            for seed in range(count)
        ]
        self.answers: list[Answered] = []

    def __enter__(self) -> Self:
        for process in self._processes:
            process.start()
        for _ in self._processes:
            self._started.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        if error is None:
            self.answers = [answer for _ in self._processes for answer in self._results.get(timeout=60)]
        for process in self._processes:
            process.join(10)


def _ask(
    address: tuple[str, int],
    asked: Questions,
    seed: int,
    rate: float,
    started: multiprocessing.synchronize.Semaphore,
    stop: Event,
    results: Queue[list[Answered]],
) -> None:
    """Ask over one connection at a rate until told to stop."""
    connection = http.client.HTTPConnection(*address, timeout=30)
    questions = asked.questions(Random(seed))  # noqa: S311 - a seed makes a run repeatable
    answers: list[Answered] = []
    connection.connect()
    started.release()
    due = time.monotonic()
    while not stop.is_set():
        operation, method, path, body = next(questions)
        at = time.monotonic()
        connection.request(method, path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        waited = 1000 * (time.monotonic() - at)
        answers.append(Answered(operation, at, waited, _parts(answer.getheader("Server-Timing") or "")))
        due = max(due + 1 / rate, time.monotonic())
        time.sleep(max(due - time.monotonic(), 0))
    results.put(answers)


def _parts(header: str) -> dict[str, float]:
    """Return the durations of a `Server-Timing` in ms, by name."""
    pairs = (metric.split(";dur=") for metric in header.split(", ") if metric)
    return {name: float(duration) for name, duration in pairs}


def part(values: Sequence[float], share: float) -> float:
    """Return a percentile of values; 0 where there are none."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else 0.0


def processes_of(pid: int) -> list[int]:
    """Return a process and all that descend from it."""
    parents = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and (fields := _stat(int(folder.name))):
            parents[int(folder.name)] = int(fields[1])
    found = [pid]
    for each in found:
        found += [child for child, parent in parents.items() if parent == each]
    return found


def cpu_seconds(pid: int) -> float:
    """Return the seconds of processor that a process and all that descend from it have used so far."""
    return sum(sum(map(int, fields[11:13])) for each in processes_of(pid) if (fields := _stat(each))) / _TICKS


def _stat(pid: int) -> list[str]:
    """Return the fields of /proc/PID/stat after the name; none where the process has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []
