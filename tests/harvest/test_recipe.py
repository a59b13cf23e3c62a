"""The program of docs/how-to/harvest-your-own.md runs, is killed and runs again; what it says of sources holds."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp import web

from streams.kafka.topics import create_topics
from streams.records.record import Delete, Record
from streams.settings import Settings
from streams.sources import SOURCES, parse
from tests.harvest.feed_server import Asked, FeedServer

Fold = Callable[[Settings, str], dict[str, bytes | None]]
PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "harvest-your-own.md").read_text(encoding="utf-8")
PROGRAM = dict(re.findall(r'^```python title="(\S+)"\n(.*?)^```$', PAGE, re.MULTILINE | re.DOTALL))["harvester.py"]


class Repository(FeedServer):
    """Says what has changed since a day."""

    def __init__(self) -> None:
        super().__init__()
        self.items: list[dict[str, Any]] = [
            {
                "number": str(n),
                "name": f"Paper {n}",
                "people": ["Ada Reef"],
                "changed": f"2026-11-{n % 9 + 1:02}T10:00:00Z",
            }
            for n in range(1, 60)
        ]

    def answer(self, asked: Asked) -> web.Response:
        found = [item for item in self.items if item["changed"] >= asked.query["from"]]
        return web.Response(body=b"".join(orjson.dumps(item) + b"\n" for item in found))


@pytest.mark.long
def test_the_program(settings: Settings, folded: Fold, tmp_path: Path) -> None:
    asyncio.run(create_topics(settings))
    with Repository() as repository:
        text = PROGRAM.replace("localhost:9092", settings.kafka_url).replace(
            "http://repository.example", repository.url
        )
        (tmp_path / "harvester.py").write_text(text)

        def started() -> subprocess.Popen[bytes]:
            environment = {**os.environ, "STREAMS_TOPIC_PREFIX": settings.topic_prefix}
            return subprocess.Popen([sys.executable, "harvester.py"], cwd=tmp_path, env=environment)

        killed = started()
        repository.before = lambda _number: killed.kill()
        assert killed.wait(60) != 0
        repository.before = lambda _number: None
        assert started().wait(60) == 0
        repository.items += [{"number": "7", "withdrawn": True, "changed": "2026-11-20"}]
        assert started().wait(60) == 0
        assert [asked.query["from"] for asked in repository.asked] == ["2026-11-01", "2026-11-01", "2026-11-09"]
    found = folded(settings, "document")
    assert set(found) == {f"our-repository:{n}" for n in range(1, 60)}
    for key, value in found.items():
        (item,) = parse("document", value, key.encode())
        assert isinstance(item, Delete if key == "our-repository:7" else Record)
        assert f"{item.source}:{item.source_id}" == key
        assert not isinstance(item, Record) or not item.warnings


def test_the_table_names_every_source() -> None:
    named = re.findall(r"^\| `(\w+)` \| ", PAGE, re.MULTILINE)
    assert set(named) == set(SOURCES)


@pytest.mark.parametrize("key", ["2101.00001", "arXiv:2101.00001v2", "https://arxiv.org/abs/2101.00001"])
def test_a_key_may_have_any_spelling(key: str) -> None:
    assert [item.source_id for item in parse("arxiv", b"", key.encode()) if isinstance(item, Delete)] == ["2101.00001"]


@pytest.mark.parametrize(
    ("source", "payload"),
    [
        ("crossref", {"DOI": "10.5555/a", "deleted": True}),
        ("semantic_scholar", {"corpusid": 1, "op": "delete"}),
        ("openalex", {"id": "https://openalex.org/W1", "_deleted": True}),
        ("core", {"id": 1, "disabled": True}),
        ("datacite", {"id": "10.5555/a", "deleted": True}),
        ("unpaywall", {"doi": "10.5555/a", "is_deleted": True}),
        ("internet_archive", {"ident": "aaaaaaaaaaaaaaaaaaaaaaaaaa", "state": "deleted"}),
        ("papers_with_code", {"id": "a-paper", "deleted": True}),
        ("document", {"source": "x", "id": "1", "deleted": True}),
    ],
)
def test_what_deletes(source: str, payload: dict[str, object]) -> None:
    (item,) = parse(source, orjson.dumps(payload))
    assert isinstance(item, Delete)
