"""Lists with a cursor, of both sources that have them: cursors that expire, and lists that end before they should."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from pydantic import SecretStr

from streams.errors import FeedError
from streams.harvest.process import Wanted, harvest
from streams.harvest.source import Options
from streams.settings import Settings
from tests.harvest.works_server import OpenAlexServer, WorksServer, crossref_works, openalex_works

Fold = Callable[[Settings, str], dict[str, bytes | None]]
SINCE, UNTIL = date(2026, 11, 2), date(2026, 11, 4)
COUNT = 60
SOURCES = ("crossref", "openalex")


def new_server(source: str) -> WorksServer:
    if source == "openalex":
        return OpenAlexServer(openalex_works(COUNT, SINCE, 3), "day")
    return WorksServer(crossref_works(COUNT, SINCE, 3), "update-date")


def run(settings: Settings, server: WorksServer, source: str) -> Any:
    own = settings.model_copy(update={"harvest_url": server.url, "openalex_key": SecretStr("k"), "harvest_attempts": 1})
    return asyncio.run(harvest(own, Wanted(source, Options(since=SINCE, until=UNTIL))))


@pytest.mark.parametrize("source", SOURCES)
def test_cursors_that_expire_and_lists_that_end_early_are_read_again(
    settings: Settings, folded: Fold, source: str
) -> None:
    with new_server(source) as server:
        server.before = lambda number: server.forget() if number == 6 else None
        server.short = 1
        run(settings, server, source)
        assert len(server.days_asked()) == 3 + 2
        assert len(folded(settings, source)) == COUNT


@pytest.mark.parametrize("source", SOURCES)
def test_a_cursor_that_expires_each_time_fails_its_day(settings: Settings, source: str) -> None:
    with new_server(source) as server:
        server.before = lambda _number: server.forget()
        with pytest.raises(FeedError, match="the cursor of 2026-11-04/2026-11-04 expired 3 times"):
            run(settings, server, source)
        assert server.days_asked() == [f"2026-11-0{day}" for day in (2, 2, 2, 3, 3, 3, 4, 4, 4)]
