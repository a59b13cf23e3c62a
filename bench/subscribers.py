"""What subscribers over Server-Sent Events cost: hundreds of connections to one `streams serve`, which all receive every event.

    python bench/subscribers.py [--subscribers N] [--minutes N] [--rate N] [--filtered SHARE]

The embedded servers and `streams serve`, each a process of its own, and one more process with all the clients, some of them with a
filter. Events are published at a rate, and at the end as many as in ten seconds at once. All clients of one filter have to receive
the same events in the same order, none twice, and all that were published, and the service may not have a fifth more memory
after the last minute than after the second; otherwise the program ends with 1. Prints the resident memory of the service at the
start, with all clients, and every minute; the processor time that it takes; how long an event takes to the last client; and how
long look-ups take meanwhile.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path
from random import Random

import orjson
from event_clients import EventClients, Received
from questions import Clients, cpu_seconds, part

from streams import events
from streams.events import Outgoing
from streams.kafka.connection import KafkaConnection
from streams.kafka.producer import Publisher
from streams.kafka.topics import create_topics
from streams.local.serve import ServeProcess
from streams.local.services import Services
from streams.settings import Settings

_ABSTRACT = "We measure what a subscriber costs. " * 40
_CLUSTERS = 500
PATHS = ("/api/v1/events", "/api/v1/events?type=created")
_BURST_SECONDS = 10
_LOOK_UPS = 10.0
_FILLING_MINUTES = 2
"""In which the ring takes its 10,000 events at the usual rate, and the allocator what it keeps."""
_MOST_GROWTH = 1.2


def event(number: int) -> Outgoing:
    """Return the event of a number, of a usual size, with the time at which it is made."""
    cluster = f"c{number % _CLUSTERS}"
    fields = {
        "event_id": name_of(number),
        "type": kind(number),
        "cluster_id": cluster,
        "revision": number // _CLUSTERS + 1,
        "before": [],
        "after": [f"arxiv:{number}"],
        "causes": [str(time.time())],
        "evidence": [],
        "document": {"id": cluster, "title": f"Number {number}", "abstract": _ABSTRACT},
    }
    return Outgoing(events.EVENTS, cluster.encode(), orjson.dumps(fields))


def name_of(number: int) -> str:
    """Return the id of an event."""
    return f"c{number % _CLUSTERS}:{number // _CLUSTERS + 1}"


def kind(number: int) -> str:
    """Return the type of an event: every other one begins a cluster."""
    return "created" if number % 2 else "record_added"


async def publish(settings: Settings, numbers: count[int], how_many: int, rate: float) -> None:
    """Publish the next events at a rate, 0: as fast as the broker takes them."""
    async with Publisher(KafkaConnection.of(settings), settings.topic_prefix) as publisher:
        step, due = (max(int(rate / 20), 1) if rate else 500), time.monotonic()
        for start in range(0, how_many, step):
            await publisher.publish([event(next(numbers)) for _ in range(min(step, how_many - start))])
            if rate:
                due += step / rate
                await asyncio.sleep(max(due - time.monotonic(), 0))


def resident_mb(pid: int) -> float:
    """Return the resident memory of a process in MB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / 1e6


def is_wanted(path: str, number: int) -> bool:
    """Tell whether the filter of a path lets an event pass."""
    return path == PATHS[0] or kind(number) == "created"


def faults(received: Received, published: int) -> list[str]:
    """Return what is wrong with what was received of so many events."""
    found = [f"{received.astray} received another sequence than the others"] if received.astray else []
    found += [f"{received.ended} connections ended"] if received.ended else []
    for path, sequence in received.sequences.items():
        wanted = [name_of(n) for n in range(published) if is_wanted(path, n)]
        if received.fewest[path] != len(wanted) or sorted(sequence) != sorted(wanted):
            found.append(f"{path}: {received.fewest[path]} and {len(sequence)} received of {len(wanted)}")
        last: dict[str, int] = {}
        for name in sequence:
            cluster, _, revision = name.partition(":")
            if int(revision) <= last.get(cluster, 0):
                found.append(f"{path}: {name} came late")
            last[cluster] = int(revision)
    return found


