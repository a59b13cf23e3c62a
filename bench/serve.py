"""How fast the API answers beside a running worker, and what it costs: look-ups and matches.

    python bench/serve.py [--feed growing|crowded] [--records N] [--rate N] [--queries N] [--seconds N] [--turns N]

The embedded servers, one worker and one `streams serve`, each a process of its own, with two clients in processes of their own.
First the index is filled (`made_feeds.py`). Then, by turns: questions alone, the feed alone (`--rate` records/s), and the feed with
questions (`--queries` a second, look-ups and matches by turns), `--seconds` each. Printed are

- p50 and p99 of the service itself (the header `Server-Timing`) and of the clients, over all turns and of the fastest turn, for
  another program on the machine makes a turn slower;
- where the slowest hundredth of the requests spent its time;
- processor time a request, of the service and of Redis, and of the worker a record, with questions and without.

What a worker with a backlog notices of questions: `bench/query_cost.py`.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from made_feeds import FEEDS, Message
from prometheus_client.parser import text_string_to_metric_families
from questions import Answered, Asked, Clients, cpu_seconds, part, processes_of

from streams.events import Outgoing
from streams.kafka.connection import KafkaConnection
from streams.kafka.producer import Publisher
from streams.local.serve import ServeProcess
from streams.local.services import Services
from streams.local.worker import WorkerProcess
from streams.serve.timing import PARTS
from streams.settings import Settings
from streams.state.connection import Connection, connect_to_read

_CHUNK = 2_000
_OPERATIONS = ("lookup", "match")
_WARM_UP_SECONDS = 3.0


class Cost(NamedTuple):
    """Seconds of processor so far, and records that the worker has handled."""

    serve: float
    redis: float
    worker: float
    handled: float

    def since(self, before: Cost) -> Cost:
        """Return the difference."""
        return Cost(*(now - then for now, then in zip(self, before, strict=True)))


class Phase(NamedTuple):
    """A stretch of a turn: what it cost, how long it took, and the answers of the clients in it."""

    cost: Cost
    seconds: float
    answers: Sequence[Answered]


class Bench:
    """The running processes, and a feed for them."""

    def __init__(self, worker: WorkerProcess, api: ServeProcess, feed: Iterator[Message]) -> None:
        self._worker, self._api, self._feed = worker, api, feed
        self._redis: Connection = connect_to_read(worker.settings)

    def turn(self, clients: Callable[[], Clients], rate: float, seconds: float) -> tuple[Phase, Phase, Phase]:
        """Return questions alone, the feed alone (`rate` a second), and the feed with questions, `seconds` each."""

        def feed() -> None:
            messages = list(islice(self._feed, int(rate * seconds)))
            handle(self._worker, messages, rate)

        alone = self._questions(clients, lambda: time.sleep(seconds))
        return alone, self._phase(feed), self._questions(clients, feed)

    def backlog(self, size: int, clients: Callable[[], Clients] | None) -> Phase:
        """Return what a backlog took from its publication until all of it was handled, beside clients or without."""
        messages = list(islice(self._feed, size))

        def work() -> None:
            handle(self._worker, messages)

        with clients() if clients else nullcontext() as asking:
            phase = self._phase(work)
        return phase._replace(answers=asking.answers if asking else ())

    def _questions(self, clients: Callable[[], Clients], work: Callable[[], None]) -> Phase:
        with clients() as asking:
            time.sleep(_WARM_UP_SECONDS)
            began = time.monotonic()
            phase = self._phase(work)
        return phase._replace(answers=[answer for answer in asking.answers if answer.at >= began])

    def _phase(self, work: Callable[[], None]) -> Phase:
        before, began = self._cost(), time.monotonic()
        work()
        return Phase(self._cost().since(before), time.monotonic() - began, ())

    def _cost(self) -> Cost:
        (info,) = self._redis.everywhere("INFO", "cpu")
        fields = dict(line.split(":") for line in info.decode().split() if ":" in line)
        redis = float(fields["used_cpu_user"]) + float(fields["used_cpu_sys"])
        return Cost(cpu_seconds(self._api.child.pid), redis, cpu_seconds(self._worker.child.pid), handled(self._worker))


@contextmanager
def serving(
    messages: Sequence[Message], indexed: int, *, gives_way: bool = False
) -> Iterator[tuple[Bench, ServeProcess]]:
    """Run a worker and the service; so many messages are indexed, and the others are the feed of the bench."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Services(Settings(http_port=0), None, unix_socket=False) as services,
        WorkerProcess(services.settings, Path(folder) / "worker.log") as worker,
    ):
        worker.wait_ready()
        handle(worker, messages[:indexed])
        own = services.settings.model_copy(update={"serve_port": 0, "serve_requests_per_second": 0})
        with ServeProcess(own, Path(folder) / "serve.log") as api:
            api.wait_ready()
            if gives_way:
                give_way(worker.child.pid)
            yield Bench(worker, api, iter(messages[indexed:])), api


