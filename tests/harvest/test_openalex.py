"""The harvester of OpenAlex's API against its protocol, and a real broker."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import orjson
import pytest
from pydantic import SecretStr

from streams.errors import FeedError
from streams.feed_files.keys import message_key
from streams.harvest.process import Wanted, harvest
from streams.harvest.source import Options
from streams.settings import Settings
from tests.harvest.feed_server import KINDS, Fault, at_random, pass_at_last
from tests.harvest.killing import assert_killed_at_any_request
from tests.harvest.works_server import OpenAlexServer, openalex_works

Fold = Callable[[Settings, str], dict[str, bytes | None]]
SINCE, UNTIL = date(2026, 11, 2), date(2026, 11, 8)


@pytest.fixture
def server() -> Iterator[OpenAlexServer]:
    with OpenAlexServer(openalex_works(90, SINCE, 7), "day") as running:
        yield running


def run(settings: Settings, server: OpenAlexServer, options: Options | None = None) -> Any:
    own = settings.model_copy(update={"harvest_url": server.url, "openalex_key": SecretStr("k")})
    return asyncio.run(harvest(own, Wanted("openalex", options or Options(since=SINCE, until=UNTIL))))


def assert_same(found: dict[str, bytes | None], server: OpenAlexServer) -> None:
    expected = {work["id"].rpartition("/")[2]: work for _, work in server.works}
    assert {key: orjson.loads(value or b"") for key, value in found.items()} == expected
    assert all(message_key("openalex", value or b"") == key.encode() for key, value in found.items())


def test_days_are_harvested_through_every_fault(settings: Settings, server: OpenAlexServer, folded: Fold) -> None:
    server.fault = lambda number: KINDS[number // 2] if number % 2 and number // 2 < len(KINDS) else None
    server.before = lambda number: server.forget() if number == 20 else None
    run(settings, server)
    assert_same(folded(settings, "openalex"), server)
    assert server.most_at_once == 1
    server.fault = lambda _number: None
    server.asked.clear()
    run(settings, server)  # continues with the overlap
    assert server.days_asked() == ["2026-11-06", "2026-11-07", "2026-11-08"]


def test_a_budget_that_is_used_up_is_waited_for(settings: Settings, server: OpenAlexServer) -> None:
    server.headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "0.2"}
    began = time.monotonic()
    run(settings, server, Options(since=SINCE, until=SINCE))
    assert time.monotonic() - began >= 0.2 * (len(server.asked) - 1)


def test_a_key_that_is_refused_is_said_and_not_shown(settings: Settings, server: OpenAlexServer) -> None:
    server.fault = lambda _number: Fault("refuse", 401)
    with pytest.raises(FeedError, match="OpenAlex answers 401") as found:
        run(settings, server)
    assert "api_key" not in str(found.value)
    assert len(server.asked) == 1


@pytest.mark.long
@pytest.mark.parametrize("seed", range(2))
def test_faults_at_random_lose_nothing(settings: Settings, server: OpenAlexServer, folded: Fold, seed: int) -> None:
    server.fault = at_random(seed, 0.3)
    own = settings.model_copy(update={"harvest_attempts": 2})  # so that passes fail, too
    pass_at_last(lambda: run(own, server), most=12)
    assert server.failed > 0
    assert_same(folded(settings, "openalex"), server)


@pytest.mark.parametrize("stride", [pytest.param(4, marks=pytest.mark.long), pytest.param(1, marks=pytest.mark.soak)])
def test_it_is_killed_at_any_request_and_misses_nothing(
    settings: Settings, server: OpenAlexServer, folded: Fold, stride: int
) -> None:
    """What was done before a kill is not asked for again, but for the overlap."""
    assert_killed_at_any_request(settings, server, "openalex", SINCE, UNTIL, stride)
    assert_same(folded(settings, "openalex"), server)
