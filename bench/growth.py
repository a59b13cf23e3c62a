"""How work grows with a feed: candidates read and pairs compared a record as it grows, in memory; or a run through the product.

    python bench/growth.py [FILE…] [--records N] [--marks N …] [--verdicts]
    python bench/growth.py --live --records 1000000

Without FILEs it takes a generated feed whose words and authors grow as real ones do (`streams.synthetic.growing`). A FILE of
documents is taken in a random order, for sets are sorted by source. `--verdicts` decides each pair too, and prints in what they
end and what that takes: `titles` are those whose titles differ so much that nothing else is compared. `--live` sends the
generated feed through a broker to a worker, all embedded, and prints by tenths of the feed the throughput, CPU and resident memory
of the worker and its intake process, the bytes a record in Redis, and how often a record met a full key: each time two records of
one work may have been kept apart. At the end it prints how many were.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from random import Random
from typing import NamedTuple

import orjson
from kept_apart import kept_apart, same_work
from memory import cpu_seconds, intake_of, resident
from sets import readable, to_record

from streams.api.memory_index import KEY_CAP, KeyNumbers, MemoryIndex
from streams.feed_files.payloads import Payload
from streams.kafka.connection import KafkaConnection
from streams.kafka.feed import send
from streams.kafka.producer import Publisher
from streams.kafka.topics import create_topics
from streams.local.services import Services
from streams.local.worker import WorkerProcess
from streams.matching.decide import decide_pair
from streams.matching.decision import DISTINCT, DUPLICATE, RELATED, REVIEW
from streams.matching.feature_values import Features
from streams.matching.features import extract
from streams.matching.pair import compare
from streams.matching.ruleset import DEFAULT
from streams.records.record import Record
from streams.settings import Settings
from streams.state.connection import Connection, connect
from streams.state.layout import Layout
from streams.state.progress import Progress
from streams.synthetic.growing import growing_documents, works

MARKS = (10_000, 20_000, 40_000, 67_000)
SEED = 1
_TENTHS = 10
_DISMISSED, _SECONDS = "titles", "seconds"
_ENDS = (DUPLICATE, REVIEW, RELATED, DISTINCT, _DISMISSED)


class Growth(NamedTuple):
    """The window of a feed that ends at a record: candidates read and pairs compared, a record, and keys that were full by then.

    `ends` are the pairs a record by what they end in, with the CPU seconds of all decisions, where pairs were decided.
    """

    records: int
    read: float
    compared: float
    full: int
    ends: Mapping[str, float]


class Deciding:
    """Decides pairs, and counts what they end in."""

    def __init__(self) -> None:
        self._features: list[Features] = []
        self.ends: dict[str, float] = {}

    def add(self, features: Features, others: Iterable[int]) -> None:
        """Take the next record with the numbers of those that it is compared with."""
        self._features.append(features)
        for other in others:
            begin = time.process_time()
            pair = compare(features, self._features[other])
            verdict = decide_pair(pair, DEFAULT).verdict if pair else _DISMISSED
            self._count(_SECONDS, time.process_time() - begin)
            self._count(verdict, 1)

    def _count(self, name: str, more: float) -> None:
        self.ends[name] = self.ends.get(name, 0) + more

    def take(self, records: int) -> dict[str, float]:
        """Return what was counted, a record, and begin anew."""
        found, self.ends = self.ends, {}
        return {name: count / records for name, count in found.items()}


def series(records: Iterable[Record], marks: Iterable[int], *, verdicts: bool = False) -> Iterator[Growth]:
    """Yield the growth of a feed at each mark, and at its end."""
    numbers, index, deciding = KeyNumbers(), MemoryIndex[int](), Deciding()
    sizes: dict[int, int] = {}
    left = sorted(marks)
    done = since = read = compared = full = 0
    for record in records:
        features = extract(record)
        blocking = numbers.blocking(features)
        members = {key: index.members(key) for key, _ in blocking.keys}
        read += len({other for found in members.values() for other in found})
        others = index.add(done, blocking)
        compared += len(others)
        if verdicts:
            deciding.add(features, others)
        for key in members:
            sizes[key] = sizes.get(key, 0) + 1
            full += sizes[key] == KEY_CAP
        done += 1
        if left and done == left[0]:
            window = done - since
            yield Growth(done, read / window, compared / window, full, deciding.take(window))
            since, read, compared = left.pop(0), 0, 0
    if done > since:
        window = done - since
        yield Growth(done, read / window, compared / window, full, deciding.take(window))


def shuffled(files: Iterable[Path]) -> list[Record]:
    """Return the records of files of documents in a random order, the same each time."""
    found = [record for file in files for record in _records(file)]
    Random(SEED).shuffle(found)  # noqa: S311 - the same order each time
    return found


def _records(file: Path) -> Iterator[Record]:
    if file.suffix == ".gz":
        yield from readable(file)
        return
    with file.open("rb") as lines:
        yield from (to_record(orjson.loads(line)) for line in lines)


def show(found: Iterable[Growth]) -> None:
    """Print a series."""
    heads = "".join(f"{end:>11}" for end in _ENDS)
    print(f"   records  read a record  compared  full keys{heads}  µs a record")
    last = 0.0
    for growth in found:
        ends = "".join(f"{growth.ends.get(end, 0.0):11.3f}" for end in _ENDS) if growth.ends else ""
        taken = f"{1e6 * growth.ends[_SECONDS]:13.1f}" if growth.ends else ""
        line = f"{growth.records:10,} {growth.read:14.2f} {growth.compared:9.3f} {growth.full:10}"
        print(f"{line}{ends}{taken}", flush=True)
        last = growth.compared
    print(f"compared a record at the end: {last:.3f}")


def live(records: int) -> None:
    """Send a generated feed to a worker and print what each tenth takes."""
    with tempfile.TemporaryDirectory() as folder, Services(Settings(buckets=max(16, records // 250))) as services:
        own = services.settings
        asyncio.run(create_topics(own))
        sent = asyncio.run(_send(own, records))
        print(f"{sent:,} records are in the topics", flush=True)
        connection = connect(own)
        with WorkerProcess(own, Path(folder) / "worker.log") as worker:
            worker.wait_ready()
            _watch(own, connection, worker, sent)
        _lost(own, connection, sent)
        connection.close()


async def _send(settings: Settings, records: int) -> int:
    payloads = (
        Payload("document", f"{d['source']}:{d['id']}".encode(), orjson.dumps(d))
        for d in growing_documents(SEED, records)
    )
    sent = 0
    async with Publisher(KafkaConnection.of(settings), shared=True) as publisher:
        async for acknowledged in send(publisher, payloads):
            sent = acknowledged
    return sent


def _watch(settings: Settings, connection: Connection, worker: WorkerProcess, records: int) -> None:
    """Print a line a tenth until all records are handled."""
    progress = Progress(Layout(settings.namespace, settings.generation, settings.buckets), connection)
    print("   records  records/s  CPU µs a record  Redis bytes a record  worker MB  intake MB  full keys met")
    rates: list[float] = []
    costs: list[float] = []
    sizes: list[float] = []
    processes = (worker.child.pid, intake_of(worker.child.pid))
    while not (before := sum(progress.positions().values())):
        time.sleep(0.01)
    began, tenth, spent = time.monotonic(), 1, cpu_seconds(processes)
    while tenth <= _TENTHS:
        time.sleep(0.2)
        handled = sum(progress.positions().values())
        if handled == before or handled < records * tenth // _TENTHS:
            continue
        now = time.monotonic()
        rates.append((handled - before) / (now - began))
        used = _memory(connection) / handled
        full = _metric(worker.read("/metrics").decode(), 'streams_caps_total{cap="key"}')
        cpu = cpu_seconds(processes)
        costs.append(1e6 * (cpu - spent) / (handled - before))
        sizes.append(resident(worker.child.pid))
        sides = " ".join(f"{resident(process):10.1f}" for process in processes)
        print(f"{handled:10,} {rates[-1]:10.0f} {costs[-1]:16.0f} {used:21.0f} {sides} {full:14.0f}", flush=True)
        began, before, tenth, spent = now, handled, handled * _TENTHS // records + 1, cpu
    print(f"last window / first: {rates[-1] / rates[0]:.2f} (CPU {costs[-1] / costs[0]:.2f})")
    print(f"worker at the end {sizes[-1]:.1f} MB, {sizes[-1] - sizes[len(sizes) // 2]:+.1f} MB since the middle")


def _lost(settings: Settings, connection: Connection, records: int) -> None:
    """Print how many pairs of records of one work are in different clusters, and how many of these full keys have lost."""
    pairs = list(same_work(works(SEED, records)))
    numbers = {number for pair in pairs for number in pair}
    made = enumerate(growing_documents(SEED, records))
    found = {number: to_record(document) for number, document in made if number in numbers}
    counted = kept_apart(settings, connection, ((found[a], found[b]) for a, b in pairs))
    print(f"{counted.pairs} pairs of one work: {counted.apart} in different clusters, {counted.lost} lost by full keys")


def _memory(connection: Connection) -> int:
    info = b"".join(connection.everywhere("INFO", "memory"))
    return sum(int(used) for used in re.findall(rb"used_memory_dataset:(\d+)", info))


def _metric(text: str, name: str) -> float:
    return sum(float(line.rpartition(" ")[2]) for line in text.splitlines() if line.startswith(name))


def main() -> None:
    """Print the growth of files, of the generated feed, or of a run through the product."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE")
    parser.add_argument("--records", type=int, default=MARKS[-1], help="records of the generated feed")
    parser.add_argument("--marks", type=int, nargs="+", default=MARKS, help="where windows end")
    parser.add_argument("--live", action="store_true", help="run the generated feed through the product")
    parser.add_argument("--verdicts", action="store_true", help="decide the pairs, and print what they end in")
    chosen = parser.parse_args()
    if chosen.live:
        live(chosen.records)
    elif chosen.files:
        show(series(shuffled(chosen.files), chosen.marks, verdicts=chosen.verdicts))
    else:
        made = map(to_record, growing_documents(SEED, chosen.records))
        show(series(made, chosen.marks, verdicts=chosen.verdicts))


if __name__ == "__main__":
    main()
