"""The harvester of OpenAlex's snapshot and merged ids, and a real broker."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import orjson
import pytest

from streams.errors import FeedError, UsageError
from streams.harvest.checkpoints import CheckpointStore
from streams.harvest.process import Wanted, harvest
from streams.harvest.source import Options
from streams.records.record import Delete
from streams.settings import Settings
from streams.sources import parse
from tests.harvest.feed_server import Fault, at_random, pass_at_last
from tests.harvest.killing import killed_at
from tests.harvest.works_server import OpenAlexServer

Fold = Callable[[Settings, str], dict[str, bytes | None]]
OLD, NEW = "data/works/updated_date=2026-06-01/part_000.gz", "data/works/updated_date=2026-09-01/part_000.gz"
MERGED = "data/merged_ids/works/2026-09-02.csv.gz"


def rows(*numbers: int) -> bytes:
    return b"".join(orjson.dumps({"id": f"https://openalex.org/W{n}", "title": f"Work {n}"}) + b"\n" for n in numbers)


@pytest.fixture
def server() -> Iterator[OpenAlexServer]:
    with OpenAlexServer([], "day") as running:
        running.snapshot = {
            NEW: rows(3, 4),
            OLD: rows(1, 2),
            MERGED: b"merge_date,id,merge_into_id\n2026-09-02,W2,W4\n",
        }
        yield running


def run(settings: Settings, server: OpenAlexServer, **options: Any) -> Any:
    own = settings.model_copy(update={"harvest_url": server.url, "harvest_attempts": 2})
    return asyncio.run(harvest(own, Wanted("openalex", Options(snapshot=True, **options))))


def files(server: OpenAlexServer) -> list[str]:
    return [asked.path.lstrip("/") for asked in server.asked if asked.path.endswith(".gz")]


def test_works_by_their_days_then_what_was_merged(settings: Settings, server: OpenAlexServer, folded: Fold) -> None:
    run(settings, server)
    assert files(server) == [OLD, NEW, MERGED]
    found = folded(settings, "openalex")
    assert set(found) == {"W1", "W2", "W3", "W4"}
    (item,) = parse("openalex", found["W2"], b"W2")
    assert isinstance(item, Delete)
    server.asked.clear()
    run(settings, server)
    assert files(server) == []
    later = "data/works/updated_date=2026-12-01/part_000.gz"
    server.snapshot[later] = rows(1)
    run(settings, server)
    assert files(server) == [later]
    done = asyncio.run(CheckpointStore(settings, "openalex:snapshot", None).read()).checkpoint
    assert done is not None
    assert (done.done, done.parts) == ("2026-12-01 2026-09-02", ())


def test_the_list_of_merged_ids_has_several_pages(settings: Settings, server: OpenAlexServer, folded: Fold) -> None:
    server.rows = 3
    days = [f"data/merged_ids/works/2026-08-{day:02}.csv.gz" for day in range(1, 9)]
    server.snapshot |= {
        name: b"merge_date,id,merge_into_id\n2026-08-01,W1%d,W3\n" % number for number, name in enumerate(days)
    }
    run(settings, server)
    assert files(server) == [OLD, NEW, *days, MERGED]
    assert {f"W1{number}" for number in range(8)} < set(folded(settings, "openalex"))
    assert sum("continuation-token" in asked.query for asked in server.asked) == 2


def test_a_file_that_is_not_to_be_had_ends_the_pass_and_it_continues_there(
    settings: Settings, server: OpenAlexServer, folded: Fold
) -> None:
    server.fault = lambda number: Fault("refuse") if server.asked[number].path.endswith(NEW) else None
    with pytest.raises(FeedError):
        run(settings, server)
    server.fault = lambda number: Fault("lose") if number % 5 == 0 else None
    server.asked.clear()
    run(settings, server)
    assert set(files(server)) == {NEW, MERGED}
    assert set(folded(settings, "openalex")) == {"W1", "W2", "W3", "W4"}


def test_a_part_of_a_snapshot_is_not_to_be_had(settings: Settings, server: OpenAlexServer) -> None:
    with pytest.raises(UsageError, match="as a whole"):
        run(settings, server, sets=("type:article",))


@pytest.mark.long
@pytest.mark.parametrize("seed", range(3))
def test_faults_at_random_lose_nothing(settings: Settings, server: OpenAlexServer, folded: Fold, seed: int) -> None:
    """Thirty-two files of works: lists and files are refused, cut off and lost."""
    named = {f"data/works/updated_date=2026-07-{n:02}/part_000.gz": rows(2 * n + 8, 2 * n + 9) for n in range(1, 31)}
    server.snapshot |= named
    server.fault = at_random(seed, 0.3)
    pass_at_last(lambda: run(settings, server), most=8)
    assert server.failed > 5
    found = folded(settings, "openalex")
    assert set(found) == {"W1", "W2", "W3", "W4"} | {f"W{number}" for number in range(10, 70)}
    (item,) = parse("openalex", found["W2"], b"W2")
    assert isinstance(item, Delete)
    done = asyncio.run(CheckpointStore(settings, "openalex:snapshot", None).read()).checkpoint
    assert done is not None
    assert (done.done, done.parts) == ("2026-09-01 2026-09-02", ())


@pytest.mark.parametrize("stride", [pytest.param(3, marks=pytest.mark.long), pytest.param(1, marks=pytest.mark.soak)])
def test_it_is_killed_at_any_request_and_misses_nothing(
    settings: Settings, server: OpenAlexServer, folded: Fold, stride: int
) -> None:
    """A file that was read before a kill is not asked for again."""
    kills = 0
    for number in range(1, 40, stride):
        server.asked.clear()
        found = asyncio.run(CheckpointStore(settings, "openalex:snapshot", None).read()).checkpoint
        assert found is not None
        ended = killed_at(settings, server, number, "openalex", "--snapshot")
        assert not {part.partition(" ")[2] for part in found.parts} & set(files(server))
        if ended:
            break
        kills += 1
    assert kills > 1
    found = asyncio.run(CheckpointStore(settings, "openalex:snapshot", None).read()).checkpoint
    assert found is not None
    assert (found.done, found.parts) == ("2026-09-01 2026-09-02", ())
    assert set(folded(settings, "openalex")) == {"W1", "W2", "W3", "W4"}
