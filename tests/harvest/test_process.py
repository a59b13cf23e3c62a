"""What a harvester refuses before it asks anything, its port, and a process that is killed at each request."""

from __future__ import annotations

import asyncio
import random
import re
import urllib.request
from collections.abc import Callable
from datetime import date

import pytest
from pydantic import SecretStr

from streams.errors import SettingsError
from streams.harvest.feeds import FEEDS
from streams.harvest.process import Wanted, check_settings, harvest
from streams.harvest.source import Options
from streams.settings import Settings
from tests.harvest.arxiv_server import ArxivServer, papers
from tests.harvest.datasets_server import DatasetsServer, packed, rows
from tests.harvest.feed_server import FeedServer
from tests.harvest.killing import killed_at, started
from tests.harvest.works_server import OpenAlexServer, WorksServer, crossref_works, openalex_works
from tests.system.processes import wait_for

Fold = Callable[[Settings, str], dict[str, bytes | None]]
SINCE, UNTIL = date(2026, 11, 2), date(2026, 11, 8)


def test_a_contact_is_needed() -> None:
    with pytest.raises(SettingsError, match="STREAMS_HARVEST_CONTACT: is not set"):
        asyncio.run(harvest(Settings(), Wanted("arxiv", Options())))


def test_nothing_is_asked_faster_than_its_documentation_allows() -> None:
    given = Settings(harvest_contact="ada@example.org", harvest_pace=1)
    with pytest.raises(SettingsError, match="STREAMS_HARVEST_PACE: is 1; expected 3 s or more, which arXiv asks for"):
        check_settings(given, FEEDS["arxiv"], Options())
    check_settings(given.model_copy(update={"harvest_pace": 5.0}), FEEDS["arxiv"], Options())
    check_settings(given.model_copy(update={"harvest_url": "http://127.0.0.1:1"}), FEEDS["arxiv"], Options())


def test_a_key_is_needed_where_the_source_gives_nothing_without_one() -> None:
    given = Settings(harvest_contact="ada@example.org")
    with pytest.raises(
        SettingsError, match="STREAMS_SEMANTIC_SCHOLAR_KEY: is not set; expected the API key of Semantic"
    ):
        check_settings(given, FEEDS["semantic-scholar"], Options())
    check_settings(given, FEEDS["semantic-scholar"], Options(query="coral"))
    check_settings(
        given.model_copy(update={"semantic_scholar_key": SecretStr("k")}), FEEDS["semantic-scholar"], Options()
    )


@pytest.mark.long
def test_metrics_are_served_while_it_follows(settings: Settings) -> None:
    with ArxivServer([]) as server:
        process = started(settings, server, "arxiv", "--from", "2026-11-01", "--until", "2026-11-02", "--follow")
        try:
            lines: list[str] = []

            def address() -> str:
                assert process.stderr is not None
                lines.append(process.stderr.readline().decode())
                found = re.search(r"http://\S+/metrics", lines[-1])
                return found[0] if found else ""

            url = wait_for(address, "its address")

            def harvested() -> bytes:
                with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - loopback
                    body = bytes(answer.read())
                return body if b'last_success_timestamp_seconds{source="arxiv"} 0.0' not in body else b""

            shown = wait_for(harvested, "a pass that ended").decode()
            assert 'streams_harvest_requests_total{source="arxiv",status="200"} 2.0' in shown
        finally:
            process.terminate()
            assert process.wait(30) == 0


def arxiv() -> FeedServer:
    return ArxivServer(papers(120, SINCE, 7))


def crossref() -> FeedServer:
    return WorksServer(crossref_works(120, SINCE, 7), "update-date")


def openalex() -> FeedServer:
    return OpenAlexServer(openalex_works(90, SINCE, 7), "day")


def snapshot() -> FeedServer:
    server = OpenAlexServer([], "day")
    works = (b'{"id": "https://openalex.org/W%d", "title": "Work"}\n' % number for number in range(40))
    for number, work in enumerate(works):
        path = f"data/works/updated_date=2026-06-0{number % 4 + 1}/part_000.gz"
        server.snapshot[path] = server.snapshot.get(path, b"") + work
    server.snapshot["data/merged_ids/works/2026-09-02.csv.gz"] = b"merge_date,id,merge_into_id\n2026-09-02,W2,W4\n"
    return server


def releases() -> FeedServer:
    server = DatasetsServer()
    server.uses = 99
    server.releases = ["2026-11-03"]
    server.bases["2026-11-03"] = {f"part{n}.gz": packed(rows(n * 100, n * 100 + 100)) for n in range(1, 5)}
    return server


DAYS = ("--from", f"{SINCE}", "--until", f"{UNTIL}")
RUNS: dict[str, tuple[Callable[[], FeedServer], str, tuple[str, ...]]] = {
    "arxiv": (arxiv, "arxiv", ("arxiv", *DAYS)),
    "crossref": (crossref, "crossref", ("crossref", *DAYS)),
    "openalex": (openalex, "openalex", ("openalex", *DAYS)),
    "snapshot": (snapshot, "openalex", ("openalex", "--snapshot")),
    "semantic-scholar": (releases, "semantic_scholar", ("semantic-scholar",)),
}


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", RUNS)
def test_it_is_killed_at_each_request_of_a_run_and_misses_nothing(settings: Settings, folded: Fold, name: str) -> None:
    """At each one, or up to 50 ms after it, as its answer is read, published, or its checkpoint written. `-s` prints figures."""
    make, adapter, arguments = RUNS[name]
    moments = random.Random(name)  # noqa: S311 - the same each time
    with make() as server:

        def topics(run: str) -> Settings:
            return settings.model_copy(update={"topic_prefix": f"{settings.topic_prefix}{run}."})

        assert killed_at(topics("whole"), server, 10_000, *arguments)
        expected, total = folded(topics("whole"), adapter), len(server.asked)
        again = []
        for number in range(total):
            server.asked.clear()
            own = topics(str(number))
            killed_at(own, server, number, *arguments, after=moments.choice((0.0, 0.0, 0.005, 0.02, 0.05)))
            assert killed_at(own, server, 10_000, *arguments)
            assert folded(own, adapter) == expected, f"killed at request {number}"
            again.append(len(server.asked) - total)
    print(
        f"\n{name}: killed at each of {total} requests, none of {len(expected)} missing, {max(again)} asked again at most"
    )
