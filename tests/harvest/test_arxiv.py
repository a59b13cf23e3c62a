"""The harvester of arXiv against its protocol, with every fault that users of other harvesters reported, and a real broker."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest

from streams.errors import FeedError, UsageError
from streams.feed_files.keys import message_key
from streams.harvest.arxiv import ArxivSource
from streams.harvest.checkpoints import Checkpoint, CheckpointStore, State, read_states
from streams.harvest.client import FeedClient, Patience
from streams.harvest.harvester import Harvester
from streams.harvest.metrics import HarvestMetrics
from streams.harvest.pace import Pace
from streams.harvest.process import Wanted, harvest
from streams.harvest.source import Options
from streams.kafka.connection import KafkaConnection
from streams.kafka.producer import Publisher
from streams.kafka.topics import create_topics, harvest_topics
from streams.records.record import Delete, Record
from streams.settings import Settings
from streams.sources import parse
from tests.harvest.arxiv_server import ArxivServer, Paper, papers
from tests.harvest.feed_server import KINDS, Fault, at_random, pass_at_last
from tests.harvest.killing import killed_at, started
from tests.system.processes import wait_for

Fold = Callable[[Settings, str], dict[str, bytes | None]]
SINCE, UNTIL = date(2026, 11, 2), date(2026, 11, 8)
DAYS = Options(since=SINCE, until=UNTIL)


@pytest.fixture
def server() -> Iterator[ArxivServer]:
    with ArxivServer(papers(100, SINCE, 7)) as running:
        yield running


def run(settings: Settings, server: ArxivServer, options: Options = DAYS, **wanted: Any) -> Any:
    own = settings.model_copy(update={"harvest_url": server.url + "/oai"})
    return asyncio.run(harvest(own, Wanted("arxiv", options, **wanted)))


def checkpoint(settings: Settings, feed: str = "arxiv") -> Checkpoint:
    found = asyncio.run(CheckpointStore(settings, feed, None).read()).checkpoint
    assert found is not None
    return found


def states(settings: Settings) -> list[State]:
    return asyncio.run(read_states(settings))


def assert_same(found: dict[str, bytes | None], expected: list[Paper]) -> None:
    """The topic, folded, is what the server has; and each value is read by the adapter, under the key that `streams send` gives."""
    assert set(found) == {paper.number for paper in expected}
    for paper in expected:
        value = found[paper.number]
        assert value is not None
        assert message_key("arxiv", value) == paper.number.encode()
        (item,) = parse("arxiv", value)
        if paper.withdrawn:
            assert isinstance(item, Delete)
        else:
            assert isinstance(item, Record)
            assert item.title == paper.title.replace("  ", " ")
            assert item.updated.startswith(str(paper.day))


def windows(server: ArxivServer) -> list[tuple[str, str]]:
    return [(asked.query["from"], asked.query["until"]) for asked in server.asked if "from" in asked.query]


def test_days_are_harvested_once_and_continue_with_an_overlap(
    settings: Settings, server: ArxivServer, folded: Fold
) -> None:
    done = run(settings, server)
    assert done.records == 100
    assert_same(folded(settings, "arxiv"), server.papers)
    assert windows(server) == [(day, day) for day in (f"{SINCE + timedelta(n)}" for n in range(7))]
    assert checkpoint(settings).done == "2026-11-08"
    agent = server.asked[0].headers["User-Agent"]
    assert agent.startswith("streams-dedup/")
    assert "(mailto:ada@example.org)" in agent

    server.asked.clear()
    server.papers[0] = server.papers[0]._replace(day=date(2026, 11, 9), title="A second version")
    run(settings, server, Options(since=SINCE, until=date(2026, 11, 9)))
    assert windows(server) == [(f"2026-11-0{n}",) * 2 for n in (6, 7, 8, 9)]
    assert_same(folded(settings, "arxiv"), server.papers)
    (state,) = states(settings)
    assert (state.feed, state.state) == ("arxiv", "ended")
    assert state.checkpoint == checkpoint(settings)
    assert state.checkpoint.newest == "2026-11-09"


def test_the_first_run_has_to_say_where_to_begin(settings: Settings, server: ArxivServer) -> None:
    with pytest.raises(UsageError, match="--from DAY"):
        run(settings, server, Options())
    run(settings, server)
    run(settings, server, Options())
    assert len(windows(server)) > 7


def test_a_dry_run_publishes_nothing(settings: Settings, server: ArxivServer, folded: Fold) -> None:
    assert run(settings, server, dry_run=True).records == 100
    assert checkpoint(settings) == Checkpoint("arxiv")
    run(settings, server)
    assert len(folded(settings, "arxiv")) == 100


def test_sets_are_a_feed_of_their_own(settings: Settings, server: ArxivServer, folded: Fold) -> None:
    run(settings, server, Options(since=SINCE, until=UNTIL, sets=("math",)))
    assert_same(folded(settings, "arxiv"), [paper for paper in server.papers if paper.set_name == "math"])
    assert checkpoint(settings, "arxiv:math").done == "2026-11-08"
    assert checkpoint(settings).done == ""
    with pytest.raises(FeedError, match="badArgument no such set"):
        run(settings, server, Options(since=SINCE, until=UNTIL, sets=("none",)))


def test_each_fault_is_met_by_asking_again(settings: Settings, server: ArxivServer, folded: Fold) -> None:
    kinds = [*KINDS, Fault("refuse", 503, {"Retry-After": "Mon, 30 Nov 2020 00:00:00 GMT"})]
    server.fault = lambda number: kinds[number // 2] if number % 2 and number // 2 < len(kinds) else None
    run(settings, server)
    assert_same(folded(settings, "arxiv"), server.papers)
    (state,) = states(settings)
    assert state.success > 0
    assert server.failed == len(kinds)
    assert server.most_at_once == 1, "arXiv's rule"


@pytest.mark.long
def test_a_server_that_sends_nothing_is_not_waited_for(settings: Settings, server: ArxivServer, folded: Fold) -> None:
    server.fault = lambda number: Fault("hang") if number == 2 else None
    run(settings.model_copy(update={"harvest_timeout": 1.0}), server)
    assert_same(folded(settings, "arxiv"), server.papers)


@pytest.mark.long
def test_tokens_that_expire_begin_the_window_again(settings: Settings, server: ArxivServer, folded: Fold) -> None:
    def forget(number: int) -> None:
        if number in (3, 4):
            server.forget()

    server.before = forget
    run(settings, server)
    assert_same(folded(settings, "arxiv"), server.papers)
    assert len(set(windows(server))) < len(windows(server))


@pytest.mark.long
def test_a_bulk_rewrite_of_datestamps_is_a_day_of_many_pages(
    settings: Settings, server: ArxivServer, folded: Fold
) -> None:
    server.papers = [paper._replace(day=UNTIL) for paper in papers(1_000, SINCE, 7)]
    server.page_size = 25
    run(settings, server)
    assert_same(folded(settings, "arxiv"), server.papers)
    assert len(server.asked) == 6 + 40


def test_a_day_that_fails_again_and_again_is_left_and_asked_for_later(
    settings: Settings, server: ArxivServer, folded: Fold
) -> None:
    bad = "2026-11-04"
    server.fault = lambda number: Fault("refuse") if server.asked[number].query.get("from") == bad else None
    with pytest.raises(FeedError, match="1 windows failed and are pending"):
        run(settings.model_copy(update={"harvest_attempts": 2}), server)
    assert checkpoint(settings).done == "2026-11-08"
    assert checkpoint(settings).pending == (f"{bad}/{bad}",)
    (state,) = states(settings)
    assert (state.state, state.success) == ("failed", 0)
    assert_same(folded(settings, "arxiv"), [paper for paper in server.papers if str(paper.day) != bad])
    server.fault = lambda _number: None
    server.asked.clear()
    run(settings, server)
    assert windows(server)[0] == (bad, bad)
    assert checkpoint(settings).pending == ()
    assert_same(folded(settings, "arxiv"), server.papers)


@pytest.mark.long
def test_a_long_window_that_fails_is_split(settings: Settings, folded: Fold) -> None:
    since = UNTIL - timedelta(30)
    with ArxivServer(papers(200, since, 31)) as server:

        def fault(number: int) -> Fault | None:
            query = server.asked[number].query
            return Fault("refuse") if query.get("from", "") != query.get("until", "") else None

        server.fault = fault
        run(settings.model_copy(update={"harvest_attempts": 1}), server, Options(since=since, until=UNTIL))
        assert_same(folded(settings, "arxiv"), server.papers)
        assert checkpoint(settings).pending == ()


@pytest.mark.long
def test_a_source_that_is_down_ends_the_pass(settings: Settings, server: ArxivServer) -> None:
    server.fault = lambda number: Fault("refuse") if number > 2 else None
    with pytest.raises(FeedError, match="arXiv answers 503"):
        run(settings.model_copy(update={"harvest_attempts": 2}), server)
    assert len(server.asked) <= 3 + 2 * 3


@pytest.mark.long
@pytest.mark.parametrize("seed", range(3))
def test_faults_at_random_lose_nothing(settings: Settings, server: ArxivServer, folded: Fold, seed: int) -> None:
    server.fault = at_random(seed, 0.3)
    pass_at_last(lambda: run(settings.model_copy(update={"harvest_attempts": 4}), server), most=5)
    assert_same(folded(settings, "arxiv"), server.papers)


def test_a_month_is_followed_day_by_day(settings: Settings, folded: Fold) -> None:
    """Papers appear each day, all are rewritten on one, tokens expire in each night's pass, and one request of a hundred fails."""
    days = [SINCE + timedelta(number) for number in range(31)]
    coming = papers(31 * 30, SINCE, 31)

    async def follow(server: ArxivServer) -> None:
        metrics = HarvestMetrics("arxiv")
        client = FeedClient("arXiv", "x", Pace(0), metrics, Patience(5, 5, 0.01))
        await create_topics(settings, specs=harvest_topics(settings, "arxiv"))
        async with Publisher(KafkaConnection.of(settings), settings.topic_prefix, shared=True) as publisher, client:
            store = CheckpointStore(settings, "arxiv", publisher)
            source = ArxivSource(Options(since=SINCE), server.url)
            for day in days:
                server.papers += [paper for paper in coming if paper.day == day]
                if day == days[15]:
                    server.papers = [paper._replace(day=day, title=f"{paper.title}, again") for paper in server.papers]
                expiring = len(server.asked) + 3  # the second page of a day
                server.before = lambda number, at=expiring: server.forget() if number == at else None  # type: ignore[misc]
                await Harvester(source, client, store, publisher, metrics, today=lambda day=day: day).once()  # type: ignore[misc]

    with ArxivServer([], page_size=20) as server:
        server.fault = at_random(3, 0.01)
        asyncio.run(follow(server))
        assert server.failed > 2
        assert server.most_at_once == 1
        assert server.expired > 20
        assert_same(folded(settings, "arxiv"), server.papers)
        assert len(server.papers) == len(coming)
        print(f"\n31 passes: {len(server.asked)} requests, {server.failed} failed, {server.expired} tokens expired")
    assert checkpoint(settings).done == f"{days[-1]}"
    assert checkpoint(settings).pending == ()


