"""Whether the order of arrival changes the clusters: every set, shuffled, in memory and through the real engine.

    python bench/order.py [--data DIR] [--seeds N] [--engine-seeds N] [--sets NAME ...] [--works N]

In memory the key index is simulated exactly (`bench/world.py`). Sets of fewer than 3,000 records also go through the
engine on a real Redis, in batches of random size.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import NamedTuple, TypeAlias

import orjson
from sets import SEED, LabelledSet, documents, load, names
from world import GROUP_CAP, World

from streams.engine.deliver import discard
from streams.engine.engine import Engine
from streams.engine.messages import Incoming
from streams.local.valkey import Valkey
from streams.matching.features import extract
from streams.records.record import Record, to_document
from streams.settings import Settings
from streams.state.connection import connect

SMALL = 10_000

Partition: TypeAlias = frozenset[frozenset[str]]


class Order(NamedTuple):
    """What holds for one set. `moved` counts records whose cluster is not the same in every order.

    `engine` are (seeds, partitions, records whose cluster is not that of the simulation), None where it did not run.
    """

    name: str
    records: int
    seeds: int
    partitions: int
    moved: int
    full_keys: int
    link_sets: int
    largest: int
    engine: tuple[int, int, int] | None
    seconds: float


def homes(partition: Partition) -> dict[str, frozenset[str]]:
    """Return the cluster of each record."""
    return {record: members for members in partition for record in members}


def moved(partitions: set[Partition]) -> int:
    """Return how many records do not have the same cluster in all partitions."""
    first, *others = [homes(partition) for partition in partitions]
    return sum(any(other.get(record) != members for other in others) for record, members in first.items())


def simulated(world: World, seeds: int) -> tuple[set[Partition], int]:
    """Return the different partitions of as many orders, and how many different sets of links were met on the way."""
    found: dict[tuple[int, ...], Partition] = {}
    links: set[frozenset[tuple[int, int]]] = set()
    order = list(range(len(world.names)))
    for seed in range(seeds):
        Random(SEED + seed).shuffle(order)  # noqa: S311
        met = world.arrive(order)
        links.add(frozenset(pair for pair in met if world.link(pair) is not None))
        clusters = world.clusters(met)
        homes = {record: min(members) for members in clusters for record in members}
        same = tuple(homes[record] for record in range(len(homes)))
        if same not in found:
            found[same] = frozenset(map(frozenset, world.named(clusters)))
    return set(found.values()), len(links)


def through_engine(records: Mapping[str, Record], seeds: int, redis_url: str, name: str) -> Iterator[Partition]:
    """Return the partitions the engine makes of as many orders."""
    messages = [
        Incoming("document", record.id.encode(), orjson.dumps(to_document(record)), number + 1, "records", 0, number)
        for number, record in enumerate(records.values())
    ]
    for seed in range(seeds):
        random = Random(SEED + seed)  # noqa: S311
        random.shuffle(messages)
        generation = f"{name}{seed}".replace("_", "-")
        given = Settings(redis_url=redis_url, generation=generation, buckets=64)
        connection = connect(given)
        try:
            engine = Engine(given, connection)
            start = 0
            while start < len(messages):
                size = random.randint(1, 600)
                discard(engine.process(messages[start : start + size]), engine.outbox)
                start += size
            yield stored(engine)
        finally:
            connection.close()


def stored(engine: Engine) -> Partition:
    """Return the clusters of a generation, as Redis has them."""
    found = []
    for _, group in engine.groups.all_groups():
        for index in range(len(group.clusters)):
            if members := group.records(index):
                blobs = engine.connection.execute([engine.store.get_document(member) for member in members])
                found.append(frozenset(engine.store.record(blob).id for blob in blobs))
    return frozenset(found)


def measure(labelled: LabelledSet, seeds: int, engine_seeds: int, redis_url: str) -> Order:
    """Shuffle one set; of a set of pairs the documents are taken for a feed."""
    start = time.perf_counter()
    name, records = labelled.name, {record.id: record for record in documents(labelled)}
    world = World({record: extract(value) for record, value in records.items()})
    partitions, link_sets = simulated(world, seeds)
    engine = None
    if engine_seeds and len(records) < SMALL:
        made = set(through_engine(records, engine_seeds, redis_url, name))
        engine = (engine_seeds, len(made), moved(made | partitions))
    if world.largest > GROUP_CAP:
        print(f"{name}: a group of {world.largest} records is above the cap of {GROUP_CAP}", file=sys.stderr)
    return Order(
        name,
        len(records),
        seeds,
        len(partitions),
        moved(partitions),
        world.full_keys(),
        link_sets,
        world.largest,
        engine,
        time.perf_counter() - start,
    )


@contextmanager
def redis() -> Iterator[str]:
    """Start a server for the engine, and give its URL."""
    with tempfile.TemporaryDirectory() as folder:
        server = Valkey(Path(folder))
        server.start()
        try:
            yield server.url
        finally:
            server.close()


HEAD = [
    "set", "records", "orders", "different partitions", "records that move", "keys over the cap",
    "different sets of links", "largest group", "engine: orders", "engine: partitions", "engine: records apart",
]  # fmt: skip


def row(order: Order) -> list[object]:
    """Return one line of the table."""
    engine = order.engine or ("–", "–", "–")
    return [
        order.name, f"{order.records:,}", order.seeds, order.partitions, order.moved, order.full_keys,
        order.link_sets, order.largest, *engine,
    ]  # fmt: skip


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Shuffle every set and compare the clusters.")
    parser.add_argument("--data", type=Path, help="folder of the labelled sets")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--engine-seeds", type=int, default=3)
    parser.add_argument("--works", type=int, default=4_000, help="number of generated works")
    parser.add_argument("--sets", nargs="*", default=[], metavar="NAME")
    options = parser.parse_args()
    print(" | ".join(HEAD))
    with redis() as url:
        for name in options.sets or names(options.data):
            order = measure(load(name, options.data, options.works), options.seeds, options.engine_seeds, url)
            print(" | ".join(map(str, row(order))), f"({order.seconds:.0f} s)", flush=True)


if __name__ == "__main__":
    main()
