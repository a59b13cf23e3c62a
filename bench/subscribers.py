"""What subscribers over Server-Sent Events cost: events a second and memory with many of them in this process.

    python bench/subscribers.py [--subscribers N] [--events N] [--rate N] [--filtered SHARE]

The embedded broker, one hub, and subscribers that take frames as fast as they come, without HTTP. First the events are
published at a rate, then as fast as the broker takes them. Prints how long the last subscriber took to have them all, how many
frames a second that is, the time from publishing to receiving, and the resident memory of this process before and after.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from contextlib import aclosing
from pathlib import Path

import orjson

from streams import events
from streams.events import Outgoing
from streams.kafka.connection import KafkaConnection
from streams.kafka.producer import Publisher
from streams.kafka.topics import create_topics
from streams.local.services import Services
from streams.settings import Settings, load_settings
from streams.subscriptions import EVERYTHING, NEW_PAPERS, Hub

_ABSTRACT = "We measure what a subscriber costs. " * 40


def resident_mb() -> float:
    """Return the resident memory of this process in MB."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / 1e6


def event(run: str, number: int) -> Outgoing:
    """Return an event of a usual size, with the time at which it is made."""
    cluster = f"c{run}{number}"
    fields = {
        "event_id": f"{cluster}:1",
        "type": "created" if number % 2 else "record_added",
        "cluster_id": cluster,
        "revision": 1,
        "before": [],
        "after": [f"arxiv:{number}"],
        "causes": [str(time.time())],
        "evidence": [],
        "document": {"id": cluster, "title": f"Number {number}", "abstract": _ABSTRACT},
    }
    return Outgoing(events.EVENTS, cluster.encode(), orjson.dumps(fields))


class Subscriber:
    """Counts the events it receives; the first one also notes how long each took."""

    def __init__(self, hub: Hub, *, is_filtered: bool, measures: bool) -> None:
        self._hub = hub
        self._filter = NEW_PAPERS if is_filtered else EVERYTHING
        self._measures = measures
        self.share = 0.5 if is_filtered else 1.0
        self.count = self.ended = 0
        self.delays: list[float] = []

    async def run(self) -> None:
        """Follow, and come back with the last id where the hub ended the subscription."""
        last: str | None = None
        while True:
            async with aclosing(await self._hub.subscribe(self._filter, last_event_id=last)) as frames:
                async for chunk in frames:
                    self.count += chunk.count(b"event: cluster.")
                    last = chunk[chunk.rfind(b"id: ") + 4 :].partition(b"\n")[0].decode() if b"id: " in chunk else last
                    if self._measures:
                        now = time.time()
                        made = [part.partition(b'"')[0] for part in chunk.split(b'"causes":["')[1:]]
                        self.delays += [now - float(each) for each in made]
            self.ended += 1


async def publish(publisher: Publisher, run: str, count: int, rate: int) -> None:
    """Publish events at a rate, 0: as fast as the broker takes them."""
    began, step = time.perf_counter(), max(rate // 20, 1) if rate else 500
    for start in range(0, count, step):
        await publisher.publish([event(run, number) for number in range(start, min(start + step, count))])
        if rate:
            await asyncio.sleep(max(began + (start + step) / rate - time.perf_counter(), 0))


async def measure(settings: Settings, arguments: argparse.Namespace) -> None:
    """Run both parts and print the figures."""
    await create_topics(settings)
    print(f"before: {resident_mb():.0f} MB")
    async with Hub(settings) as hub, Publisher(KafkaConnection.of(settings)) as publisher:
        filtered = round(arguments.subscribers * arguments.filtered)
        subscribers = [
            Subscriber(hub, is_filtered=number < filtered, measures=number == arguments.subscribers - 1)
            for number in range(arguments.subscribers)
        ]
        tasks = [asyncio.create_task(each.run()) for each in subscribers]
        while hub.subscribers < len(subscribers):
            await asyncio.sleep(0.1)
        print(f"{len(subscribers)} subscribers, {filtered} with a filter: {resident_mb():.0f} MB")
        expected = 0
        for name, rate in (("at a rate", arguments.rate), ("at once", 0)):
            expected += arguments.events
            subscribers[-1].delays.clear()
            began, cpu = time.perf_counter(), time.process_time()
            await publish(publisher, name[-1], arguments.events, rate)
            published = time.perf_counter() - began
            while any(each.count < expected * each.share for each in subscribers):
                await asyncio.sleep(0.02)
            seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
            frames = sum(arguments.events * each.share for each in subscribers)
            delays = sorted(subscribers[-1].delays)
            print(
                f"{name}: {arguments.events} events published in {published:.1f} s, received by all in {seconds:.1f} s: "
                f"{arguments.events / seconds:.0f} events/s, {frames / seconds:.0f} frames/s; "
                f"delay p50 {1000 * statistics.median(delays):.0f} ms, p99 {1000 * delays[len(delays) * 99 // 100]:.0f} ms; "
                f"CPU {cpu:.1f} s; ended and came back {sum(each.ended for each in subscribers)}; {resident_mb():.0f} MB"
            )
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def main() -> None:
    """Start the broker and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--subscribers", type=int, default=500)
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--rate", type=int, default=1000)
    parser.add_argument("--filtered", type=float, default=0.5)
    with Services(load_settings()) as services:
        asyncio.run(measure(services.settings, parser.parse_args()))


if __name__ == "__main__":
    main()
