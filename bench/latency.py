"""How long a single record takes from being sent to being safe, when nothing else is going on.

    python bench/latency.py [--records N] [--pause SECONDS]

One worker beside the embedded broker and Redis; a record is sent, its mark awaited, then a pause. Prints the least, the
median and the longest time in ms: sent, read, decided, its events published, its position marked in Redis.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from pathlib import Path

from streams.feed_files.keys import DOCUMENT, message_key
from streams.kafka.connection import KafkaConnection
from streams.kafka.feed import Payload, send
from streams.kafka.producer import Publisher
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


async def times(settings: Settings, values: list[bytes], pause: float) -> list[float]:
    """Milliseconds of each record, sent one after the other."""
    connection = connect(settings)
    progress = Progress(Layout(settings.namespace, settings.generation, settings.buckets), connection)
    found = []
    async with Publisher(KafkaConnection.of(settings), settings.topic_prefix, shared=True) as publisher:
        for number, value in enumerate(values, 1):
            await asyncio.sleep(pause)
            began = time.perf_counter()
            async for _ in send(publisher, [Payload(DOCUMENT, message_key(DOCUMENT, value), value)]):
                pass
            while sum(progress.positions().values()) < number:
                await asyncio.sleep(_LOOK_SECONDS)
            found.append(1000 * (time.perf_counter() - began))
    connection.close()
    return found


def main() -> None:
    """Send some records and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=20)
    parser.add_argument("--pause", type=float, default=1.3)
    arguments = parser.parse_args()
    values = [message.value for message in generate(1, arguments.records) if message.value][: arguments.records]
    with tempfile.TemporaryDirectory() as folder, Services(load_settings()) as services:
        own = own_generation(services.settings)
        asyncio.run(create_topics(own))
        with WorkerProcess(own, Path(folder) / "worker.log") as worker:
            worker.wait_ready()
            found = asyncio.run(times(own, values, arguments.pause))
    print(
        f"{len(found)} records one by one: median {statistics.median(found):.0f} ms"
        f" (least {min(found):.0f}, most {max(found):.0f})"
    )


if __name__ == "__main__":
    main()
