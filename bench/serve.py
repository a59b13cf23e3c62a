"""How long look-ups and matches over HTTP take beside a running feed, and whether they slow the worker.

    python bench/serve.py [--records N] [--rate R] [--queries Q] [--seconds S]

Starts the embedded services, a worker and `streams serve`, sends made-up records, then asks over kept connections while further
records come at a rate. Prints what clients measured and, from its own histogram, what the service measured; then how long the
worker takes for one backlog with and without questions, by turns.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import orjson
from prometheus_client.parser import text_string_to_metric_families

from streams.events import Outgoing
from streams.kafka.connection import KafkaConnection
from streams.kafka.producer import Publisher
from streams.local.serve import ServeProcess
from streams.local.services import Services
from streams.local.worker import WorkerProcess
from streams.records.record import Record
from streams.settings import Settings
from streams.sources import parse
from streams.synthetic.generator import Generated, generate

_CLIENTS = 2
_CHUNK = 2_000


class Asked:
    """What clients ask: identifiers and documents of records that were sent."""

    def __init__(self, messages: Sequence[Generated]) -> None:
        records = [
            item for m in messages for item in parse(m.source, m.value or b"", m.key) if isinstance(item, Record)
        ]
        self.works = [
            f"{i.scheme}:{i.value}" for r in records for i in r.identifiers if i.scheme in ("doi", "arxiv", "pmid")
        ]
        self.titles = [(r.title, [a.name for a in r.authors][:3], r.date[:4]) for r in records if r.title]

    def paths(self, random: Random) -> Iterator[tuple[str, str, bytes | None]]:
        """Yield method, path and body of a look-up and a match by turns, without end."""
        while True:
            yield "GET", f"/api/v1/lookup?q={random.choice(self.works).replace('#', '%23')}", None
            title, authors, year = random.choice(self.titles)
            document = {"source": "bench", "id": "1", "title": title, "authors": authors, "year": int(year or 2000)}
            yield "POST", "/api/v1/match", orjson.dumps({"items": [document]})


async def send(settings: Settings, messages: Sequence[Generated], rate: float = 0.0) -> None:
    """Publish messages, at most `rate` a second (0: at once)."""
    async with Publisher(KafkaConnection.of(settings), settings.topic_prefix, shared=True) as publisher:
        step = max(int(rate / 20), 1) if rate else _CHUNK
        for start in range(0, len(messages), step):
            began = time.monotonic()
            chunk = messages[start : start + step]
            await publisher.publish([Outgoing(f"records.{m.source}", m.key, m.value) for m in chunk])
            if rate:
                await asyncio.sleep(max(step / rate - (time.monotonic() - began), 0))


def ask(
    api: ServeProcess, paths: Iterator[tuple[str, str, bytes | None]], rate: float, stop: threading.Event
) -> list[float]:
    """Ask over one connection at a rate until told to stop; return the times in ms."""
    connection = http.client.HTTPConnection(api.settings.serve_host, api.settings.serve_port, timeout=30)
    times = []
    while not stop.is_set():
        method, path, body = next(paths)
        began = time.perf_counter()
        connection.request(method, path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        times.append(1000 * (time.perf_counter() - began))
        time.sleep(max(1 / rate - times[-1] / 1000, 0))
    return times


def asked_by_all(api: ServeProcess, asked: Asked, rate: float, meanwhile: Callable[[], object]) -> list[float]:
    """Let clients ask at `rate` in all while something else is done; return the times in ms."""
    stop, times = threading.Event(), list[float]()

    def client(seed: int) -> None:
        times.extend(ask(api, asked.paths(Random(seed)), rate / _CLIENTS, stop))  # noqa: S311 - a seed makes a run repeatable

    threads = [threading.Thread(target=client, args=(seed,)) for seed in range(_CLIENTS)]
    for thread in threads:
        thread.start()
    meanwhile()
    stop.set()
    for thread in threads:
        thread.join()
    return sorted(times)


def wait_until_handled(worker: WorkerProcess) -> float:
    """Wait until nothing waits in the topics; return the seconds."""
    began = time.monotonic()
    while value(worker.read("/metrics"), "streams_lag_messages") > 0 or time.monotonic() - began < 1:
        time.sleep(0.05)
    return time.monotonic() - began


def value(text: bytes, name: str) -> float:
    """Return the sum of a metric's samples."""
    return sum(s.value for f in text_string_to_metric_families(text.decode()) for s in f.samples if s.name == name)


