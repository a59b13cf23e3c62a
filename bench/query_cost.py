"""What the clicks and questions of one person cost a worker that has all it can do, by turns.

    python bench/query_cost.py [--clicks N] [--backlog N] [--pairs N] [--indexed N]

The embedded servers, one worker and one `streams serve`, each a process of its own. A person opens the overview, searches, opens a
cluster, looks an identifier up and matches a document by turns, `--clicks` a second in all. A run is a backlog: `--backlog` records
are published at once, and it ends when all of them are handled. Runs go in pairs, one without the person and one with, the second
pair the other way round, for the index grows. Printed are, as medians of the pairs with all of them beside,

- processor time a record: of the worker with its child, and of Redis;
- records a second by the clock, which on a machine with other work says the least.
"""

from __future__ import annotations

import argparse
import http.client
import os
import statistics
from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import NamedTuple
from urllib.parse import quote

import orjson
from made_feeds import FEEDS
from questions import Asked, Clients
from serve import Bench, Phase, serving

from streams.settings import Settings

_CLUSTERS = 200


class Person:
    """What a person asks: pages and questions by turns, about records that were sent."""

    def __init__(self, asked: Asked, clusters: Sequence[str]) -> None:
        self._asked, self._clusters = asked, clusters

    def questions(self, random: Random) -> Iterator[tuple[str, str, str, bytes | None]]:
        """Yield operation, method, path and body, without end."""
        api = self._asked.questions(random)
        while True:
            yield "overview", "GET", "/", None
            yield "search", "GET", f"/search?q={quote(random.choice(self._asked.titles)[0][:200])}", None
            yield "cluster", "GET", f"/clusters/{random.choice(self._clusters)}", None
            yield next(api)
            yield next(api)


class Pair(NamedTuple):
    """A run without the person, and one with."""

    without: Phase
    beside: Phase

    def ratio(self, measure: Callable[[Phase], float]) -> float:
        """Return what a measure is with the person, where it is 1 without."""
        return measure(self.beside) / measure(self.without)


def worker_cost(run: Phase) -> float:
    """Return µs of the worker's processor a record."""
    return 1e6 * run.cost.worker / run.cost.handled


def redis_cost(run: Phase) -> float:
    """Return µs of Redis' processor a record."""
    return 1e6 * run.cost.redis / run.cost.handled


def rate(run: Phase) -> float:
    """Return records a second by the clock."""
    return run.cost.handled / run.seconds


def clusters_of(settings: Settings, works: Sequence[str]) -> list[str]:
    """Return the clusters of some identifiers."""
    connection = http.client.HTTPConnection(settings.serve_host, settings.serve_port, timeout=30)
    connection.request(
        "POST", "/api/v1/lookup", orjson.dumps({"items": list(works)}), {"Content-Type": "application/json"}
    )
    answers = orjson.loads(connection.getresponse().read())["items"]
    connection.close()
    return [answer["clusters"][0] for answer in answers if answer["clusters"]]


def measure(bench: Bench, clients: Callable[[], Clients], backlog: int, pairs: int) -> list[Pair]:
    """Take the pairs."""
    taken = []
    for number in range(pairs):
        runs: dict[bool, Phase] = {}
        for with_person in (number % 2 == 1, number % 2 == 0):
            runs[with_person] = bench.backlog(backlog, clients if with_person else None)
        taken.append(Pair(runs[False], runs[True]))
        print(
            f"pair {number + 1} of {pairs}: {rate(runs[False]):,.0f} and {rate(runs[True]):,.0f} records/s, "
            f"{len(runs[True].answers)} clicks, load {os.getloadavg()[0]:.1f}",
            flush=True,
        )
    return taken


def print_pairs(pairs: Sequence[Pair]) -> None:
    """Print each measure without the person and with, and the ratio."""
    for name, measured in (
        ("worker, µs a record", worker_cost),
        ("Redis, µs a record", redis_cost),
        ("records/s", rate),
    ):
        ratios = [pair.ratio(measured) for pair in pairs]
        without, beside = (statistics.median(measured(run) for run in runs) for runs in zip(*pairs, strict=True))
        print(
            f"{name:20} {without:8,.1f} without, {beside:8,.1f} with; ratio in the median {statistics.median(ratios):.3f} "
            f"({', '.join(f'{each:.3f}' for each in ratios)})"
        )


def print_clicks(pairs: Sequence[Pair]) -> None:
    """Print what the clicks took in the service, each kind of them."""
    taken: dict[str, list[float]] = {}
    for pair in pairs:
        for answer in pair.beside.answers:
            taken.setdefault(answer.operation, []).append(answer.server["total"])
    shown = (f"{name} {statistics.median(each):.1f} ms ({len(each)})" for name, each in sorted(taken.items()))
    print("in the service, median: " + ", ".join(shown))


def main() -> None:
    """Fill, measure, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clicks", type=float, default=1.0, help="clicks and questions a second")
    parser.add_argument("--backlog", type=int, default=15_000)
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--indexed", type=int, default=20_000)
    given = parser.parse_args()
    most = given.indexed + 2 * given.pairs * given.backlog
    messages = FEEDS["growing"](most)
    with serving(messages, given.indexed) as (bench, api):
        first = messages[: given.indexed]
        asked = Asked(first[:: max(len(first) // 1000, 1)])
        person = Person(asked, clusters_of(api.settings, asked.works[:_CLUSTERS]))
        address = (api.settings.serve_host, api.settings.serve_port)
        print(f"{len(first):,} messages indexed; {given.clicks:g} clicks/s beside backlogs of {given.backlog:,}")
        pairs = measure(bench, lambda: Clients(address, person, given.clicks, 1), given.backlog, given.pairs)
    print_pairs(pairs)
    print_clicks(pairs)


if __name__ == "__main__":
    main()