@pytest.mark.parametrize("stride", [pytest.param(4, marks=pytest.mark.long), pytest.param(1, marks=pytest.mark.soak)])
def test_it_is_killed_at_any_request_and_misses_nothing(settings: Settings, folded: Fold, stride: int) -> None:
    """What was done before a kill is not asked for again, but for the overlap."""
    arguments = ("arxiv", "--from", f"{SINCE}", "--until", f"{UNTIL}")
    with ArxivServer(papers(60, SINCE, 7)) as server:
        done, kills = "", 0
        for number in range(1, 40, stride):
            begun = len(server.asked)
            ended = killed_at(settings, server, number, *arguments)
            asked = [each.query["from"] for each in server.asked[begun:] if "from" in each.query]
            oldest = str(date.fromisoformat(done) - timedelta(2)) if done else f"{SINCE}"
            assert all(day >= max(oldest, f"{SINCE}") for day in asked), (done, asked)
            done = checkpoint(settings).done
            if ended:
                break
            kills += 1
        assert kills > 1
        assert done == f"{UNTIL}"
        assert_same(folded(settings, "arxiv"), server.papers)


@pytest.mark.long
def test_it_ends_cleanly_when_asked_to(settings: Settings, server: ArxivServer) -> None:
    """SIGTERM, while a request is under way."""
    server.fault = lambda number: Fault("hang") if number == 4 else None
    process = started(settings, server, "arxiv", "--from", f"{SINCE}", "--until", f"{UNTIL}", "--follow")
    wait_for(lambda: len(server.asked) > 4, "the fifth request")
    process.terminate()
    assert process.wait(30) == 0
    (state,) = states(settings)
    assert (state.state, state.follows) == ("ended", True)
    assert checkpoint(settings).done == "2026-11-03"
