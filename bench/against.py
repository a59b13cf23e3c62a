"""CPU a record of this checkout and of another one, by turns, and whether both publish and store the same bytes.

    git worktree add --detach ../before COMMIT
    python bench/against.py ../before FEED.jsonl [--pairs N] [--records N]

Each run gives the same batches of documents to one engine beside an embedded Redis, without a broker. CPU time is that of preparing
and packing (which a worker does in its child process), of unpacking, of deciding and committing, of the headers of messages, of
acknowledging, and of Redis, from the record `--warm` on. Compared are all messages with their keys and headers, topic by topic in
their order, and at the end all of Redis. Exit code 1 where they differ; the first difference of each topic is printed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from itertools import islice, zip_longest
from pathlib import Path
from typing import Any

from streams.engine.engine import Engine
from streams.engine.messages import Batch, Incoming
from streams.engine.prepare import pack, unpack
from streams.events import Outgoing
from streams.events.cloudevents import CloudEvents
from streams.local.services import Services
from streams.settings import Settings
from streams.state.connection import Command, Connection, connect
from streams.worker.prepare_pool import calm_collector

_HERE = Path(__file__).resolve()
_BATCH = 1024
_BEGIN_MS = 1_700_000_000_000
_WORKER_STEPS = ("unpack", "apply", "headers", "acknowledge")
_STEPS = ("prepare", "pack", *_WORKER_STEPS, "redis")
_REDIS = "redis"
_SHOWN = 300
_READ = {"hash": "HGETALL", "set": "SMEMBERS", "string": "GET"}
"""How keys are read that say the same after each run; sorted sets have times."""


class Run:
    """One run of an engine over a feed: CPU seconds by step, and the published messages in one file a topic."""

    def __init__(self, settings: Settings, out: Path) -> None:
        """Open an engine; `out` is an empty folder."""
        self.connection = connect(settings)
        self.engine = Engine(settings, self.connection)
        self.cloud_events = CloudEvents(settings.namespace)
        self.out = out
        self.seconds = dict.fromkeys(_STEPS, 0.0)

    def process(self, messages: list[Incoming]) -> None:
        """Process a batch as a worker does."""
        engine, clock = self.engine, time.process_time
        times = [clock()]
        prepared = engine._intake.prepare([message.raw for message in messages])
        times.append(clock())
        packed = pack(prepared)
        times.append(clock())
        prepared = unpack(packed)
        times.append(clock())
        batch = engine.apply(messages, prepared)
        times.append(clock())
        self._add(("prepare", "pack", "unpack", "apply"), times)
        while not batch.is_empty:
            batch = self._publish(batch)

    def _publish(self, batch: Batch) -> Batch:
        times = [time.process_time()]
        outgoing = [self.cloud_events.add_headers(message) for message in batch.outgoing]
        times.append(time.process_time())
        self._write(outgoing)
        acknowledged = time.process_time()
        batch = self.engine.outbox.acknowledge(batch)
        self._add(("headers",), times)
        self._add(("acknowledge",), [acknowledged, time.process_time()])
        return batch

    def _add(self, steps: Iterable[str], times: list[float]) -> None:
        for step, begin, end in zip(steps, times, times[1:], strict=False):
            self.seconds[step] += end - begin

    def _write(self, messages: list[Outgoing]) -> None:
        lines: dict[str, list[str]] = {}
        for topic, key, value, headers in messages:
            lines.setdefault(topic, []).append(f"{key!r} {headers} {value!r}\n")
        for topic, some in lines.items():
            with (self.out / topic).open("a") as file:
                file.writelines(some)

    def redis_seconds(self) -> float:
        """Return the CPU time of Redis since it started."""
        info: str = self.connection.call("INFO", "cpu").decode()
        return sum(
            float(line.split(":")[1])
            for line in info.splitlines()
            if line.startswith(("used_cpu_user:", "used_cpu_sys:"))
        )

    def write_redis(self) -> None:
        """Write all values that Redis has, but for times."""
        with (self.out / _REDIS).open("w") as file:
            for line in sorted(_values(self.connection)):
                file.write(line)


def _values(connection: Connection) -> Iterator[str]:
    cursor: bytes | int = 0
    while True:
        cursor, keys = connection.call("SCAN", cursor, "COUNT", 1000)
        for key in keys:
            kind = connection.call("TYPE", key).decode()
            if kind in _READ:
                (value,) = connection.execute([Command(key, (_READ[kind], key))])
                for entry in _entries(kind, value):
                    yield f"{key!r} {entry}\n"
        if int(cursor) == 0:
            return


def _entries(kind: str, value: Any) -> Iterable[Any]:
    if kind == "hash":
        return zip(value[::2], value[1::2], strict=True)
    return value if kind == "set" else [value]


def batches(feed: Path, records: int) -> Iterator[list[Incoming]]:
    """Yield the documents of a feed as messages, in batches."""
    with feed.open("rb") as lines:
        some = islice((line.strip() for line in lines if line.strip()), records or None)
        messages = (
            Incoming("document", b"", value, _BEGIN_MS + offset, "records.document", 0, offset)
            for offset, value in enumerate(some)
        )
        while batch := list(islice(messages, _BATCH)):
            yield batch


def run(feed: Path, out: Path, records: int, warm: int) -> dict[str, float]:
    """Run a feed; return the microseconds of CPU a record by step."""
    with Services(Settings(http_port=0)) as services:
        this = Run(services.settings, out)
        calm_collector()
        done, counted, redis = 0, 0, 0.0
        for batch in batches(feed, records):
            if done <= warm < done + len(batch):
                this.seconds, counted, redis = dict.fromkeys(_STEPS, 0.0), 0, this.redis_seconds()
            this.process(batch)
            done += len(batch)
            counted += len(batch)
        this.seconds["redis"] = this.redis_seconds() - redis
        this.write_redis()
        return {step: 1e6 * seconds / counted for step, seconds in this.seconds.items()}


def run_in(tree: Path, options: argparse.Namespace, out: Path) -> dict[str, float]:
    """Run the feed with the code of a checkout, in a process of its own."""
    environment = os.environ | {"PYTHONPATH": str(tree), "PYTHONHASHSEED": "0"}
    arguments = [str(tree), str(options.feed), "--records", str(options.records), "--warm", str(options.warm)]
    done = subprocess.run(
        [sys.executable, _HERE, *arguments, "--out", str(out)],
        cwd=tree,
        env=environment,
        check=True,
        stdout=subprocess.PIPE,
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


def differences(one: Path, other: Path) -> Iterator[str]:
    """Yield the first difference between two runs in each topic, and in Redis."""
    for name in sorted({path.name for folder in (one, other) for path in folder.iterdir()}):
        with (one / name).open("a+") as mine, (other / name).open("a+") as theirs:
            mine.seek(0)
            theirs.seek(0)
            for number, (a, b) in enumerate(zip_longest(mine, theirs, fillvalue=""), 1):
                if a != b:
                    yield f"{name}, line {number}:\n  before {b[:_SHOWN].strip()}\n  now    {a[:_SHOWN].strip()}"
                    break


def shown(found: dict[str, float]) -> str:
    """Return the figures of a run in one line."""
    return f"{sum(found.values()):6.1f} = " + " + ".join(f"{step} {found[step]:.1f}" for step in _STEPS)


def main() -> int:
    """Run both checkouts by turns, and print what they cost and where they differ."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before", type=Path, help="another checkout")
    parser.add_argument("feed", type=Path, help="documents, one a line")
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--records", type=int, default=0, help="most records of the feed; 0: all")
    parser.add_argument("--warm", type=int, default=4 * _BATCH)
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.out:
        print(json.dumps(run(options.feed, options.out, options.records, options.warm)))
        return 0
    options.feed = options.feed.resolve()
    trees = {"before": options.before.resolve(), "now": _HERE.parent.parent}
    costs: dict[str, list[dict[str, float]]] = {name: [] for name in trees}
    different: list[str] = []
    for number in range(options.pairs):
        with tempfile.TemporaryDirectory() as folder:
            for name, tree in trees.items():
                (out := Path(folder) / name).mkdir()
                costs[name].append(run_in(tree, options, out))
                print(f"{name:6} {shown(costs[name][-1])}", flush=True)
            if number == 0:
                different = list(differences(Path(folder) / "now", Path(folder) / "before"))
    # The least of each: other work on the machine only ever adds.
    least = {name: {step: min(found[step] for found in some) for step in _STEPS} for name, some in costs.items()}
    for name in trees:
        print(f"least {name:6} {shown(least[name])}")
    worker = {name: sum(found[step] for step in _WORKER_STEPS) for name, found in least.items()}
    print(f"now / before: {sum(least['now'].values()) / sum(least['before'].values()):.3f}")
    print(f"worker alone: {worker['now']:.1f} / {worker['before']:.1f} = {worker['now'] / worker['before']:.3f}")
    print("\n".join(different) or "all messages and all of Redis are the same")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
