"""What a record costs in Redis and in the topics, in bytes: the table of docs/retention.md.

    python bench/footprint.py [--works N] [--abstracts keep|drop] [FILE…]

Plays FILEs of documents, or a generated feed (about 2.6 records a work), through the engine on a private Redis, and adds up what
each kind of key takes (MEMORY USAGE) and what each topic is given (keys, values and headers, before Kafka's own compression).
Then deletes every record, and measures what stays.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path

from streams.engine.engine import Engine
from streams.engine.messages import Incoming
from streams.feed_files.keys import DOCUMENT, message_key
from streams.feed_files.payloads import read_payloads
from streams.local.valkey import Valkey
from streams.settings import Settings
from streams.state.connection import Command, Connection, connect
from streams.synthetic import generate

KINDS = {
    "r": "features",
    "d": "records for documents",
    "g": "groups and clusters",
    "k": "key index",
    "o": "events not yet published",
}
LOT = 1024


class Meter:
    """An engine on a Redis of its own, what was published, and what is held."""

    def __init__(self, settings: Settings) -> None:
        self.engine = Engine(settings, connect(settings))
        self.prefix = f"{settings.namespace}:{settings.generation}:*"
        self.offset = 0
        self.messages: Counter[str] = Counter()
        self.bytes: Counter[str] = Counter()

    def handle(self, payloads: Iterable[tuple[bytes, bytes | None]]) -> None:
        """Play payloads (key, value) as a worker does."""
        waiting = iter(payloads)
        while lot := list(islice(waiting, LOT)):
            batch = self.engine.process([self._message(*payload) for payload in lot])
            while not batch.is_empty:
                for out in batch.outgoing:
                    headers = sum(len(name) + len(value) for name, value in out.headers)
                    self._count(out.topic, len(out.key) + len(out.value or b"") + headers)
                batch = self.engine.outbox.acknowledge(batch)

    def held(self) -> Counter[str]:
        """Bytes in Redis by kind of key."""
        return held(self.engine.settings, self.engine.connection)

    def live(self) -> int:
        """Return how many records are stored and not deleted."""
        stored, call = self.engine.store.stored, self.engine.connection.call
        values = (value for key in call("KEYS", f"{self.prefix}:r") for value in call("HVALS", key))
        return sum(record.version.live for value in values if (record := stored(value)))

    def _message(self, key: bytes, value: bytes | None) -> Incoming:
        self.offset += 1
        self._count("records.document", len(key) + len(value or b""))
        return Incoming("document", key, value, self.offset, "records.document", 0, self.offset)

    def _count(self, topic: str, size: int) -> None:
        self.messages[topic] += 1
        self.bytes[topic] += size


def held(settings: Settings, connection: Connection) -> Counter[str]:
    """Return the bytes that an index version takes in Redis by kind of key."""
    keys = connection.call("KEYS", f"{settings.namespace}:{settings.generation}:*")
    found: Counter[str] = Counter()
    for start in range(0, len(keys), LOT):
        some = keys[start : start + LOT]
        sizes = connection.execute([Command(key, ("MEMORY", "USAGE", key, "SAMPLES", 0)) for key in some])
        for key, size in zip(some, sizes, strict=True):
            found[key.decode().rpartition(":")[2]] += size
    return found


def show(title: str, rows: Sequence[tuple[str, float]]) -> None:
    """Print figures with their sum."""
    print(f"\n{title}")
    for name, value in rows:
        print(f"  {name:28} {value:8.1f}")
    print(f"  {'together':28} {sum(value for _, value in rows):8.1f}")


def measure(settings: Settings, feed: Sequence[tuple[bytes, bytes | None]]) -> None:
    """Play the feed (key, value), then delete it, and print what both leave."""
    meter = Meter(settings)
    meter.handle(feed)
    known = dict.fromkeys(key for key, _ in feed)
    live, held = meter.live(), meter.held()
    show(f"Redis, bytes a record ({live} records)", [(KINDS[k], held[k] / live) for k in KINDS if held[k]])
    rows = [
        (f"{topic} ({count / len(feed):.2f} each)", meter.bytes[topic] / len(feed))
        for topic, count in meter.messages.items()
    ]
    show(f"topics, bytes a message of the feeds ({len(feed)} messages)", rows)
    meter.handle((key, None) for key in known)
    held = meter.held()
    show(f"Redis, bytes a deleted record ({len(known)})", [(KINDS[k], held[k] / len(known)) for k in KINDS if held[k]])
    meter.engine.connection.close()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", metavar="FILE")
    parser.add_argument("--works", type=int, default=20_000)
    parser.add_argument("--abstracts", choices=("keep", "drop"), default="keep")
    arguments = parser.parse_args()
    feed: list[tuple[bytes, bytes | None]] = (
        [(message_key(DOCUMENT, each.value), each.value) for each in read_payloads(DOCUMENT, arguments.files)]
        if arguments.files
        else [(message.key, message.value or None) for message in generate(1, arguments.works)]
    )
    with tempfile.TemporaryDirectory() as folder:
        server = Valkey(Path(folder))
        server.start()
        try:
            buckets = max(16, len(feed) // 250)
            given = Settings(redis_url=server.url, buckets=buckets, abstracts=arguments.abstracts)
            measure(given, feed)
        finally:
            server.close()


if __name__ == "__main__":
    main()
