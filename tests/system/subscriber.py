"""A program that subscribes and keeps the clusters in SQLite; `python -m tests.system.subscriber KAFKA PREFIX DATABASE KIND`.

- `rows`: from the beginning; the position is a row, written in the transaction of the event.
- `file`: from the beginning; the position is in a file that the subscription saves.
- `snapshot`: states first, and while they come no position: killed then, it begins again.
- `plain`: as `rows`, with the plain iterator.
- `http`: as `rows`, over HTTP; KAFKA is then the address of `streams serve`.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import sys

from streams.client import ClusterState, Event, FileCheckpoint, snapshot, subscribe, subscribe_sync

SCHEMA = """
create table if not exists cluster (id text primary key, revision int, records text);
create table if not exists position (one int primary key, value text);
"""
UPSERT = (
    "insert into cluster values (?, ?, ?) on conflict (id) do update set revision = excluded.revision,"
    " records = excluded.records where excluded.revision > cluster.revision"
)


class Store:
    """The database of one subscriber."""

    def __init__(self, path: str) -> None:
        self.database = sqlite3.connect(path)
        self.database.execute("pragma journal_mode = wal")
        self.database.executescript(SCHEMA)

    @property
    def position(self) -> str:
        row = self.database.execute("select value from position").fetchone()
        return str(row[0]) if row else "beginning"

    def keep(self, item: Event | ClusterState, position: str = "") -> None:
        """Store a cluster, and the position with it where there is one."""
        state = item if isinstance(item, ClusterState) else item.state
        name = item.id if isinstance(item, ClusterState) else item.cluster_id
        with self.database:
            self.database.execute(UPSERT, (name, item.revision, json.dumps(state.records if state else ())))
            if position:
                self.database.execute("insert or replace into position values (1, ?)", (position,))

    def clear(self) -> None:
        with self.database:
            self.database.execute("delete from cluster")


async def rows(kafka: str, prefix: str, store: Store) -> None:
    async for event in subscribe(kafka=kafka, topic_prefix=prefix, start=store.position):
        store.keep(event, event.position)


async def with_file(kafka: str, prefix: str, store: Store, path: str) -> None:
    async for event in subscribe(kafka=kafka, topic_prefix=prefix, start=FileCheckpoint(path)):
        store.keep(event)


async def with_snapshot(kafka: str, prefix: str, store: Store) -> None:
    if store.position != "beginning":
        await rows(kafka, prefix, store)
    store.clear()
    items = snapshot(kafka=kafka, topic_prefix=prefix)
    async for item in items:
        store.keep(item, items.position)


def plain(kafka: str, prefix: str, store: Store) -> None:
    for event in subscribe_sync(kafka=kafka, topic_prefix=prefix, start=store.position):
        store.keep(event, event.position)


async def over_http(url: str, store: Store) -> None:
    async for event in subscribe(url=url, start=store.position):
        store.keep(event, event.position)


def main() -> None:
    kafka, prefix, path, kind = sys.argv[1:]
    store = Store(path)
    match kind:
        case "rows":
            asyncio.run(rows(kafka, prefix, store))
        case "file":
            asyncio.run(with_file(kafka, prefix, store, f"{path}.position"))
        case "snapshot":
            asyncio.run(with_snapshot(kafka, prefix, store))
        case "http":
            asyncio.run(over_http(kafka, store))
        case _:
            plain(kafka, prefix, store)


if __name__ == "__main__":
    main()
