"""What a catalogue needs: cores, workers, partitions, Redis nodes, memory and disk, and how long the first load takes.

    python bench/scaling.py [--worker µs] [--pairs N] [--pair µs] [--intake µs] [--redis µs] [--broker µs]
                            [--record B] [--topics B] [--days D]

A calculation, not a measurement: it starts from what `bench/throughput.py`, `bench/against.py` and `bench/footprint.py` measure of
one record. One worker decides a batch, `--pairs` a record, and waits for Redis meanwhile, so its rate is one record in
`worker + pairs * pair + redis`; its second process prepares the next batch on another core. One node of Redis answers from one
thread. Both are planned at 70 % of that. The first load of each catalogue is to take at most `--days` days. Prints the table of
docs/scaling.md.
"""

from __future__ import annotations

import argparse
import math
from typing import NamedTuple

CATALOGUES = {
    "arXiv": (2_700_000, 1_200),
    "Semantic Scholar": (220_000_000, 600_000),
    "OpenAlex": (270_000_000, 1_500_000),
}
"""Records, and changed or new records a day, rounded; the sources' own statements of 2026."""
_FILLED = 0.7
_NODE_GB = 64.0


class Cost(NamedTuple):
    """What a record costs: µs of a core in each process, bytes in Redis and in the topics."""

    worker: float
    intake: float
    redis: float
    broker: float
    record: float
    topics: float

    @property
    def cores(self) -> float:
        """µs of all cores together."""
        return self.worker + self.intake + self.redis + self.broker

    @property
    def worker_rate(self) -> float:
        """Records a second of one worker that has cores of its own."""
        return _FILLED * 1e6 / max(self.worker + self.redis, self.intake)

    @property
    def node_rate(self) -> float:
        """Records a second that one node of Redis answers."""
        return _FILLED * 1e6 / self.redis


class Plan(NamedTuple):
    """What a catalogue needs for its first load."""

    days: float
    workers: int
    nodes: int
    cores: int
    redis_gb: float
    topics_gb: float
    share_afterwards: float

    @property
    def partitions(self) -> int:
        """Partitions of a topic: two for each worker, so that one more worker has something to do, a power of two."""
        return max(4, 1 << (2 * self.workers - 1).bit_length())


def plan(records: int, changes: int, cost: Cost, days: float) -> Plan:
    """Return the smallest installation that loads so many records within some days."""
    rate = records / (days * 86_400)
    workers = max(1, math.ceil(rate / cost.worker_rate))
    redis_gb = records * cost.record / 1e9
    nodes = max(1, math.ceil(rate / cost.node_rate), math.ceil(redis_gb / (_FILLED * _NODE_GB)))
    reached = min(workers * cost.worker_rate, nodes * cost.node_rate)
    cores = math.ceil(reached * cost.cores / 1e6 / _FILLED)
    topics_gb = records * cost.topics / 1e9
    return Plan(
        records / reached / 86_400, workers, nodes, max(cores, 2), redis_gb, topics_gb, changes / 86_400 / reached
    )


def main() -> None:
    """Print a row for each catalogue."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (
        ("worker", 75),
        ("intake", 95),
        ("redis", 45),
        ("broker", 15),
        ("record", 448),
        ("topics", 3_900),
    ):
        parser.add_argument(f"--{name}", type=float, default=default)
    parser.add_argument("--pairs", type=float, default=0.5)
    parser.add_argument("--pair", type=float, default=16.0)
    parser.add_argument("--days", type=float, default=1.0)
    arguments = parser.parse_args()
    cost = Cost(*(getattr(arguments, name) for name in Cost._fields))
    cost = cost._replace(worker=cost.worker + arguments.pairs * arguments.pair)
    print(f"one worker: {cost.worker_rate:,.0f} records/s; one node of Redis: {cost.node_rate:,.0f} records/s")
    print(
        "| catalogue | records | first load | workers | partitions | Redis nodes | Redis | topics | cores | afterwards |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    for name, (records, changes) in CATALOGUES.items():
        found = plan(records, changes, cost, arguments.days)
        hours = found.days * 24
        load = f"{hours * 60:.0f} min" if hours < 1 else f"{hours:.1f} h"
        print(
            f"| {name} | {records / 1e6:.1f} M | {load} | {found.workers} | {found.partitions} | {found.nodes} "
            f"| {found.redis_gb:.0f} GB | {found.topics_gb:,.0f} GB | {found.cores} | {found.share_afterwards:.2%} |"
        )


if __name__ == "__main__":
    main()
