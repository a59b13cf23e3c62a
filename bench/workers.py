"""What a second worker brings: records a second of one worker and of several, over the same backlog, by turns.

    python bench/workers.py [--workers N] [--turns N] [--works N] [FILE…]

The embedded broker and Redis beside the workers, all on this machine. The whole feed is in the topics before the workers start, and
each turn has servers of its own. Time is counted from the first tenth that is handled to the last message, so the start of workers
and their caches do not count.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from latency import Handled, feed

from streams.feed_files.payloads import Payload
from streams.kafka.connection import KafkaConnection
from streams.kafka.feed import send
from streams.kafka.producer import Publisher
from streams.kafka.topics import create_topics
from streams.local.run import own_generation
from streams.local.services import Services
from streams.local.worker import WorkerProcess
from streams.settings import Settings, load_settings

_SKIPPED = 0.1


async def fill(settings: Settings, payloads: list[Payload]) -> None:
    """Publish a feed."""
    async with Publisher(KafkaConnection.of(settings), settings.topic_prefix, shared=True) as publisher:
        async for _ in send(publisher, payloads):
            pass


async def wait(settings: Settings, messages: int) -> float:
    """Return the records a second from the first tenth on."""
    handled, first = Handled(settings), int(messages * _SKIPPED)
    try:
        await handled.wait(first)
        began, at = time.perf_counter(), handled.number
        await handled.wait(messages)
        return (messages - at) / (time.perf_counter() - began)
    finally:
        handled.close()


def rate(payloads: list[Payload], workers: int) -> float:
    """Return the records a second of so many workers."""
    with tempfile.TemporaryDirectory() as folder, Services(load_settings()) as services, ExitStack() as running:
        own = own_generation(services.settings)
        asyncio.run(create_topics(own))
        asyncio.run(fill(own, payloads))
        for number in range(workers):
            running.enter_context(WorkerProcess(own, Path(folder) / f"worker-{number}.log"))
        return asyncio.run(wait(own, len(payloads)))


def main() -> None:
    """Play the feed by turns and print the rates."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", metavar="FILE")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--works", type=int, default=12_000)
    arguments = parser.parse_args()
    payloads = list(feed(arguments.files, arguments.works * 5 // 2))
    ratios = []
    for _ in range(arguments.turns):
        one, several = rate(payloads, 1), rate(payloads, arguments.workers)
        ratios.append(several / one)
        print(
            f"one worker {one:.0f} records/s, {arguments.workers} workers {several:.0f}: {ratios[-1]:.2f} times",
            flush=True,
        )
    print(f"median of {len(ratios)}: {statistics.median(ratios):.2f} times")


if __name__ == "__main__":
    main()
