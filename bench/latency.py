"""How long a record takes: alone, from being sent to its stored position; in a steady feed, from being sent to its published event.

    python bench/latency.py [--records N] [--pause SECONDS]
    python bench/latency.py --load SHARE [--backlog N] [--rate N] [--seconds N] [FILE…]

One worker beside the embedded broker and Redis. Without `--load` a record is sent, its position awaited, then comes a pause: the
least, the median and the longest time in ms are printed. With it, a backlog shows first how many records a second the worker takes;
then records come at that share of it (or at `--rate`) for some seconds, and a subscriber reads `dedup.events`: printed are the
percentiles of the time from the sending of a record until its first event is published (by the time in the event's message), and
until that is read, without the first five seconds.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path

import orjson

from streams.events import EVENTS
from streams.feed_files.keys import DOCUMENT, message_key
from streams.feed_files.payloads import Payload, read_payloads
from streams.kafka.connection import KafkaConnection
from streams.kafka.feed import send
from streams.kafka.producer import Publisher
from streams.kafka.reader import follow
from streams.kafka.topics import create_topics
from streams.local.run import own_generation
from streams.local.services import Services
from streams.local.worker import WorkerProcess
from streams.settings import Settings, load_settings
from streams.state.connection import connect
from streams.state.layout import Layout
from streams.state.progress import Progress
from streams.synthetic.generator import generate

_LOOK_SECONDS = 0.001
_TICK_SECONDS = 0.01
_WARM_UP_SECONDS = 5.0


class Handled:
    """How many messages the worker has handled, by the positions in Redis."""

    def __init__(self, settings: Settings) -> None:
        self._connection = connect(settings)
        self._progress = Progress(Layout(settings.namespace, settings.generation, settings.buckets), self._connection)

    @property
    def number(self) -> int:
        """How many are handled now."""
        return sum(self._progress.positions().values())

    async def wait(self, number: int) -> None:
        """Wait until so many messages are handled."""
        while self.number < number:
            await asyncio.sleep(_LOOK_SECONDS)

    def close(self) -> None:
        """Close the connection to Redis."""
        self._connection.close()


async def times(settings: Settings, payloads: Sequence[Payload], pause: float) -> list[float]:
    """Milliseconds of each record, sent one after the other."""
    handled = Handled(settings)
    found = []
    async with Publisher(KafkaConnection.of(settings), settings.topic_prefix, shared=True) as publisher:
        for number, payload in enumerate(payloads, 1):
            await asyncio.sleep(pause)
            began = time.perf_counter()
            async for _ in send(publisher, [payload]):
                pass
            await handled.wait(number)
            found.append(1000 * (time.perf_counter() - began))
    handled.close()
    return found


class Reader:
    """Reads `dedup.events`, and notes of each record, in ms, how long after its sending its first event was published and read."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.sent: dict[str, float] = {}
        self.published: list[float] = []
        self.read: list[float] = []

    async def run(self) -> None:
        """Read until cancelled."""
        topic = self._settings.topic_prefix + EVENTS
        async for message in follow(KafkaConnection.of(self._settings), [topic], from_beginning=False):
            now = time.time()
            for cause in orjson.loads(message.value)["causes"]:
                if (began := self.sent.pop(cause, None)) is not None:
                    self.published.append(message.timestamp - 1000 * began)
                    self.read.append(1000 * (now - began))


async def backlog_rate(publisher: Publisher, payloads: Sequence[Payload], handled: Handled) -> float:
    """Return how many records a second the worker takes where all of them wait."""
    async for _ in send(publisher, payloads[:1]):  # the worker has its partitions and its first batch
        await handled.wait(1)
    began = time.perf_counter()
    async for _ in send(publisher, payloads[1:]):
        pass
    await handled.wait(len(payloads))
    return (len(payloads) - 1) / (time.perf_counter() - began)


async def play(publisher: Publisher, payloads: Iterator[Payload], rate: float, seconds: float, reader: Reader) -> int:
    """Send records at a rate and return how many there were; those after the warm-up are known to the reader."""
    began, number, total = time.perf_counter(), 0, int(rate * (seconds + _WARM_UP_SECONDS))
    while number < total:
        due = min(int(rate * (time.perf_counter() - began)) + 1, total)
        chunk = list(islice(payloads, due - number))
        if not chunk:
            break
        if number > rate * _WARM_UP_SECONDS:
            reader.sent.update(dict.fromkeys((payload.key.decode() for payload in chunk), time.time()))
        async for _ in send(publisher, chunk):
            pass
        number += len(chunk)
        await asyncio.sleep(max(began + number / rate - time.perf_counter(), _TICK_SECONDS))
    return number


async def steady(
    settings: Settings, payloads: Iterator[Payload], backlogged: int, load: float, rate: float, seconds: float
) -> tuple[float, float, Reader]:
    """Return the records a second of a backlog, the rate that was sent at, and what was read of the feed."""
    handled, reader = Handled(settings), Reader(settings)
    async with Publisher(KafkaConnection.of(settings), settings.topic_prefix, shared=True) as publisher:
        backlog = list(islice(payloads, backlogged))
        most = await backlog_rate(publisher, backlog, handled)
        reading = asyncio.create_task(reader.run())
        await asyncio.sleep(1)
        number = await play(publisher, payloads, rate or load * most, seconds, reader)
        await handled.wait(len(backlog) + number)
        await asyncio.sleep(1)
        reading.cancel()
        with suppress(asyncio.CancelledError):
            await reading
    handled.close()
    return most, rate or load * most, reader


def feed(files: Sequence[str], records: int) -> Iterator[Payload]:
    """Yield the payloads of files, or of a generated feed of so many records."""
    if files:
        yield from read_payloads(DOCUMENT, files)
    values = (message.value for message in generate(1, records) if message.value)
    for value in islice(values, 0 if files else records):
        yield Payload(DOCUMENT, message_key(DOCUMENT, value), value)


def percentile(found: Sequence[float], share: float) -> float:
    """Return the value that this share of the values does not exceed."""
    return sorted(found)[min(int(len(found) * share), len(found) - 1)]


def main() -> None:
    """Send some records and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", metavar="FILE")
    parser.add_argument("--records", type=int, default=20)
    parser.add_argument("--pause", type=float, default=1.3)
    parser.add_argument("--load", type=float)
    parser.add_argument("--backlog", type=int, default=15_000)
    parser.add_argument("--rate", type=float, default=0.0)
    parser.add_argument("--seconds", type=float, default=15.0)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, Services(load_settings()) as services:
        own = own_generation(services.settings)
        asyncio.run(create_topics(own))
        with WorkerProcess(own, Path(folder) / "worker.log") as worker:
            worker.wait_ready()
            if arguments.load is None:
                alone = asyncio.run(times(own, list(feed([], arguments.records)), arguments.pause))
                print(
                    f"{len(alone)} records one by one: median {statistics.median(alone):.0f} ms"
                    f" (least {min(alone):.0f}, most {max(alone):.0f})"
                )
                return
            payloads = feed(arguments.files, 1_000_000)
            most, rate, reader = asyncio.run(
                steady(own, payloads, arguments.backlog, arguments.load, arguments.rate, arguments.seconds)
            )
    print(f"a backlog at {most:.0f} records/s; then {rate:.0f} records/s, {len(reader.read)} of them with events")
    for name, found in (("published", reader.published), ("read", reader.read)):
        print(
            f"{name}: p50 {percentile(found, 0.5):.0f} ms, p99 {percentile(found, 0.99):.0f} ms, most {max(found):.0f} ms"
        )


if __name__ == "__main__":
    main()
