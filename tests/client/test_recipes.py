"""Every program of docs/how-to/follow-clusters.md runs, also when it is stopped and started again."""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson
import pytest

from streams.events import CLUSTERS, EVENTS, Outgoing
from streams.settings import Settings
from streams.testing import FakeStreams
from tests.client.sse_server import SseServer, running
from tests.client.topics import clusters_now, messages, publish
from tests.system.processes import wait_for

PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "follow-clusters.md").read_text(encoding="utf-8")
RECIPES = dict(re.findall(r'^```python title="(\S+)"\n(.*?)^```$', PAGE, re.MULTILINE | re.DOTALL))
SQL = re.search(r"^```sql\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
PAPER = {"title": "Coral growth in warm seas", "authors": ["Ada Reef"], "year": 2021}
FEED = [
    {**PAPER, "id": "1", "source": "x", "title": "Growth of corals", "arxiv_id": "2101.00001"},
    {**PAPER, "id": "2", "source": "y", "doi": "10.5555/reef.1"},
    {**PAPER, "id": "3", "source": "z", "arxiv_id": "2101.00001", "doi": "10.5555/reef.1"},
    {**PAPER, "id": "4", "source": "y", "title": "Erratum to: Coral growth in warm seas", "year": 2022},
]


class Program:
    """A recipe as a process."""

    def __init__(self, name: str, directory: Path, settings: Settings, **replaced: str) -> None:
        text = RECIPES[f"{name}.py"].replace("localhost:9092", settings.kafka_url)
        for old, new in replaced.items():
            text = text.replace(old, new)
        self._file = directory / "recipe.py"
        self._file.write_text(text)
        self._environment = {
            "STREAMS_TOPIC_PREFIX": settings.topic_prefix,
            "PYTHONPATH": str(Path(__file__).parents[2]),
        }
        self._directory = directory
        self.start()

    def start(self) -> None:
        with (self._directory / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, str(self._file)], cwd=self._directory, env=self._environment, stdout=log, stderr=log
            )

    def kill(self) -> None:
        assert self.process.poll() is None, (self._directory / "log").read_text()
        self.process.kill()
        self.process.wait()


@pytest.fixture
def batches() -> list[list[Outgoing]]:
    """A small feed of which everything is known, and a made-up one."""
    fake = FakeStreams()
    own = [
        [Outgoing(each.topic, each.key, each.value) for each in fake.send([record]) if each.topic in (EVENTS, CLUSTERS)]
        for record in FEED
    ]
    return own + messages(12, seed=8)


def rows(path: Path, query: str) -> list[Any]:
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            return database.execute(query).fetchall()
    except sqlite3.OperationalError:
        return []


def kept(name: str, directory: Path) -> dict[str, Any]:
    """What a program keeps of each cluster."""
    path = directory / f"{name}.db"
    match name:
        case "search":
            query = "select id, title from cluster join paper on paper.rowid = number"
        case "graph":
            query = "select cluster, title from node where cluster in (select cluster from member)"
        case _:
            query = "select id, document ->> 'title' from cluster where records <> '[]'"
    return dict(rows(path, query))


def check_search(directory: Path) -> None:
    query = "select id from cluster join paper on paper.rowid = number where paper match 'growth warm'"
    assert len(rows(directory / "search.db", query)) >= 2


def check_graph(directory: Path) -> None:
    corrects = rows(directory / "graph.db", "select a, b from edge where kind = 'corrects' and a <> b")
    assert len(corrects) >= 2, "an edge from each side"
    assert all((b, a) in corrects for a, b in corrects)


def check_mirror(directory: Path) -> None:
    assert SQL is not None
    path = directory / "mirror.db"
    ended = rows(path, "select id, merged_into from cluster where merged_into is not null")
    assert ended
    for name, _ in ended:
        ((now,),) = rows(path, SQL[1].replace("c…", name))
        assert now in kept("mirror", directory)


CHECKS: dict[str, Callable[[Path], None]] = {"search": check_search, "graph": check_graph, "mirror": check_mirror}


@pytest.mark.long
@pytest.mark.parametrize("name", CHECKS)
def test_a_program_keeps_the_clusters_and_continues_after_a_kill(
    name: str,
    topics: Settings,
    tmp_path: Path,
    batches: list[list[Outgoing]],
) -> None:
    asyncio.run(publish(topics, *batches[:2]))
    program = Program(name, tmp_path, topics)
    try:
        wait_for(lambda: kept(name, tmp_path), "the snapshot")
        asyncio.run(publish(topics, *batches[2:5]))  # the third record merges the clusters of the first two
        wait_for(lambda: rows(tmp_path / f"{name}.db", "select value from position"), "it follows")
        program.kill()
        asyncio.run(publish(topics, *batches[5:]))
        program.start()
        states = asyncio.run(clusters_now(topics))
        expected = {each: state["document"].get("title") for each, state in states.items()}
        wait_for(lambda: kept(name, tmp_path) == expected, "it has the clusters")
        CHECKS[name](tmp_path)
    finally:
        program.process.kill()
        program.process.wait()


@pytest.fixture
def server(batches: list[list[Outgoing]]) -> Iterator[SseServer]:
    """A server of the events, in a thread of its own."""
    made, ready, stop, loop = SseServer(), threading.Event(), asyncio.Event(), asyncio.new_event_loop()

    async def main() -> None:
        async with running(made):
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(main(),))
    thread.start()
    ready.wait()
    yield made
    loop.call_soon_threadsafe(stop.set)
    thread.join()
    loop.close()


def test_new_papers_are_listed_once_and_from_now_on(
    server: SseServer, tmp_path: Path, batches: list[list[Outgoing]]
) -> None:
    events = [orjson.loads(each.value or b"") for batch in batches for each in batch if each.topic == EVENTS]
    new = [each["cluster_id"] for each in events[3:] if each["revision"] == 1 and not each.get("split_from")]
    server.add(**events[0])
    server.add(**events[1])
    server.add(**events[2])
    program = Program("new_papers", tmp_path, Settings(), **{"http://localhost:6060": server.url})
    listed = tmp_path / "new-papers.txt"
    try:
        wait_for(lambda: server.requests, "it is connected")
        for event in events[3:]:
            server.add_frame(f"cluster.{event['type']}", json.dumps(event))
        wait_for(lambda: listed.exists() and len(listed.read_text().splitlines()) >= len(new), "it has listed them")
        wait_for((tmp_path / "new-papers.position").exists, "its position is saved")
        assert [line.split()[0] for line in listed.read_text().splitlines()] == new
    finally:
        program.process.kill()
        program.process.wait()


def test_every_program_of_the_page_is_tested() -> None:
    assert set(RECIPES) == {*(f"{name}.py" for name in CHECKS), "new_papers.py"}
    assert len(re.findall(r"^```python", PAGE, re.MULTILINE)) == len(RECIPES)
