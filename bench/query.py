"""How long queries take on an index that an engine has filled: lookup, match, explain, and a cluster of 1,000 records.

    python bench/query.py [--records N] [--queries N]

Starts the embedded Redis, lets one engine handle made-up feeds, and asks over a connection of its own with nothing else going
on. Prints the median, the 99th percentile and the longest time of one query in ms, measured in the process that asks.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from random import Random

import orjson

from streams.engine.engine import Engine
from streams.engine.messages import Incoming
from streams.local.valkey import Valkey
from streams.query.clusters import Clusters
from streams.query.explain import Inspection
from streams.query.index_reader import IndexReader, open_index
from streams.query.lookup import look_up
from streams.query.match import match
from streams.records.record import Record
from streams.settings import Settings
from streams.sources import parse
from streams.state.connection import connect
from streams.synthetic.generator import generate

_BATCH = 1024
_LARGE = 1000
_TITLE = "Deep residual learning of sparse graph representations for molecules"


def fill(settings: Settings, messages: Sequence[Incoming]) -> None:
    """Let one engine handle messages, to the end."""
    engine = Engine(settings, connect(settings))
    for start in range(0, len(messages), _BATCH):
        engine.process(messages[start : start + _BATCH])


def made_up(count: int) -> list[Incoming]:
    """Return made-up messages about so many records."""
    feed = islice((message for message in generate(1, count) if message.value), count)
    return [
        Incoming(m.source, m.key, m.value, number, f"records.{m.source}", 0, number) for number, m in enumerate(feed)
    ]


def one_large_cluster() -> list[Incoming]:
    """Return messages about 1,000 records of one paper, each with its own content."""
    fields = {"source": "large", "title": _TITLE, "authors": ["Ada Lovelace", "Alan Turing"], "year": 2015}
    values = [
        orjson.dumps({**fields, "id": str(n), "doi": "10.5555/large.1", "volume": str(n), "pages": str(n)})
        for n in range(_LARGE)
    ]
    return [Incoming("document", b"large:%d" % n, value, n, "records.document", 0, n) for n, value in enumerate(values)]


def timed(name: str, asked: Sequence[Callable[[], object]]) -> None:
    """Ask each question once and print how long they took."""
    times = []
    for ask in asked:
        began = time.perf_counter()
        ask()
        times.append(1000 * (time.perf_counter() - began))
    times.sort()
    p50, p99 = (times[min(int(len(times) * part), len(times) - 1)] for part in (0.5, 0.99))
    print(f"{name:28} {len(times):6} queries  p50 {p50:8.2f}  p99 {p99:8.2f}  max {times[-1]:8.2f} ms")


def ask_all(settings: Settings, index: IndexReader, records: Sequence[Record], queries: int) -> None:
    """Ask every kind of question, each of another record."""
    random = Random(7)  # noqa: S311 - a seed makes a run repeatable
    asked = random.choices(records, k=queries)
    works = [f"{i.scheme}:{i.value}" for r in records for i in r.identifiers if i.scheme in ("doi", "arxiv", "pmid")]
    named = random.choices(works, k=max(queries, 500))
    clusters, inspection = Clusters(index), Inspection(settings, index.connection)
    timed("lookup, identifier", [lambda name=name: look_up(index, [name]) for name in named[:queries]])  # type: ignore[misc]
    timed("lookup, record id", [lambda r=r: look_up(index, [r.id]) for r in asked])  # type: ignore[misc]
    timed("lookup, 500 at once", [lambda: look_up(index, named[:500])] * 20)
    timed("cluster of a record", [lambda r=r: clusters.cluster(clusters.record(r.id).cluster_id) for r in asked])  # type: ignore[misc]
    timed("match", [lambda r=r: match(index, [r]) for r in asked])  # type: ignore[misc]
    timed("match, 50 at once", [lambda: match(index, asked[:50])] * 20)
    timed("explain", [lambda r=r: Inspection(settings, index.connection).membership(r.id) for r in asked[:200]])  # type: ignore[misc]
    large = clusters.record("large:0").cluster_id
    timed("1,000 records: cluster", [lambda: clusters.cluster(large)] * 20)
    fresh = [lambda: Clusters(IndexReader(settings, index.connection)).spanning(large)] * 20
    timed("1,000 records: links", fresh)
    timed("1,000 records: links, again", [lambda: clusters.spanning(large)] * 20)
    timed("1,000 records: match", [lambda: match(index, [large_document()])] * 20)
    timed("1,000 records: explain", [lambda: inspection.membership("large:0")] * 5)


def large_document() -> Record:
    """Return a document that matches the large cluster."""
    return Record(source="query", source_id="1", title=_TITLE, date="2015")


def main() -> None:
    """Fill an index, ask, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=20_000)
    parser.add_argument("--queries", type=int, default=2_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        server = Valkey(Path(folder))
        server.start()
        try:
            settings = Settings(redis_url=server.url, buckets=256)
            messages = made_up(arguments.records)
            fill(settings, messages)
            fill(settings, one_large_cluster())
            parsed = (item for m in messages for item in parse(m.source, m.value, m.key))
            records = list({item.id: item for item in parsed if isinstance(item, Record)}.values())
            print(f"{len(records):,} records of made-up feeds, and one cluster of {_LARGE:,}")
            with open_index(settings) as index:
                ask_all(settings, index, records, arguments.queries)
        finally:
            server.close()


if __name__ == "__main__":
    main()
