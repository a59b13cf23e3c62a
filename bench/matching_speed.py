"""How fast matching is: microseconds to extract, to make keys and to decide, records a second, bytes a record as stored.

    python bench/matching_speed.py FEED.jsonl.gz [...]

Decisions are timed on the compared pairs of the feed, most of which are no duplicates, and on each verdict alone. Records a
second are from extraction to clusters, in memory. Bytes are of msgpack packed with a zstd dictionary trained on the first half
of the feed and measured on the second. `bench/evaluate.py` takes its figures of speed from `cost`.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

import msgspec
import zstandard
from sets import readable
from world import Pair, World

from streams.matching.blocking import blocking_keys
from streams.matching.decide import decide
from streams.matching.feature_values import Features
from streams.matching.features import extract
from streams.records.record import Record

T = TypeVar("T")
U = TypeVar("U")


class Cost(NamedTuple):
    """Records from extraction to clusters in a second, and the median microseconds of one decision."""

    per_second: float
    decide_us: float


def cost(records: Mapping[str, Record], met: Iterable[Pair] | None = None) -> Cost:
    """Run records once from extraction to clusters, and time it; `met` are the pairs to compare, all that meet by default."""
    start = time.perf_counter()
    world = World({name: extract(record) for name, record in records.items()})
    world.clusters(world.arrive(range(len(world.names))) if met is None else met)
    seconds = time.perf_counter() - start
    return Cost(len(records) / seconds, 1e6 * statistics.median(world.seconds or [0.0]))


def timed(function: Callable[[T], U], values: Iterable[T]) -> tuple[list[U], list[float]]:
    """Call a function with each value; return what it returned and the seconds of every call."""
    results, spent, clock = [], [], time.perf_counter
    for value in values:
        start = clock()
        results.append(function(value))
        spent.append(clock() - start)
    return results, spent


def micros(seconds: list[float]) -> str:
    """Return median, mean and 99th percentile in microseconds."""
    seconds.sort()
    late = 1e6 * seconds[int(len(seconds) * 0.99)]
    return (
        f"median {1e6 * statistics.median(seconds):.1f} us, mean {1e6 * statistics.mean(seconds):.1f}, p99 {late:.1f}"
    )


def packed_sizes(features: Sequence[Features]) -> tuple[float, list[int]]:
    """Return the mean bytes of features as msgpack, and the sorted bytes of the second half when compressed."""
    packed = [msgspec.msgpack.encode(one) for one in features]
    half = len(packed) // 2
    dictionary = zstandard.train_dictionary(16384, list[bytes | bytearray | memoryview](packed[:half]))
    press = zstandard.ZstdCompressor(
        level=6, dict_data=dictionary, write_content_size=False, write_checksum=False, write_dict_id=False
    )
    return statistics.mean(map(len, packed)), sorted(len(press.compress(one)) for one in packed[half:])


def main() -> None:
    """Print the costs for each feed named."""
    for name in sys.argv[1:]:
        records = {record.id: record for record in readable(Path(name))}
        extracted, spent = timed(extract, records.values())
        print(f"{name}: {len(records)} records\n  extract {micros(spent)}")
        print(f"  keys    {micros(timed(blocking_keys, extracted)[1])}")
        world = World(dict(zip(records, extracted, strict=True)))
        pairs = [(world.features[a], world.features[b]) for a, b in world.arrive(range(len(world.names)))]
        decisions, spent = timed(lambda pair: decide(*pair), pairs)
        stages: dict[str, list[float]] = {}
        for decision, took in zip(decisions, spent, strict=True):
            stages.setdefault(decision.verdict, []).append(took)
        per_record, keys_per_record = len(pairs) / len(records), statistics.mean(map(len, world.keys))
        print(
            f"  decide  {micros(spent)} ({len(spent)} pairs, {per_record:.2f} compared, {keys_per_record:.2f} keys a record)"
        )
        for verdict, times in sorted(stages.items()):
            print(f"    {verdict:10s} {len(times):7d} {micros(times)}")
        print(f"  in all  {cost(records).per_second:.0f} records/s")
        plain, sizes = packed_sizes(extracted)
        print(f"  bytes   plain {plain:.0f}, packed mean {statistics.mean(sizes):.0f}, median {sizes[len(sizes) // 2]}")


if __name__ == "__main__":
    main()
