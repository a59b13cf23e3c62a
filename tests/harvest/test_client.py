"""The client against a server that fails: what is asked again, after how long, and what is shown."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator

import pytest
from aiohttp import web

from streams.errors import FeedError
from streams.harvest.client import FeedClient, GarbledError, Patience, RefusedRequestError, Response
from streams.harvest.metrics import HarvestMetrics
from streams.harvest.pace import Pace
from tests.harvest.feed_server import KINDS, Asked, Fault, FeedServer


class Plain(FeedServer):
    def answer(self, asked: Asked) -> web.Response:
        return web.Response(body=b"whole " * 1000)


@pytest.fixture
def server() -> Iterator[Plain]:
    with Plain() as running:
        yield running


METRICS = HarvestMetrics("x")


def read(response: Response) -> int:
    if not response.body.endswith(b"whole ") or len(response.body) != 6000:
        raise GarbledError("not whole")
    return len(response.body)


def get(
    server: FeedServer, patience: Patience, metrics: HarvestMetrics = METRICS, params: dict[str, str] | None = None
) -> int:
    async def ask() -> int:
        headers = {"x-api-key": "hunter2"}
        async with FeedClient("X", "https://example.org/bot", Pace(0), metrics, patience, headers) as client:
            return await client.get(server.url, params or {}, read)

    return asyncio.run(ask())


def test_contact_and_key_go_with_each_request(server: Plain) -> None:
    assert get(server, Patience(1)) == 6000
    (asked,) = server.asked
    assert asked.headers["User-Agent"].endswith("(https://example.org/bot)")
    assert asked.headers["x-api-key"] == "hunter2"


def test_a_server_that_repeats_our_keys_does_not_show_them() -> None:
    class Repeating(FeedServer):
        def answer(self, asked: Asked) -> web.Response:
            return web.Response(status=403, text=f"{asked.headers} for a=b&api_key=sec%2Fret, sec/ret " + "x" * 500)

    with Repeating() as server, pytest.raises(RefusedRequestError) as caught:
        get(server, Patience(1), params={"api_key": "sec/ret"})
    assert "hunter2" not in str(caught.value)
    assert "ret" not in str(caught.value).partition("api_key")[2].replace("streams", "")
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("fault", KINDS, ids=lambda fault: f"{fault.kind}-{fault.status}-{len(fault.headers)}")
def test_what_may_pass_is_asked_again(server: Plain, fault: Fault) -> None:
    metrics = HarvestMetrics("x")
    server.fault = lambda number: fault if number < 2 else None
    assert get(server, Patience(3, 5, 0.01), metrics) == 6000
    assert len(server.asked) == 3
    status = {"refuse": str(fault.status), "lose": "lost", "drop": "lost"}.get(fault.kind, "garbled")
    count = 1 if fault.kind == "drop" else 2  # aiohttp itself asks once more on a connection that was closed
    shown = metrics.exposition().decode()
    assert f'streams_harvest_requests_total{{source="x",status="{status}"}} {count}.0' in shown


def test_what_does_not_pass_is_not_asked_again_and_says_why(server: Plain) -> None:
    server.fault = lambda _number: Fault("refuse", 404)
    with pytest.raises(RefusedRequestError, match=r"X answers 404: <html>.*first byte timeout") as found:
        get(server, Patience(3, 5, 0.01))
    assert found.value.status == 404
    assert len(server.asked) == 1


def test_attempts_are_bounded(server: Plain) -> None:
    server.fault = lambda _number: Fault("refuse", 503)
    with pytest.raises(FeedError, match="X answers 503"):
        get(server, Patience(3, 5, 0.001))
    assert len(server.asked) == 3


def test_the_wait_is_what_the_server_asks_and_never_below_the_floor(server: Plain) -> None:
    metrics = HarvestMetrics("x")
    server.fault = lambda number: Fault("refuse", 503, {"Retry-After": "0"}) if number == 0 else None
    began = time.monotonic()
    get(server, Patience(2, 5, 0.2), metrics)
    assert time.monotonic() - began >= 0.2
    server.asked.clear()
    server.fault = lambda number: Fault("refuse", 429, {"Retry-After": "0.3"}) if number == 0 else None
    began = time.monotonic()
    get(server, Patience(2, 5, 0.01), metrics)
    assert time.monotonic() - began >= 0.3
    waited = float(metrics.exposition().decode().split('cause="server",source="x"} ')[1].split()[0])
    assert waited >= 0.5


def test_a_server_that_hangs_is_left(server: Plain) -> None:
    server.fault = lambda number: Fault("hang") if number == 0 else None
    assert get(server, Patience(2, 1.0, 0.01)) == 6000


def test_no_parameter_and_no_key_is_shown(server: Plain, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    server.fault = lambda number: (Fault("drop"), Fault("refuse", 503), Fault("refuse", 403))[number]
    with pytest.raises(RefusedRequestError) as found:
        get(server, Patience(5, 5, 0.001), params={"api_key": "hunter3"})
    written = str(found.value) + caplog.text
    assert "hunter" not in written