def server_side(api: ServeProcess, operation: str) -> str:
    """Return the percentiles that the service's own histogram bounds, in ms."""
    connection = http.client.HTTPConnection(api.settings.serve_host, api.settings.serve_port, timeout=30)
    connection.request("GET", "/metrics")
    text = connection.getresponse().read().decode()
    buckets: dict[float, float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name == "streams_serve_request_seconds_bucket" and sample.labels["operation"] == operation:
                bound = float(sample.labels["le"])
                buckets[bound] = buckets.get(bound, 0) + sample.value
    count = max(buckets.values(), default=0)
    below = {part: min(b for b, n in buckets.items() if n >= part * count) for part in (0.5, 0.99)}
    return f"{count:.0f} requests, p50 ≤ {1000 * below[0.5]:g} ms, p99 ≤ {1000 * below[0.99]:g} ms"


def main() -> None:
    """Fill, ask beside a feed, compare backlogs, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=200_000)
    parser.add_argument("--rate", type=float, default=200.0)
    parser.add_argument("--queries", type=float, default=50.0)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--turns", type=int, default=3)
    given = parser.parse_args()
    further = int(given.rate * given.seconds)
    backlog = 8_000
    most = given.records + further + 2 * given.turns * backlog
    messages = list(islice((m for m in generate(1, most // 2) if m.value), most))
    feed = iter(messages)
    with (
        tempfile.TemporaryDirectory() as folder,
        Services(Settings(http_port=0), None, unix_socket=False) as services,
        WorkerProcess(services.settings, Path(folder) / "worker.log") as worker,
    ):
        worker.wait_ready()
        first = list(islice(feed, given.records))
        asyncio.run(send(services.settings, first))
        wait_until_handled(worker)
        print(f"{len(first):,} messages indexed", flush=True)
        with ServeProcess(
            services.settings.model_copy(update={"serve_port": 0, "serve_requests_per_second": 0}),
            Path(folder) / "serve.log",
        ) as api:
            api.wait_ready()
            asked = Asked(first[:: max(len(first) // 5000, 1)])
            beside = list(islice(feed, further))
            times = asked_by_all(
                api, asked, given.queries, lambda: asyncio.run(send(services.settings, beside, given.rate))
            )
            print(f"beside {given.rate:g} records/s, {given.queries:g} requests/s by {_CLIENTS} clients:")
            print(f"  client   {len(times)} requests, p50 {part(times, 0.5):.2f} ms, p99 {part(times, 0.99):.2f} ms")
            for operation in ("lookup", "match"):
                print(f"  {operation:8} {server_side(api, operation)}")
            turns(services.settings, worker, api, asked, given, lambda: list(islice(feed, backlog)))


def turns(
    settings: Settings,
    worker: WorkerProcess,
    api: ServeProcess,
    asked: Asked,
    given: Any,
    backlog: Callable[[], list[Generated]],
) -> None:
    """Print how long the worker takes for backlogs without and with questions, by turns."""
    alone, beside = [], []
    for _ in range(given.turns):
        asyncio.run(send(settings, backlog()))
        alone.append(wait_until_handled(worker))
        asyncio.run(send(settings, backlog()))
        asked_by_all(api, asked, given.queries, lambda: beside.append(wait_until_handled(worker)))
    print(f"backlogs alone {[round(t, 2) for t in alone]} s, beside questions {[round(t, 2) for t in beside]} s")
    print(f"ratio of the sums {sum(alone) / sum(beside):.3f}")


def part(times: Sequence[float], share: float) -> float:
    """Return a percentile of sorted times."""
    return times[min(int(len(times) * share), len(times) - 1)] if times else 0.0


if __name__ == "__main__":
    main()
