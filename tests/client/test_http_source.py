"""Events over HTTP from a real server that cuts, refuses and falls silent: each comes once and in order, or the error is said."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Coroutine
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import aiohttp
import orjson
import pytest

from streams.client import ClusterView, Event, Gap, GapError, Missing, Subscription, http_source, subscribe
from streams.client.http_source import HttpSource
from streams.errors import PayloadError, SettingsError, WrongSetupError
from streams.events import EVENTS, Outgoing
from streams.kafka.topics import create_topics
from streams.local.serve import ServeProcess
from streams.local.valkey import Valkey
from streams.settings import Settings
from tests.client.sse_server import Reply, SseServer, cut_at, normal, refusing, running, silent
from tests.client.topics import messages, plain, publish
from tests.subscriptions.memory_feed import cluster_event


def run(story: Coroutine[Any, Any, None]) -> None:
    async def in_time() -> None:
        async with asyncio.timeout(30):
            await story

    asyncio.run(in_time())


async def take(events: Subscription[Event], count: int) -> list[str]:
    return [(await anext(events)).cluster_id for _ in range(count)]


def names(first: int, last: int) -> list[str]:
    return [f"c{number}" for number in range(first, last + 1)]


@pytest.mark.parametrize("seed", range(2))
def test_each_event_comes_once_and_in_order_through_cuts_and_refusals(seed: int) -> None:
    random = Random(seed)  # noqa: S311
    faults: list[Reply] = [cut_at(random.randrange(600)) for _ in range(8)]
    faults += [refusing(503), refusing(429, Retry_After="0"), refusing(502), cut_at(0)]
    random.shuffle(faults)

    async def story() -> None:
        server = SseServer(*faults, normal)
        for number in range(40):
            server.add(document={"title": f"Ünïcode, {number}"})
        async with running(server), subscribe(url=server.url) as events:
            assert await take(events, 40) == names(1, 40)
            server.add()
            assert await take(events, 1) == names(41, 41)
            assert events.position == "0:41"

    run(story())


def test_a_server_that_is_away_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_source, "_RETRY_SECONDS", 0.02)

    async def story() -> None:
        server = SseServer()
        server.add()
        async with running(server):
            port = int(server.url.rpartition(":")[2])
        events = subscribe(url=server.url)
        first = asyncio.ensure_future(take(events, 2))
        await asyncio.sleep(0.3)
        async with running(server, port):
            await asyncio.sleep(0.3)
        server.add()
        async with running(server, port):
            assert await first == names(1, 2)
            await events.aclose()

    run(story())


def test_a_connection_that_is_silent_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_source, "_SILENT_SECONDS", 0.2)

    async def story() -> None:
        server = SseServer(silent, silent, normal)
        for _ in range(3):
            server.add()
        async with running(server), subscribe(url=server.url) as events:
            assert await take(events, 3) == names(1, 3)
            assert [request.headers.get("Last-Event-ID") for request in server.requests] == [None, "0:1", "0:2"]

    run(story())


def test_retry_after_is_waited() -> None:
    async def story() -> None:
        server = SseServer(refusing(503, Retry_After="1"), normal)
        server.add()
        clock = asyncio.get_running_loop().time
        async with running(server), subscribe(url=server.url) as events:
            began = clock()
            await take(events, 1)
            assert clock() - began >= 1

    run(story())


@pytest.mark.system
@pytest.mark.long
def test_a_real_server_that_limits_its_clients_is_asked_again_when_it_says(
    topics: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """One that ignored `Retry-After` would be refused again and again: its own pauses are hundredths of a second here."""
    monkeypatch.setattr(http_source, "_RETRY_SECONDS", 0.01)
    caplog.set_level(logging.INFO)

    def refusals(status: int) -> int:
        lost = [record.getMessage() for record in caplog.records if "connecting again" in record.getMessage()]
        return sum(f": {status} " in message for message in lost)

    async def story(settings: Settings, url: str) -> None:
        events = subscribe(url=url)
        waiting = asyncio.ensure_future(anext(events))
        while not refusals(503):
            await asyncio.sleep(0.05)
        await create_topics(settings)
        await publish(settings, [Outgoing(EVENTS, b"c1", cluster_event("c1", 1))])
        async with asyncio.timeout(60):
            assert (await waiting).cluster_id == "c1"
        await events.aclose()
        assert refusals(503) == 1, "after that time the server reads events"
        assert refusals(429) == 0
        async with aiohttp.ClientSession() as session:
            while (await session.get(f"{url}/api/v1/corrections")).status != 429:
                pass
        async with asyncio.timeout(60), subscribe(url=url, start="0:0") as events:
            await anext(events)
        assert 1 <= refusals(429) <= 2

    redis = Valkey(tmp_path / "redis", unix_socket=False)
    redis.start()
    with closing(redis):
        own = {"redis_url": redis.url, "serve_port": 0, "serve_requests_per_second": 1, "topic_prefix": "late."}
        settings = topics.model_copy(update=own)
        with ServeProcess(settings, tmp_path / "serve.log") as api:
            api.wait_ready()
            asyncio.run(story(settings, api.url))


def test_pauses_grow_and_are_short_again_after_an_event(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_source, "uniform", lambda _, most: most)
    source = HttpSource("http://127.0.0.1:1", "beginning", *[subscribe(url="http://x")._selection])
    pauses = []
    for _ in range(8):
        source._not_before = 0.0
        source._lost("away")
        pauses.append(round(source._not_before - time.monotonic()))
    assert pauses == [2, 4, 8, 16, 32, 60, 60, 60]


@pytest.mark.parametrize(
    ("status", "words"),
    [(401, "401 Unauthorized say please"), (403, "403"), (404, "404"), (400, "400 Bad Request say")],
)
def test_what_the_server_refuses_for_good_is_raised(status: int, words: str) -> None:
    async def story() -> None:
        async with running(SseServer(refusing(status))) as server, subscribe(url=server.url) as events:
            with pytest.raises(WrongSetupError, match=words):
                await anext(events)

    run(story())


def test_another_kind_of_server_is_named() -> None:
    async def story() -> None:
        async with running(SseServer(refusing(200))) as server, subscribe(url=server.url) as events:
            with pytest.raises(WrongSetupError, match="no `streams serve`"):
                await anext(events)

    run(story())


def test_the_request_says_what_is_wanted() -> None:
    async def story() -> None:
        async with running(SseServer()) as server:
            server.add(type="merged", before=["arxiv:1"])
            url = server.url + "/base/"
            wanted = {"types": ["merged", "split"], "sources": ["arxiv"], "token": "secret"}
            async with subscribe(url=url, **wanted, documents=False) as events:  # type: ignore[arg-type]
                await anext(events)
            (request,) = server.requests
            assert request.headers["Authorization"] == "Bearer secret"
            assert request.query.getall("type") == ["merged", "split"]
            assert dict(request.query) == {"type": "merged", "source": "arxiv", "from": "beginning"}
            async with subscribe(url=server.url, start="0:0") as events:
                await anext(events)
            assert server.requests[1].headers["Last-Event-ID"] == "0:0"
            assert dict(server.requests[1].query) == {"document": "true"}

    run(story())


def test_from_now_a_connection_lost_before_the_first_event_asks_by_time() -> None:
    async def story() -> None:
        async with running(SseServer(cut_at(0), normal)) as server, subscribe(url=server.url, start="now") as events:
            server.add()
            assert await take(events, 1) == names(1, 1)
            assert server.requests[0].query["from"] == "now"
            assert "from" not in server.requests[1].query
            assert server.requests[1].query["since"].endswith("Z")

    run(story())


def test_what_is_left_out_by_the_server_moves_the_position_and_gaps_are_said() -> None:
    async def story() -> None:
        server, gaps = SseServer(), list[Gap]()
        server.add()
        server.add_frame("position", "{}")
        server.add_frame("gap", '{"missing":[{"partition":0,"from":2,"to":9,"reason":"retention"}]}')
        server.add_frame("cluster.created", "no JSON")
        server.add()
        async with running(server):
            events = subscribe(url=server.url)
            await anext(events)
            with pytest.raises(GapError) as raised:
                await anext(events)
            assert (raised.value.position, raised.value.missing) == ("0:3", (Missing(0, 2, 9),))
            await events.aclose()
            async with subscribe(url=server.url, start="0:1", on_gap=gaps.append) as events:
                with pytest.raises(PayloadError, match="after 0:4"):
                    await anext(events)
                assert await take(events, 1) == names(5, 5)
            assert [gap.position for gap in gaps] == ["0:3"]

    run(story())


@pytest.mark.parametrize(
    "url", ["", "localhost:6060", "ftp://x", "http://", "http://x?token=1", "http://x#y", "http://u:secret@x:y"]
)
def test_what_is_no_address_is_refused_at_once_and_not_shown(url: str) -> None:
    with pytest.raises(SettingsError) as raised:
        subscribe(url=url)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("start", ["", "0:1\nX: y", "é"])
def test_a_start_that_no_header_can_have_is_refused(start: str) -> None:
    with pytest.raises(ValueError, match="no position"):
        subscribe(url="http://x", start=start)


def test_a_view_over_http_is_the_fold_of_the_events() -> None:
    whole, view = ClusterView(), ClusterView()
    sent = [orjson.loads(each.value or b"") for batch in messages(8, seed=3) for each in batch if each.topic == EVENTS]

    async def story() -> None:
        server = SseServer(cut_at(40_000), cut_at(10), cut_at(30_000), normal)
        for event in sent:
            whole.apply(event)
            server.add_frame(f"cluster.{event['type']}", orjson.dumps(event).decode())
        async with running(server), subscribe(url=server.url) as events:
            for _ in sent:
                assert view.apply(await anext(events))

    run(story())
    assert plain(view) == plain(whole)


def test_a_password_of_the_address_is_sent_and_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")

    async def story() -> None:
        server = SseServer(cut_at(0), refusing(503), normal)
        server.add()
        async with running(server), subscribe(url=server.url.replace("//", "//me:secret@")) as events:
            await anext(events)
            assert server.requests[0].headers["Authorization"].startswith("Basic ")

    run(story())
    assert "connecting again" in caplog.text
    assert "secret" not in caplog.text
