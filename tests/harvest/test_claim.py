"""Two harvesters of one feed: one harvests, and the other one is refused, waits, or takes over."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import threading
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any

import msgspec
import pytest

from streams.events import Outgoing
from streams.harvest.checkpoints import CheckpointStore
from streams.harvest.claim import LEASE_SECONDS, ClaimedError, FeedClaim, Holder
from streams.harvest.process import Wanted, harvest
from streams.harvest.source import Options
from streams.kafka import topic_follower
from streams.kafka.connection import KafkaConnection
from streams.kafka.producer import Publisher
from streams.kafka.topics import CHECKPOINTS, create_topics, harvest_topics
from streams.settings import Settings
from tests.brokers import AnyBroker
from tests.harvest.arxiv_server import ArxivServer, papers
from tests.harvest.feed_server import Fault
from tests.harvest.killing import started
from tests.system.processes import wait_for
from tests.system.proxy import Proxy

Fold = Callable[[Settings, str], dict[str, bytes | None]]
SINCE, UNTIL = date(2026, 11, 2), date(2026, 11, 8)
ELSEWHERE = Holder("1234", host="other.example", machine="another machine", pid=7)


def with_publisher(settings: Settings, use: Callable[[Publisher], Awaitable[Any]]) -> Any:
    """Run `use` with a publisher to topics that are there."""

    async def run() -> Any:
        await create_topics(settings, specs=harvest_topics(settings, "arxiv"))
        async with Publisher(KafkaConnection.of(settings), settings.topic_prefix, shared=True) as publisher:
            return await use(publisher)

    return asyncio.run(run())


async def write(publisher: Publisher, holder: Holder) -> None:
    await publisher.publish([Outgoing(CHECKPOINTS, b"arxiv#holder", msgspec.json.encode(holder))])


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.01)


def test_a_feed_is_claimed_released_and_claimed_again(settings: Settings) -> None:
    async def use(publisher: Publisher) -> None:
        for _ in range(2):
            async with FeedClaim(settings, "arxiv", publisher) as claim:
                with pytest.raises(ClaimedError):
                    claim.check()
                await claim.take(waits=False)
                claim.check()
                await claim.take(waits=False)

    with_publisher(settings, use)


def test_a_harvester_that_runs_once_is_refused_where_another_one_renews_its_claim(settings: Settings) -> None:
    async def use(publisher: Publisher) -> None:
        await write(publisher, ELSEWHERE)
        async with FeedClaim(settings, "arxiv", publisher) as claim:
            taken = asyncio.create_task(claim.take(waits=False))
            await asyncio.sleep(0.5)
            assert not taken.done()  # the other one may have been killed
            await write(publisher, ELSEWHERE)
            with pytest.raises(ClaimedError, match=r"arxiv is harvested by process 7 of other\.example"):
                await taken

    with_publisher(settings, use)


def test_a_holder_that_is_silent_for_the_lease_is_taken_over_from(settings: Settings) -> None:
    async def use(publisher: Publisher) -> None:
        await write(publisher, ELSEWHERE)
        async with FeedClaim(settings, "arxiv", publisher, lease=0.5) as claim:
            await claim.take(waits=False)

    with_publisher(settings, use)


def test_a_holder_reads_the_claim_of_another_one_and_publishes_no_more(settings: Settings) -> None:
    async def use(publisher: Publisher) -> None:
        async with FeedClaim(settings, "arxiv", publisher) as claim:
            await claim.take(waits=False)
            await write(publisher, ELSEWHERE)
            await until(lambda: not claim.is_held)
            with pytest.raises(ClaimedError):
                claim.check()
            await write(publisher, msgspec.structs.replace(ELSEWHERE, released=True))
            await claim.take(waits=True)
            claim.check()

    with_publisher(settings, use)


def test_a_holder_that_was_paused_longer_than_its_lease_publishes_nothing(settings: Settings) -> None:
    """By its own clock, before it has read anything new."""
    passed = 0.0

    async def use(publisher: Publisher) -> None:
        nonlocal passed
        async with FeedClaim(settings, "arxiv", publisher, clock=lambda: passed) as claim:
            await claim.take(waits=False)
            passed = LEASE_SECONDS * 0.81
            with pytest.raises(ClaimedError):
                claim.check()
            await claim.take(waits=False)
            claim.check()

    with_publisher(settings, use)


def test_claims_are_read_on_after_the_connection_was_cut(
    new_broker: Callable[..., AnyBroker], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A holder that no longer read them would publish beside another one, and one that waits would wait permanently."""
    monkeypatch.setattr(topic_follower, "_IDLE_SECONDS", 0.5)
    proxy = Proxy(("127.0.0.1", 1))
    broker = new_broker(advertised=proxy.url)
    host, _, port = broker.url.partition(":")
    proxy.target = host, int(port)
    straight = Settings(kafka_url=broker.url)
    cut_off = straight.model_copy(update={"kafka_url": proxy.url})

    async def use(publisher: Publisher) -> None:
        async with FeedClaim(cut_off, "arxiv", publisher) as claim:
            await claim.take(waits=False)
            await asyncio.to_thread(proxy.cut)
            await until(lambda: claim._failure is not None)
            claim.check()
            await asyncio.to_thread(proxy.restore)
            await write(publisher, ELSEWHERE)
            await until(lambda: not claim.is_held)
            await write(publisher, msgspec.structs.replace(ELSEWHERE, released=True))
            await claim.take(waits=True)

    with proxy:
        with_publisher(straight, use)


