from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest

from streams.harvest.process import Wanted, harvest
from streams.harvest.source import Options
from streams.settings import Settings
from tests.harvest.datasets_server import DatasetsServer
from tests.harvest.feed_server import KINDS, at_random, pass_at_last

Fold = Callable[[Settings, str], dict[str, bytes | None]]
CORAL = Options(query="coral reef", since=date(2026, 1, 1))


@pytest.fixture
def server() -> Iterator[DatasetsServer]:
    with DatasetsServer() as running:
        running.search = [
            {"paperId": f"{n:040x}", "corpusId": n, "title": f"Coral {n}", "authors": []} for n in range(1, 46)
        ]
        yield running


def run(settings: Settings, server: DatasetsServer, options: Options = CORAL) -> Any:
    own = settings.model_copy(update={"harvest_url": server.url})
    return asyncio.run(harvest(own, Wanted("semantic-scholar", options)))


def test_a_search_is_read_to_its_end_once_a_day(settings: Settings, server: DatasetsServer, folded: Fold) -> None:
    server.fault = lambda number: KINDS[number // 2] if number % 2 and number // 2 < len(KINDS) else None
    run(settings, server)
    assert set(folded(settings, "semantic_scholar")) == {str(n) for n in range(1, 46)}
    assert server.asked[0].query["query"] == "coral reef"
    assert server.asked[0].query["publicationDateOrYear"] == "2026-01-01:"
    asked = len(server.asked)
    run(settings, server)
    assert len(server.asked) == asked
    server.search.pop()  # merged into another paper, whose id alone is found from then on
    run(settings, server, Options(query="coral reef", since=date(2026, 1, 1), again=True))
    assert len(server.asked) > asked
    assert set(folded(settings, "semantic_scholar")) == {str(n) for n in range(1, 46)}, "it stays, as the page says"
    assert server.most_at_once == 1


def test_a_token_that_dies_begins_the_search_again(settings: Settings, server: DatasetsServer, folded: Fold) -> None:
    server.before = lambda number: server.forget() if number == 2 else None
    run(settings, server)
    assert set(folded(settings, "semantic_scholar")) == {str(n) for n in range(1, 46)}
    assert [asked.query.get("token", "") for asked in server.asked].count("") == 2


@pytest.mark.long
@pytest.mark.parametrize("seed", range(2))
def test_faults_at_random_lose_nothing(settings: Settings, server: DatasetsServer, folded: Fold, seed: int) -> None:
    server.fault = at_random(seed, 0.3)
    own = settings.model_copy(update={"harvest_attempts": 2})  # so that passes fail, too
    pass_at_last(lambda: run(own, server), most=12)
    assert server.failed > 0
    assert set(folded(settings, "semantic_scholar")) == {str(n) for n in range(1, 46)}
    server.fault = lambda _number: None
    asked = len(server.asked)
    run(settings, server)
    assert len(server.asked) == asked, "the search of this day is done"