async def send(settings: Settings, messages: Sequence[Message], rate: float = 0.0) -> None:
    """Publish messages, at most `rate` a second (0: at once)."""
    async with Publisher(KafkaConnection.of(settings), settings.topic_prefix, shared=True) as publisher:
        step = max(int(rate / 20), 1) if rate else _CHUNK
        due = time.monotonic()
        for start in range(0, len(messages), step):
            chunk = messages[start : start + step]
            await publisher.publish([Outgoing(f"records.{m.source}", m.key, m.value) for m in chunk])
            if rate:
                due += step / rate
                await asyncio.sleep(max(due - time.monotonic(), 0))


def give_way(pid: int) -> None:
    """Let a worker and its child give way to other sessions, as `CPUWeight=` of deploy/systemd does."""
    Path(f"/proc/{pid}/autogroup").write_text("10", encoding="ascii")
    for process in processes_of(pid):
        os.setpriority(os.PRIO_PROCESS, process, 10)


def handle(worker: WorkerProcess, messages: Sequence[Message], rate: float = 0.0) -> None:
    """Publish messages, at most `rate` a second (0: at once), and wait until the worker has handled them."""
    expected = handled(worker) + len(messages)
    asyncio.run(send(worker.settings, messages, rate))
    while handled(worker) < expected:
        time.sleep(0.05)


def handled(worker: WorkerProcess) -> float:
    """Return how many messages the worker has handled since it started."""
    return value(worker.read("/metrics"), "streams_received_records_total")


def value(text: bytes, name: str) -> float:
    """Return the sum of a metric's samples."""
    return sum(s.value for f in text_string_to_metric_families(text.decode()) for s in f.samples if s.name == name)


def print_latency(name: str, phases: Sequence[Phase]) -> None:
    """Print percentiles of each operation, and where the slowest requests spent their time."""
    print(f"{name}:")
    for operation in _OPERATIONS:
        turns = [[a for a in phase.answers if a.operation == operation] for phase in phases]
        every = [answer for turn in turns for answer in turn]
        best = min(turns, key=lambda turn: part([a.server["total"] for a in turn], 0.99))
        print(f"  {operation:7} all turns     {_percentiles(every)}")
        print(f"  {'':7} fastest turn  {_percentiles(best)}")
        print(f"  {'':7} all, mean     {_parts(every)}")
        print(f"  {'':7} slowest 1 %   {_parts(_slowest(every))}")


def _percentiles(answers: Sequence[Answered]) -> str:
    server, client = [a.server["total"] for a in answers], [a.client for a in answers]
    return (
        f"{len(answers):6,} requests, server p50 {part(server, 0.5):.2f} ms, p99 {part(server, 0.99):.2f} ms, "
        f"≤ 5 ms {sum(t <= 5 for t in server) / max(len(server), 1):.2%}; "
        f"client p50 {part(client, 0.5):.2f} ms, p99 {part(client, 0.99):.2f} ms"
    )


