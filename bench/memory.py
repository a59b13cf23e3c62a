"""How much memory a worker takes over a long feed, and how much Redis takes for it.

    python bench/memory.py [--records N] [--abstracts keep|drop] [FILE…]

One worker beside the embedded broker and Redis handles FILEs of documents, or a generated feed, in ten parts. After each part it
prints the resident memory of the worker and of its intake process; at the end, bytes a record in Redis by kind of key. Linux only.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from footprint import KINDS, held, show
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
from streams.state.connection import connect

PARTS = 10
_PAGES = 4096
_TICKS = os.sysconf("SC_CLK_TCK")
_MEGABYTE = 1_000_000


def resident(process: int) -> float:
    """Return the resident memory of a process in MB."""
    return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * _PAGES / _MEGABYTE


def cpu_seconds(processes: Iterable[int]) -> float:
    """Return the CPU time that processes have taken."""
    stats = (Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split() for process in processes)
    return sum(int(stat[11]) + int(stat[12]) for stat in stats) / _TICKS


def intake_of(worker: int) -> int:
    """Return the process in which a worker prepares payloads: of its children the one with most memory."""
    threads = Path(f"/proc/{worker}/task").iterdir()
    children = [child for thread in threads for child in (thread / "children").read_text().split()]
    return max(map(int, children), key=resident)


async def play(settings: Settings, payloads: Iterator[Payload], records: int, worker: int) -> list[tuple[float, float]]:
    """Send the feed part by part, and return the memory of the worker and of its intake process after each."""
    handled, found, number = Handled(settings), [], 0
    print(f"        0 records: worker {resident(worker):6.1f} MB", flush=True)
    async with Publisher(KafkaConnection.of(settings), settings.topic_prefix, shared=True) as publisher:
        while chunk := list(islice(payloads, -(-records // PARTS))):
            async for _ in send(publisher, chunk):
                pass
            number += len(chunk)
            await handled.wait(number)
            found.append((resident(worker), resident(intake_of(worker))))
            print(f"{number:9} records: worker {found[-1][0]:6.1f} MB, intake {found[-1][1]:6.1f} MB", flush=True)
    handled.close()
    return found


def redis(settings: Settings, records: int) -> None:
    """Print what Redis holds, in bytes a message of the feed."""
    connection = connect(settings)
    sizes = held(settings, connection)
    connection.close()
    show(f"Redis, bytes a message ({records})", [(KINDS[kind], sizes[kind] / records) for kind in KINDS if sizes[kind]])


def measure(settings: Settings, files: Sequence[str], records: int) -> None:
    """Play a feed on servers of its own and print the figures."""
    with tempfile.TemporaryDirectory() as folder, Services(settings) as services:
        own = own_generation(services.settings)
        asyncio.run(create_topics(own))
        with WorkerProcess(own, Path(folder) / "worker.log") as worker:
            worker.wait_ready()
            payloads = islice(feed(files, records), records)
            found = asyncio.run(play(own, payloads, records, worker.child.pid))
        redis(own, records)
    half = max(worker for worker, _ in found[: len(found) // 2 + 1])
    print(f"\nworker at the end {found[-1][0]:.1f} MB, {found[-1][0] - half:+.1f} MB since the middle")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", metavar="FILE")
    parser.add_argument("--records", type=int, default=200_000)
    parser.add_argument("--abstracts", choices=("keep", "drop"), default="keep")
    arguments = parser.parse_args()
    settings = load_settings()
    buckets = max(settings.buckets, arguments.records // 250)
    given = settings.model_copy(update={"abstracts": arguments.abstracts, "buckets": buckets})
    measure(given, arguments.files, arguments.records)


if __name__ == "__main__":
    main()
