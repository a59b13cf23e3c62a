"""What a harvester refuses before it asks anything, its port, and a process that is killed at each request."""

from __future__ import annotations

import asyncio
import random
import re
import subprocess
import urllib.request
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import NamedTuple

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


def test_a_slow_source_is_waited_for_and_not_hurried() -> None:
    """arXiv has answered 503 after three minutes, with `Retry-After: 0`, for days in a row."""
    assert Settings().harvest_timeout >= 240
    assert Settings().harvest_wait_floor >= 30


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


@pytest.mark.parametrize(
    ("make", "arguments", "setting", "says"),
    [
        ("releases", ("semantic-scholar",), "SEMANTIC_SCHOLAR_KEY_FILE", "400 records"),
        ("openalex", ("openalex", "--from", "2026-11-08", "--until", "2026-11-08"), "OPENALEX_KEY_FILE", "12 records"),
    ],
)
def test_a_key_in_a_file_reaches_the_source_and_the_last_line_says_what_was_published(
    settings: Settings, tmp_path: Path, make: str, arguments: tuple[str, ...], setting: str, says: str
) -> None:
    """The servers refuse any other key than `k`."""
    (tmp_path / "key").write_text("k\n")
    keys = {f"STREAMS_{setting}": str(tmp_path / "key")}
    with RUNS[make].make() as server:
        process = started(settings, server, *arguments, "--once", stdout=subprocess.PIPE, keys=keys)
        output, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors.decode()
    assert output.decode().splitlines()[-1] == f"{arguments[0]}: {says} and 0 deletes published"
    sent = [
        each.headers.get("x-api-key") or each.query.get("api_key")
        for each in server.asked
        if "/files/" not in each.path
    ]
    assert sent
    assert set(sent) == {"k"}


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


def differences() -> FeedServer:
    server = DatasetsServer()
    server.uses = 99
    server.releases = ["2026-11-03", "2026-11-10", "2026-11-17"]
    server.diffs["2026-11-03", "2026-11-10"] = (
        {f"u{n}.gz": packed(rows(n * 100, n * 100 + 100)) for n in range(1, 4)},
        {"d.gz": packed([{"corpusid": number} for number in (120, 150)])},
    )
    server.diffs["2026-11-10", "2026-11-17"] = ({"u.gz": packed(rows(150, 160, "Back"))}, {})
    return server


def search() -> FeedServer:
    server = DatasetsServer()
    server.search = [{"paperId": f"{n:040x}", "corpusId": n, "title": f"Coral {n}", "authors": []} for n in range(45)]
    return server


class Run(NamedTuple):
    """A run of a feed to its end; `again` bounds the requests that are sent twice when it is killed once."""

    make: Callable[[], FeedServer]
    adapter: str
    arguments: tuple[str, ...]
    again: int


DAYS = ("--from", f"{SINCE}", "--until", f"{UNTIL}")
RUNS = {
    # four days: the one it was in, and the overlap
    "arxiv": Run(arxiv, "arxiv", ("arxiv", *DAYS), 4 * 2),
    "crossref": Run(crossref, "crossref", ("crossref", *DAYS), 4 * 3),
    "openalex": Run(openalex, "openalex", ("openalex", *DAYS), 4 * 3),
    # the lists of files, and one file
    "snapshot": Run(snapshot, "openalex", ("openalex", "--snapshot"), 2 + 1),
    "releases": Run(releases, "semantic_scholar", ("semantic-scholar",), 3 + 1),
    "differences": Run(differences, "semantic_scholar", ("semantic-scholar", "--from", "2026-11-03"), 3 + 1),
    # all five pages of it
    "search": Run(search, "semantic_scholar", ("semantic-scholar", "--query", "coral", "--from", "2026-01-01"), 5),
}


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", RUNS)
def test_it_is_killed_at_each_request_of_a_run_and_misses_nothing(settings: Settings, folded: Fold, name: str) -> None:
    """At each one, or up to 50 ms after it, as its answer is read, published, or its checkpoint written. `-s` prints figures."""
    make, adapter, arguments, most = RUNS[name]
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
    assert max(again) <= most
    print(
        f"\n{name}: killed at each of {total} requests, none of {len(expected)} missing, {max(again)} asked again at most"
    )
