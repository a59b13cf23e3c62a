"""The harvester of Crossref against its protocol, and a real broker."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import orjson
import pytest

from streams.errors import FeedError
from streams.feed_files.keys import message_key
from streams.harvest.checkpoints import CheckpointStore
from streams.harvest.process import Wanted, harvest
from streams.harvest.source import Options
from streams.settings import Settings
from tests.harvest.feed_server import KINDS, at_random
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
    for _ in range(6):
        with contextlib.suppress(FeedError):
            run(settings, server)
            break
    assert_same(folded(settings, "crossref"), server)


@pytest.mark.parametrize("stride", [pytest.param(4, marks=pytest.mark.long), pytest.param(1, marks=pytest.mark.soak)])
def test_it_is_killed_at_any_request_and_misses_nothing(
    settings: Settings, server: WorksServer, folded: Fold, stride: int
) -> None:
    """What was done before a kill is not asked for again, but for the overlap."""
    assert_killed_at_any_request(settings, server, "crossref", SINCE, UNTIL, stride)
    assert_same(folded(settings, "crossref"), server)
