"""The pages on harvesting take a new user to a running feed: their commands run, against servers that replay the protocols."""

from __future__ import annotations

import asyncio
import gzip
import io
import re
import signal
import subprocess
import sys
import tarfile
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from streams.kafka.connection import KafkaConnection
from streams.kafka.reader import read_to_now
from streams.settings import Settings
from tests.harvest.arxiv_server import ArxivServer, papers
from tests.harvest.datasets_server import DatasetsServer, packed, rows
from tests.harvest.feed_server import FeedServer
from tests.harvest.works_server import OpenAlexServer, WorksServer, crossref_works, openalex_works
from tests.system.processes import Streams, wait_for
from tests.system.test_tutorials import agrees, steps

pytestmark = [pytest.mark.system, pytest.mark.long]

DOCS = Path(__file__).parents[2] / "docs" / "how-to"
SINCE = datetime.now(UTC).date() - timedelta(6)
CONTACT = "you@your-library.example"
DAY = re.compile(r"2026-\d\d-\d\d")
"""A day of the pages; the tests put the first day of their servers in its place."""


def arxiv() -> FeedServer:
    return ArxivServer(papers(40, SINCE, 7))


def crossref() -> FeedServer:
    return WorksServer(crossref_works(40, SINCE, 7), "update-date")


def openalex() -> FeedServer:
    server = OpenAlexServer(openalex_works(30, SINCE, 7), "day")
    works = b"".join(b'{"id": "https://openalex.org/W%d", "title": "Work"}\n' % number for number in range(100, 110))
    server.snapshot["data/works/updated_date=2026-06-01/part_000.gz"] = works
    server.snapshot["data/merged_ids/works/2026-09-02.csv.gz"] = b"merge_date,id,merge_into_id\n2026-09-02,W100,W101\n"
    return server


def semantic_scholar() -> FeedServer:
    server = DatasetsServer()
    server.releases = [f"{SINCE}"]
    server.bases[f"{SINCE}"] = {f"part{n}.gz": packed(rows(n * 10, n * 10 + 10)) for n in range(1, 3)}
    server.search = [
        {"paperId": f"{n:040x}", "corpusId": n, "title": f"Coral {n}", "authors": []} for n in range(200, 215)
    ]
    return server


class Page:
    """The commands of a page with one `streams up` for all of them, in a folder with the files that they name."""

    def __init__(self, name: str, streams: Streams, server: FeedServer) -> None:
        self.text = DAY.sub(f"{SINCE}", (DOCS / name).read_text(encoding="utf-8"))
        self.streams = streams
        secrets = streams.directory / "secrets"
        secrets.mkdir(exist_ok=True)
        for key in ("openalex-key", "s2-key"):
            (secrets / key).write_text("k\n")
        self.text = self.text.replace("/run/secrets", str(secrets))
        streams.environment["STREAMS_HARVEST_URL"] = server.url
        self.shown: list[str] = []
        self.exports = f'streams() {{ "{sys.executable}" -m streams "$@"; }}\n'

    def run(self, commands: str) -> str:
        """Run commands that end."""
        done = self._started(commands)
        output, _ = done.communicate(timeout=120)
        assert done.returncode == 0, f"{commands}\n{output}"
        self.exports += "".join(f"{line}\n" for line in commands.splitlines() if line.startswith("export "))
        return output

    def follow(self, command: str) -> str:
        """Run a command that follows a feed until `streams doctor` says that it waits, end it, and return what doctor said."""
        process = self._started(f"exec {command.replace('streams', f'{sys.executable} -m streams', 1)}")
        try:

            def waits() -> str:
                assert process.poll() is None, process.communicate()[0]
                said = self.streams("doctor").stdout
                return said if "; waiting: harvested until" in said else ""

            return str(wait_for(waits, f"{command} waits for what is new", 60))
        finally:
            process.send_signal(signal.SIGTERM)
            output, _ = process.communicate(timeout=30)
            assert process.returncode == 0, output

    def _started(self, commands: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            ["bash", "-euc", self.exports + commands],
            env=self.streams.environment,
            cwd=self.streams.directory,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def keys(self, source: str) -> set[str]:
        """Read the keys in the topic of a source."""
        (file,) = self.streams.directory.rglob("endpoints.json")
        kafka = KafkaConnection.of(Settings(kafka_url=orjson.loads(file.read_bytes())["kafka_url"]))

        async def read() -> set[str]:
            return {message.key.decode() async for message in read_to_now(kafka, [f"records.{source}"])}

        return asyncio.run(read())


@contextmanager
def up(directory: Path, settings: dict[str, Any]) -> Iterator[Streams]:
    """Run `streams up` as of a user who has set nothing; ports and paces are those of tests."""
    own = Streams(directory, **settings, http_port=0, harvest_port=0, harvest_pace=0.0001, harvest_wait_floor=0.01)
    with own.start("up"):
        wait_for(lambda: "Streams is up" in own.output(), "streams up", 60)
        yield own


@pytest.fixture
def new_user(tmp_path: Path) -> Iterator[Streams]:
    with up(tmp_path, {}) as own:
        yield own


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Streams]:
    """Streams for all pages of sources, beside the files that they send."""
    with up(tmp_path_factory.mktemp("pages"), {"harvest_contact": CONTACT}) as own:
        write_dumps(own.directory)
        yield own


