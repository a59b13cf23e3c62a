"""The harvester of Crossref against its protocol, and a real broker."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import orjson
import pytest

from streams.feed_files.keys import message_key
from streams.harvest.checkpoints import CheckpointStore
from streams.harvest.process import Wanted, harvest
from streams.harvest.source import Options
from streams.records.record import Record
from streams.records.version import RecordVersion, arrival
from streams.settings import Settings
from streams.sources import parse
from tests.harvest.feed_server import KINDS, at_random, pass_at_last
from tests.harvest.killing import assert_killed_at_any_request
from tests.harvest.works_server import WorksServer, crossref_works

Fold = Callable[[Settings, str], dict[str, bytes | None]]
SINCE, UNTIL = date(2026, 11, 2), date(2026, 11, 8)
DAYS = Options(since=SINCE, until=UNTIL)


@pytest.fixture
def server() -> Iterator[WorksServer]:
    with WorksServer(crossref_works(120, SINCE, 7), "update-date") as running:
        yield running


def run(settings: Settings, server: WorksServer, options: Options = DAYS) -> Any:
    own = settings.model_copy(update={"harvest_url": server.url})
    return asyncio.run(harvest(own, Wanted("crossref", options)))


def assert_same(found: dict[str, bytes | None], server: WorksServer) -> None:
    assert {key: orjson.loads(value or b"") for key, value in found.items()} == {
        work["DOI"].lower(): work for _, work in server.works
    }
    assert all(message_key("crossref", value or b"") == key.encode() for key, value in found.items())


def test_days_are_harvested_with_their_cursors(settings: Settings, server: WorksServer, folded: Fold) -> None:
    assert run(settings, server).records == 120
    assert_same(folded(settings, "crossref"), server)
    assert server.days_asked() == [f"2026-11-0{n}" for n in range(2, 9)]
    run(settings, server)
    assert server.days_asked()[7:] == ["2026-11-06", "2026-11-07", "2026-11-08"]
    done = asyncio.run(CheckpointStore(settings, "crossref", None).read()).checkpoint
    assert done is not None
    assert (done.done, done.newest) == ("2026-11-08", "2026-11-08")


def test_of_two_deposits_in_one_window_the_newer_one_counts(
    settings: Settings, server: WorksServer, messages: Callable[[Settings, str], list[Any]]
) -> None:
    """Whichever is listed first: versions decide, as in workers."""

    def deposited(name: str, hour: int) -> dict[str, Any]:
        return {"DOI": name, "title": [f"At {hour}"], "deposited": {"date-time": f"2026-11-02T{hour:02}:00:00Z"}}

    twice = [
        deposited("10.5555/x", 9),
        deposited("10.5555/x", 15),
        deposited("10.5555/y", 15),
        deposited("10.5555/y", 9),
    ]
    server.works = [(SINCE, work) for work in twice]
    run(settings, server, Options(since=SINCE, until=SINCE))
    newest: dict[str, tuple[RecordVersion, str]] = {}
    titles: dict[str, set[str]] = {}
    for offset, message in enumerate(messages(settings, "crossref")):
        (record,) = parse("crossref", message.value)
        assert isinstance(record, Record)
        version = RecordVersion.of(
            message.value, version=record.version, updated=record.updated, taken=arrival(1_000, offset)
        )
        titles.setdefault(record.source_id, set()).add(record.title)
        stored = newest.get(record.source_id)
        if stored is None or version.supersedes(stored[0]):
            newest[record.source_id] = version, record.title
    assert titles == {"10.5555/x": {"At 9", "At 15"}, "10.5555/y": {"At 9", "At 15"}}
    assert {name: title for name, (_, title) in newest.items()} == {"10.5555/x": "At 15", "10.5555/y": "At 15"}


def test_filters_select_works_and_are_a_feed_of_their_own(settings: Settings, server: WorksServer) -> None:
    run(settings, server, Options(since=SINCE, until=SINCE, sets=("type:journal-article",)))
    assert (
        server.asked[0].query["filter"]
        == "from-update-date:2026-11-02,until-update-date:2026-11-02,type:journal-article"
    )
    assert server.asked[0].query["rows"] == "1000"
    found = asyncio.run(CheckpointStore(settings, "crossref:type:journal-article", None).read()).checkpoint
    assert found is not None
    assert found.done == "2026-11-02"


def test_each_fault_is_met_by_asking_again(settings: Settings, server: WorksServer, folded: Fold) -> None:
    server.fault = lambda number: KINDS[number // 2] if number % 2 and number // 2 < len(KINDS) else None
    run(settings, server)
    assert_same(folded(settings, "crossref"), server)
    assert server.most_at_once == 1, "three are granted with a contact, and one without"


def test_the_rate_that_the_server_names_is_kept(settings: Settings, server: WorksServer) -> None:
    server.headers = {"x-rate-limit-limit": "5", "x-rate-limit-interval": "1s"}
    began = time.monotonic()
    run(settings, server, Options(since=SINCE, until=SINCE))
    assert len(server.asked) > 1
    assert time.monotonic() - began >= 0.2 * (len(server.asked) - 1)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(2))
def test_faults_at_random_lose_nothing(settings: Settings, server: WorksServer, folded: Fold, seed: int) -> None:
    server.fault = at_random(seed, 0.3)
    pass_at_last(lambda: run(settings, server), most=6)
    assert_same(folded(settings, "crossref"), server)


@pytest.mark.parametrize("stride", [pytest.param(4, marks=pytest.mark.long), pytest.param(1, marks=pytest.mark.soak)])
def test_it_is_killed_at_any_request_and_misses_nothing(
    settings: Settings, server: WorksServer, folded: Fold, stride: int
) -> None:
    """What was done before a kill is not asked for again, but for the overlap."""
    assert_killed_at_any_request(settings, server, "crossref", SINCE, UNTIL, stride)
    assert_same(folded(settings, "crossref"), server)