def _slowest(answers: Sequence[Answered]) -> Sequence[Answered]:
    """Return the slowest hundredth."""
    return sorted(answers, key=lambda a: a.server["total"])[-max(len(answers) // 100, 1) :]


def _parts(answers: Sequence[Answered]) -> str:
    """Return the mean parts of answers; `loop` is what the event loop took beside, or waited for."""
    means = {name: statistics.fmean(a.server.get(name, 0.0) for a in answers) for name in (*PARTS, "total")}
    loop = means["total"] - sum(means[name] for name in PARTS)
    outside = statistics.fmean(a.client - a.server["total"] for a in answers)
    shown = ", ".join(f"{name} {means[name]:.2f}" for name in PARTS)
    return f"{means['total']:.2f} ms: {shown}, loop {loop:.2f}; until the client has it {outside:.2f} more"


def print_costs(alone: Sequence[Phase], feed: Sequence[Phase], both: Sequence[Phase]) -> None:
    """Print processor time a request, and of the worker a record."""
    asked = sum(len(phase.answers) for phase in alone)
    serve, redis = total(alone, "serve"), total(alone, "redis")
    print(
        f"questions alone: {1000 * serve / asked:.2f} ms CPU a request in the service, {1000 * redis / asked:.2f} ms in Redis"
    )
    a_record = [_per_record(phases) for phases in (feed, both)]
    print(
        f"worker: {a_record[0]:.0f} µs CPU a record without questions, {a_record[1]:.0f} µs beside them, "
        f"ratio {a_record[1] / a_record[0]:.3f}; by turns {_ratios(_per_record, feed, both)}"
    )


def _ratios(measure: Any, first: Sequence[Phase], second: Sequence[Phase]) -> list[float]:
    return [round(measure([b]) / measure([a]), 3) for a, b in zip(first, second, strict=True)]


def _per_record(phases: Iterable[Phase]) -> float:
    phases = list(phases)
    return 1e6 * total(phases, "worker") / sum(phase.cost.handled for phase in phases)


def total(phases: Iterable[Phase], field: str) -> float:
    """Return the sum of a cost."""
    return float(sum(getattr(phase.cost, field) for phase in phases))


def measure(bench: Bench, clients: Callable[[], Clients], given: argparse.Namespace) -> None:
    """Take the turns and print all figures."""
    taken = []
    for number in range(given.turns):
        taken.append(bench.turn(clients, given.rate, given.seconds))
        print(f"turn {number + 1} of {given.turns}, load {os.getloadavg()[0]:.1f}", flush=True)
    alone, feed, both = zip(*taken, strict=True)
    print_latency(f"{given.queries:g} questions/s beside a feed of {given.rate:g} records/s", both)
    print_latency(f"{given.queries:g} questions/s alone", alone)
    print_costs(alone, feed, both)


def main() -> None:
    """Fill, measure, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--feed", choices=tuple(FEEDS), default="growing")
    parser.add_argument("--records", type=int, default=200_000)
    parser.add_argument("--rate", type=float, default=200.0)
    parser.add_argument("--queries", type=float, default=50.0)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--give-way", action="store_true", help="the worker gives way, as in deploy/systemd")
    given = parser.parse_args()
    most = given.records + given.turns * 2 * int(given.rate * given.seconds)
    messages = FEEDS[given.feed](most)
    with serving(messages, given.records, gives_way=given.give_way) as (bench, api):
        first = messages[: given.records]
        print(f"{len(first):,} messages indexed", flush=True)
        asked = Asked(first[:: max(len(first) // 5000, 1)])
        address = (api.settings.serve_host, api.settings.serve_port)
        measure(bench, lambda: Clients(address, asked, given.queries), given)


if __name__ == "__main__":
    main()
