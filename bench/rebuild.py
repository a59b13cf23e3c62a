"""What `streams rebuild` takes: seconds, how long workers wait, and memory for two generations (docs/operations.md).

    python bench/rebuild.py [--works N] [--preprints merge|relate|separate]

Sends a generated feed (about 2.6 records a work) through a private broker to a worker, then rebuilds beside it, by default
under the rules there were.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import tempfile
import time
from pathlib import Path

import msgspec
import orjson

from streams.feed_files.payloads import Payload
from streams.kafka.connection import KafkaConnection
from streams.kafka.feed import send
from streams.kafka.producer import Publisher
from streams.kafka.topics import create_topics
from streams.local.services import Services
from streams.local.worker import WorkerProcess
from streams.rebuild.rebuild import rebuild
from streams.settings import Settings
from streams.state.connection import Connection, connect
from streams.state.layout import Layout
from streams.state.progress import Progress
from streams.synthetic import generate
from streams.worker.prepare_pool import calm_collector


def main() -> None:
    """Play, rebuild, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--works", type=int, default=10_000, help="works of the generated feed (default: 10000)")
    parser.add_argument(
        "--preprints", default="merge", help="the policy of the new generation (default: merge, as it was)"
    )
    options = parser.parse_args()
    buckets = max(16, options.works * 26 // 10 // 250)
    with tempfile.TemporaryDirectory() as directory, Services(Settings(buckets=buckets)) as services:
        own = services.settings.model_copy(update={"http_port": 0})
        asyncio.run(create_topics(own))
        connection = connect(own)
        with WorkerProcess(own, Path(directory) / "worker.log") as worker:
            worker.wait_ready()
            print(f"{asyncio.run(play(own, options.works, connection))} messages handled", flush=True)
            before = memory(connection)
            calm_collector()
            steps = Steps()
            report = rebuild(own.model_copy(update={"preprints": options.preprints}), on_step=steps)
            seconds = steps.end()
            after = memory(connection)
        connection.close()
    print(orjson.dumps(msgspec.to_builtins(report), option=orjson.OPT_INDENT_2).decode())
    print("seconds by step:", {step: round(spent, 2) for step, spent in seconds.items()})
    print(f"Redis: {before / 1e6:.1f} MB before, {after / 1e6:.1f} MB with both generations")


class Steps:
    """How long each step takes."""

    def __init__(self) -> None:
        self._step, self._since = "begin", time.monotonic()
        self._seconds: dict[str, float] = {}

    def __call__(self, step: str, _: int) -> None:
        """Take note of where it is."""
        if step not in ("replayed", self._step):
            self.end()
            self._step = step

    def end(self) -> dict[str, float]:
        """End the step under way; returns the seconds of each."""
        now = time.monotonic()
        self._seconds[self._step] = self._seconds.get(self._step, 0.0) + now - self._since
        self._since = now
        return self._seconds


async def play(settings: Settings, works: int, connection: Connection) -> int:
    """Send the feed and wait until it is handled; returns the number of messages."""
    progress = Progress(Layout(settings.namespace, settings.generation, settings.buckets), connection)
    payloads = (Payload("document", item.record_id.encode(), item.value or b"") for item in generate(7, works))
    sent = 0
    async with Publisher(KafkaConnection.of(settings), shared=True) as publisher:
        async for acknowledged in send(publisher, payloads):
            sent = acknowledged
    while sum(progress.positions().values()) < sent:
        await asyncio.sleep(0.2)
    return sent


def memory(connection: Connection) -> int:
    """Bytes Redis uses."""
    info = b"".join(connection.everywhere("INFO", "memory"))
    return sum(int(used) for used in re.findall(rb"used_memory:(\d+)", info))


if __name__ == "__main__":
    main()