def growth(memory: Sequence[float]) -> list[str]:
    """Return what is wrong with the memory after each minute, in MB: that it grew once the ring of events is full."""
    if len(memory) > _FILLING_MINUTES and memory[-1] > memory[_FILLING_MINUTES - 1] * _MOST_GROWTH:
        return [f"memory grew from {memory[_FILLING_MINUTES - 1]:.0f} to {memory[-1]:.0f} MB"]
    return []


class Unknown:
    """Look-ups of DOIs that nobody has; stands in for `questions.Asked`."""

    def questions(self, random: Random) -> Iterator[tuple[str, str, str, bytes | None]]:
        """Yield operation, method, path and body, without end."""
        while True:
            yield "lookup", "GET", f"/api/v1/lookup?doi=10.5555/{random.random()}", None


def wait_for(clients: EventClients, published: int) -> Received:
    """Return what was received, once every client has all of so many events; after a minute without a new one in any case."""
    wanted = {path: sum(is_wanted(path, number) for number in range(published)) for path in PATHS}
    best, deadline = -1, time.monotonic() + 60
    while True:
        received = clients.received()
        if all(received.fewest[path] >= wanted[path] for path in received.fewest) or time.monotonic() > deadline:
            return received
        if (total := sum(received.fewest.values())) > best:
            best, deadline = total, time.monotonic() + 60
        time.sleep(0.2)


def measure(api: ServeProcess, given: argparse.Namespace) -> list[str]:
    """Print the figures; return what was wrong."""
    settings, numbers, published = api.settings, count(), 0
    memory: list[float] = []
    address = settings.serve_host, settings.serve_port
    filtered = round(given.subscribers * given.filtered)
    paths = [PATHS[number < filtered] for number in range(given.subscribers)]
    print(f"at the start: {resident_mb(api.child.pid):.0f} MB")
    with EventClients(address, paths) as clients:
        while (received := clients.received()).connected < given.subscribers:
            time.sleep(0.2)
        print(
            f"{received.connected} clients, {filtered} with a filter: {resident_mb(api.child.pid):.0f} MB", flush=True
        )
        with Clients(address, Unknown(), _LOOK_UPS, 1) as looks:
            for minute in range(given.minutes):
                how_many = int(60 * given.rate)
                cpu, began = cpu_seconds(api.child.pid), time.monotonic()
                asyncio.run(publish(settings, numbers, how_many, given.rate))
                published += how_many
                cpu, seconds = cpu_seconds(api.child.pid) - cpu, time.monotonic() - began
                memory.append(resident_mb(api.child.pid))
                print(
                    f"after minute {minute + 1}: {memory[-1]:.0f} MB, {published:,} events published, "
                    f"{cpu / seconds:.0%} of a core, load {os.getloadavg()[0]:.1f}",
                    flush=True,
                )
            received = wait_for(clients, published)
        found = [*faults(received, published), *growth(memory)]
        print(f"delay to the last client p50 {received.delay(0.5):.0f} ms, p99 {received.delay(0.99):.0f} ms")
        server = [answer.server["total"] for answer in looks.answers]
        print(
            f"look-ups meanwhile: {len(server)}, p50 {part(server, 0.5):.2f} ms, p99 {part(server, 0.99):.2f} ms in the service"
        )
        burst, began = int(_BURST_SECONDS * given.rate), time.monotonic()
        asyncio.run(publish(settings, numbers, burst, 0))
        received = wait_for(clients, published + burst)
        found += faults(received, published + burst)
        print(
            f"{burst:,} more at once: with every client after {time.monotonic() - began:.1f} s; {resident_mb(api.child.pid):.0f} MB"
        )
    print("every client received every event, in one order, and memory did not grow" if not found else "\n".join(found))
    return found


def main() -> None:
    """Start everything, measure, and end with 1 where an event was missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--subscribers", type=int, default=500)
    parser.add_argument("--minutes", type=int, default=3)
    parser.add_argument("--rate", type=float, default=200.0)
    parser.add_argument("--filtered", type=float, default=0.5)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, Services(Settings(http_port=0), None) as services:
        own = services.settings.model_copy(update={"serve_port": 0, "serve_requests_per_second": 0})
        asyncio.run(create_topics(own))
        with ServeProcess(own, Path(folder) / "serve.log") as api:
            api.wait_ready()
            sys.exit(1 if measure(api, given) else 0)


if __name__ == "__main__":
    main()