def test_from_nothing_to_a_running_feed(new_user: Streams) -> None:
    with arxiv() as server:
        page = Page("harvest.md", new_user, server)
        text = page.text.partition("## From nothing to a running feed")[2].partition("\n## ")[0]
        install, servers, dry, once, follow, compose = steps(text)
        assert install.commands.startswith("pip install '.[embedded,serve,harvest]'")
        assert servers.commands.startswith("streams up ")
        assert agrees(dry.printed[0], page.run(dry.commands))
        assert page.keys("arxiv") == set()
        assert agrees(once.printed[0], printed := page.run(once.commands)), printed
        assert len(page.keys("arxiv")) == 6
        assert agrees(follow.printed[0], said := page.follow(follow.commands)), said
        assert page.keys("arxiv") == {paper.number for paper in server.papers}  # type: ignore[attr-defined]
        assert f"STREAMS_HARVEST_CONTACT={CONTACT}" in dry.commands
        assert server.asked[0].headers["User-Agent"].endswith(f"(mailto:{CONTACT})")
        url = re.search(r"page +(http://\S+)", new_user.output())
        assert url is not None
        with urllib.request.urlopen(f"{url[1]}workers", timeout=10) as answer:  # noqa: S310 - loopback
            assert "arxiv" in answer.read().decode()
    assert "--profile harvest-arxiv" in compose.commands


@pytest.mark.parametrize(
    ("name", "make", "adapter", "count"),
    [
        ("harvest-arxiv.md", arxiv, "arxiv", 40 + 5),
        ("harvest-crossref.md", crossref, "crossref", 40 + 5),
        ("harvest-openalex.md", openalex, "openalex", 30 + 10),
        ("harvest-semantic-scholar.md", semantic_scholar, "semantic_scholar", 20 + 15),
    ],
)
def test_the_commands_of_a_page_fill_the_topic(
    reader: Streams, name: str, make: Callable[[], FeedServer], adapter: str, count: int
) -> None:
    with make() as server:
        page = Page(name, reader, server)
        for step in steps(page.text):
            for line in step.commands.splitlines():
                command = line.partition(" #")[0].strip()
                page.follow(command) if command.endswith("--follow") else page.run(command)
        assert len(page.keys(adapter)) == count


def write_dumps(folder: Path) -> None:
    """Write what the pages send: arXiv's snapshot of five papers, and Crossref's yearly file of five works."""
    with zipfile.ZipFile(folder / "archive.zip", "w") as archive:
        lines = b"".join(orjson.dumps({"id": f"2001.{n:05}", "title": f"Paper {n}"}) + b"\n" for n in range(1, 6))
        archive.writestr("arxiv-metadata-oai-snapshot.json", lines)
    with tarfile.open(folder / "crossref-2026.tar", "w") as archive:
        works = [{"DOI": f"10.5555/old{n}", "title": [f"Work {n}"]} for n in range(5)]
        content = gzip.compress(orjson.dumps({"items": works}))
        info = tarfile.TarInfo("public/0.json.gz")
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))
