"""Measure what matching costs: microseconds per extract, keys and decide, bytes per record as stored.

    python bench/compare_speed.py FEED.jsonl.gz [...]

Decide is timed on the compared pairs of the feed, most of which are no duplicates, and on the duplicates alone. Bytes
are of msgpack packed with a zstd dictionary trained on the first half of the feed and measured on the second.
"""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path

import msgspec
import zstandard
from sets import readable
from world import World

from streams.matching.blocking import blocking_keys
from streams.matching.decide import decide
from streams.matching.features import extract
from streams.matching.titles import title_forms


def micros(seconds: list[float]) -> str:
    """Return median and 99th percentile in microseconds."""
    seconds.sort()
    late = 1e6 * seconds[int(len(seconds) * 0.99)]
    return (
        f"median {1e6 * statistics.median(seconds):.1f} us, mean {1e6 * statistics.mean(seconds):.1f}, p99 {late:.1f}"
    )


def main() -> None:
    """Print the costs for each feed named."""
    clock = time.perf_counter
    for name in sys.argv[1:]:
        records = {record.id: record for record in readable(Path(name))}
        title_forms.cache_clear()
        spent, features = [], {}
        for key, record in records.items():
            start = clock()
            features[key] = extract(record)
            spent.append(clock() - start)
        print(f"{name}: {len(records)} records\n  extract {micros(spent)}")
        spent = []
        for one in features.values():
            start = clock()
            blocking_keys(one)
            spent.append(clock() - start)
        print(f"  keys    {micros(spent)}")
        world = World(features)
        met = world.arrive(range(len(features)))
        spent = []
        stages: dict[str, list[float]] = {}
        for a, b in met:
            one, other = world.features[a], world.features[b]
            start = clock()
            decision = decide(one, other)
            took = clock() - start
            spent.append(took)
            stages.setdefault(decision.verdict, []).append(took)
        per_record, keys_per_record = len(met) / len(features), statistics.mean(map(len, world.keys))
        print(
            f"  decide  {micros(spent)} ({len(spent)} pairs, {per_record:.2f} compared, {keys_per_record:.2f} keys a record)"
        )
        for verdict, times in sorted(stages.items()):
            print(f"    {verdict:10s} {len(times):7d} {micros(times)}")
        packed = [msgspec.msgpack.encode(one) for one in features.values()]
        half = len(packed) // 2
        dictionary = zstandard.train_dictionary(16384, list[bytes | bytearray | memoryview](packed[:half]))
        press = zstandard.ZstdCompressor(
            level=6, dict_data=dictionary, write_content_size=False, write_checksum=False, write_dict_id=False
        )
        plain = statistics.mean(map(len, packed))
        sizes = sorted(len(press.compress(one)) for one in packed[half:])
        print(f"  bytes   plain {plain:.0f}, packed mean {statistics.mean(sizes):.0f}, median {sizes[len(sizes) // 2]}")


if __name__ == "__main__":
    main()