def test_of_two_that_claim_at_once_one_has_the_feed(settings: Settings) -> None:
    async def use(publisher: Publisher) -> None:
        async with FeedClaim(settings, "arxiv", publisher) as first, FeedClaim(settings, "arxiv", publisher) as second:
            both = (first, second)
            taken = [asyncio.create_task(claim.take(waits=True)) for claim in both]
            await until(lambda: any(task.done() for task in taken))
            await until(lambda: [claim.is_held for claim in both].count(True) == 1)
            for task in taken:
                task.cancel()
            await asyncio.gather(*taken, return_exceptions=True)

    with_publisher(settings, use)


def test_a_second_harvester_asks_the_source_for_nothing(settings: Settings) -> None:
    with ArxivServer(papers(20, SINCE, 7)) as server:
        own = settings.model_copy(update={"harvest_url": server.url})

        async def use(publisher: Publisher) -> None:
            async with FeedClaim(settings, "arxiv", publisher) as claim:
                await claim.take(waits=False)
                second = asyncio.create_task(harvest(own, Wanted("arxiv", Options(since=SINCE, until=UNTIL))))
                await asyncio.sleep(0.5)
                await claim._renew()
                with pytest.raises(ClaimedError, match="one harvester a feed"):
                    await second

        with_publisher(settings, use)
        assert server.asked == []


def read_lines(process: subprocess.Popen[bytes], said: list[bytes], waiting: threading.Event) -> None:
    """Read the log of a process to its end; set `waiting` when it says that another one has the feed."""
    for line in process.stderr or ():
        said.append(line)
        if b"is harvested by process" in line:
            waiting.set()


@pytest.mark.long
def test_one_that_waits_takes_over_when_the_other_one_is_killed(settings: Settings, folded: Fold) -> None:
    """As processes: the second one asks for nothing until the first one is killed, and then misses nothing."""
    arguments = ("arxiv", "--from", f"{SINCE}", "--until", f"{UNTIL}", "--follow")
    with ArxivServer(papers(60, SINCE, 7)) as server:
        server.fault = lambda number: Fault("hang") if number == 5 else None
        first = started(settings, server, *arguments, stderr=subprocess.DEVNULL)
        second = None
        try:
            wait_for(lambda: len(server.asked) == 6, "the request that hangs")
            second = started(settings, server, *arguments)
            said: list[bytes] = []
            waiting = threading.Event()
            reading = threading.Thread(target=read_lines, args=(second, said, waiting), daemon=True)
            reading.start()
            assert waiting.wait(120), said
            assert len(server.asked) == 6
            first.send_signal(signal.SIGKILL)
            first.wait(30)

            def done() -> bool:
                found = asyncio.run(CheckpointStore(settings, "arxiv", None).read())
                return found.checkpoint is not None and found.checkpoint.done == f"{UNTIL}"

            wait_for(done, "all days", 120)
            assert set(folded(settings, "arxiv")) == {paper.number for paper in server.papers}
        finally:
            for process in filter(None, (first, second)):
                process.kill()
                process.wait(30)
