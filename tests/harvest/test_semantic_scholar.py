"""The harvester of Semantic Scholar's Datasets against its protocol: bases, differences, links that expire, and kills."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import orjson
import pytest
from pydantic import SecretStr

from streams.errors import FeedError, UsageError
from streams.feed_files.keys import message_key
from streams.harvest.checkpoints import Checkpoint, CheckpointStore
from streams.harvest.process import Wanted, harvest
from streams.harvest.semantic_scholar import shard_names
from streams.harvest.source import Options
from streams.records.record import Delete, Record
from streams.settings import Settings
from streams.sources import parse
from tests.harvest.datasets_server import DatasetsServer, packed, rows
from tests.harvest.feed_server import Fault, at_random, pass_at_last
from tests.harvest.killing import killed_at

Fold = Callable[[Settings, str], dict[str, bytes | None]]
SOURCE = "semantic_scholar"


@pytest.fixture
def server() -> Iterator[DatasetsServer]:
    with DatasetsServer() as running:
        running.releases = ["2026-11-03"]
        running.bases["2026-11-03"] = {f"part{n}.gz": packed(rows(n * 100, n * 100 + 100)) for n in range(1, 4)}
        yield running


def add_diffs(server: DatasetsServer) -> None:
    """Two releases more: in the first, 150 is written and deleted, 101 to 119 change; in the second, 150 returns."""
    server.releases += ["2026-11-10", "2026-11-17"]
    server.diffs["2026-11-03", "2026-11-10"] = (
        {"u1.gz": packed([*rows(101, 120, "Changed"), *rows(150, 151, "Short")]), "u2.gz": packed(rows(900, 905))},
        {"d1.gz": packed([{"corpusid": 150}, {"corpusid": 120}])},
    )
    server.diffs["2026-11-10", "2026-11-17"] = ({"u1.gz": packed(rows(150, 151, "Back"))}, {})


EXPECTED = {
    **{str(row["corpusid"]): row for n in range(1, 4) for row in rows(n * 100, n * 100 + 100)},
    **{str(row["corpusid"]): row for row in [*rows(101, 120, "Changed"), *rows(900, 905), *rows(150, 151, "Back")]},
    "120": None,
}


def run(settings: Settings, server: DatasetsServer, options: Options | None = None) -> Any:
    own = settings.model_copy(update={"harvest_url": server.url, "semantic_scholar_key": SecretStr("k")})
    return asyncio.run(harvest(own, Wanted("semantic-scholar", options or Options())))


def checkpoint(settings: Settings, feed: str = SOURCE) -> Checkpoint:
    found = asyncio.run(CheckpointStore(settings, feed, None).read()).checkpoint
    assert found is not None
    return found


def assert_same(found: dict[str, bytes | None], expected: dict[str, Any]) -> None:
    assert {key: None if value is None else orjson.loads(value) for key, value in found.items()} == expected
    for key, value in found.items():
        (item,) = parse(SOURCE, value, key.encode())
        assert isinstance(item, Delete if value is None else Record)
        assert item.source_id == key
        assert value is None or message_key(SOURCE, value) == key.encode()


def test_a_base_then_differences_in_order(settings: Settings, server: DatasetsServer, folded: Fold) -> None:
    assert run(settings, server).records == 300
    assert checkpoint(settings) == Checkpoint(
        SOURCE, "2026-11-03", "2026-11-03", newest="2026-11-03", time=checkpoint(settings).time
    )
    server.asked.clear()
    run(settings, server)
    assert len(server.asked) == 1, "nothing new is one question"
    add_diffs(server)
    server.asked.clear()
    done = run(settings, server)
    assert (done.records, done.deletes) == (26, 2)
    assert server.files_asked() == [
        "2026-11-03..2026-11-10/update/u1.gz",
        "2026-11-03..2026-11-10/update/u2.gz",
        "2026-11-03..2026-11-10/delete/d1.gz",
        "2026-11-10..2026-11-17/update/u1.gz",
    ]
    assert (checkpoint(settings).done, checkpoint(settings).newest) == ("2026-11-17", "2026-11-17")
    assert_same(folded(settings, SOURCE), EXPECTED)


def test_a_release_that_was_loaded_by_other_means_is_continued(
    settings: Settings, server: DatasetsServer, folded: Fold
) -> None:
    """Also where it is interrupted within the first difference, and then run without saying so again."""
    add_diffs(server)
    loaded = Options(since=date(2026, 11, 3))
    server.fault = lambda number: Fault("refuse", 400) if server.asked[number].path.endswith("d1.gz") else None
    with pytest.raises(FeedError):
        run(settings, server, loaded)
    assert checkpoint(settings).done == "2026-11-03"
    server.fault = lambda _number: None
    run(settings, server)
    assert not [path for path in server.files_asked() if "/base/" in path]
    assert checkpoint(settings).done == "2026-11-17"
    changed = {f"{number}" for number in [*range(101, 121), *range(900, 905), 150]}
    assert_same(folded(settings, SOURCE), {key: EXPECTED[key] for key in changed})


def test_a_release_that_is_not_there_is_said_and_no_base_is_loaded(settings: Settings, server: DatasetsServer) -> None:
    with pytest.raises(FeedError, match="Semantic Scholar answers 404"):
        run(settings, server, Options(since=date(2026, 10, 1)))
    assert server.files_asked() == []


def test_options_that_releases_and_searches_do_not_know_are_refused(settings: Settings, server: DatasetsServer) -> None:
    for options in (Options(sets=("cs",)), Options(until=date(2026, 11, 3)), Options(sets=("cs",), query="coral")):
        with pytest.raises(UsageError, match="leave out --set"):
            run(settings, server, options)
    assert server.asked == []


def test_links_that_expire_within_a_file_are_asked_for_again(
    settings: Settings, server: DatasetsServer, folded: Fold
) -> None:
    """Each file is lost in its midst, and the link is valid once: a new one is asked for, and the rest of the file by its range."""
    lost: set[str] = set()

    def fault(number: int) -> Fault | None:
        path = server.asked[number].path
        if path.startswith("/files/") and path not in lost:
            lost.add(path)
            return Fault("lose")
        return None

    server.fault = fault
    run(settings, server)
    assert_same(folded(settings, SOURCE), _base())
    ranges = [asked.headers["Range"] for asked in server.asked if "Range" in asked.headers]
    assert len(ranges) >= 3


def _base() -> dict[str, Any]:
    return {str(row["corpusid"]): row for n in range(1, 4) for row in rows(n * 100, n * 100 + 100)}


@pytest.mark.long
def test_a_server_without_ranges_and_a_file_that_is_replaced(
    settings: Settings, server: DatasetsServer, folded: Fold
) -> None:
    server.uses, server.ranges = 99, False

    def replace(number: int) -> None:
        if number == 6:
            server.bases["2026-11-03"]["part2.gz"] = packed(rows(200, 300), 5)

    server.before = replace
    server.fault = lambda number: Fault("lose") if number in (3, 5) else None
    run(settings, server)
    assert_same(folded(settings, SOURCE), _base())


@pytest.mark.long
def test_a_file_that_is_cut_off_is_not_done(settings: Settings, server: DatasetsServer, folded: Fold) -> None:
    whole = server.bases["2026-11-03"]["part2.gz"]
    server.bases["2026-11-03"]["part2.gz"] = whole[:-20]
    with pytest.raises(FeedError, match="ends within a gzip member"):
        run(settings, server)
    assert checkpoint(settings).parts == ("part1.gz",)
    assert (checkpoint(settings).target, checkpoint(settings).done) == ("base 2026-11-03", "")
    server.bases["2026-11-03"]["part2.gz"] = whole
    server.asked.clear()
    run(settings, server)
    assert server.files_asked() == ["2026-11-03/base/part2.gz", "2026-11-03/base/part3.gz"]
    assert_same(folded(settings, SOURCE), _base())


@pytest.mark.long
def test_a_release_that_is_too_old_for_differences_begins_a_new_base(
    settings: Settings, server: DatasetsServer, folded: Fold
) -> None:
    run(settings, server)
    server.releases = ["2027-01-05", "2027-01-12"]
    server.bases = {"2027-01-12": {"part9.gz": packed(rows(1, 50))}}
    run(settings, server)
    assert checkpoint(settings).done == "2027-01-12"
    assert_same(folded(settings, SOURCE), _base() | {str(row["corpusid"]): row for row in rows(1, 50)})
    server.asked.clear()
    run(settings, server, Options(again=True))
    assert server.files_asked() == ["2027-01-12/base/part9.gz"]


@pytest.mark.long
@pytest.mark.parametrize("seed", range(3))
def test_faults_at_random_lose_nothing(settings: Settings, server: DatasetsServer, folded: Fold, seed: int) -> None:
    server.fault = at_random(seed, 0.3)
    for more in (False, True):
        if more:
            add_diffs(server)
        pass_at_last(lambda: run(settings, server), most=8)
    assert_same(folded(settings, SOURCE), EXPECTED)


@pytest.mark.parametrize("stride", [pytest.param(4, marks=pytest.mark.long), pytest.param(1, marks=pytest.mark.soak)])
def test_it_is_killed_at_any_request_and_misses_nothing(
    settings: Settings, server: DatasetsServer, folded: Fold, stride: int
) -> None:
    """What was done before a kill is not asked for again, but for the file that was being read."""
    server.uses = 99
    kills = 0
    for more in (False, True):
        if more:
            add_diffs(server)
        for number in range(1, 40, stride):
            server.asked.clear()
            before = checkpoint(settings)
            ended = killed_at(settings, server, number, "semantic-scholar")
            place = before.target.removeprefix("base ")
            done = {f"{place}/{'base/' if 'base' in before.target else ''}{part}" for part in before.parts}
            assert not done & set(server.files_asked())
            if ended:
                break
            kills += 1
    assert kills > 1
    assert checkpoint(settings).done == "2026-11-17"
    assert_same(folded(settings, SOURCE), EXPECTED)


def test_names_of_files_do_not_change_with_their_signatures() -> None:
    links = ["https://s3/x/a.gz?sig=1", "https://s3/y/a.gz?sig=2", "https://s3/x/b c.gz?sig=3"]
    assert shard_names(links, "update/") == ["update/a.gz", "update/a.gz#1", "update/b_c.gz"]
