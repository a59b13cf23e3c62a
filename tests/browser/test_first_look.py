"""The page in seconds, for `make test`: papers are found, read and decided in Chromium, over a real broker and Redis.

The engine runs in this process, in place of a worker, and the service in a thread; the other tests have processes of their own.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser, expect

from streams.kafka.topics import create_topics
from streams.local.services import Services
from streams.serve.connections import Connections
from streams.serve.process import bind, server
from streams.serve.tokens import TokenFile
from streams.settings import Settings
from streams.state.connection import connect
from tests.browser.stack import run_apart
from tests.browser.visitor import PHONE, Visitors, chromium, visiting
from tests.serve.desk import CHAPTER, OTHER, Desk
from tests.system.processes import wait_for

HOSTILE = "<script>alert(1)</script> Reefs & <b>currents</b> of the north"
REEF = {"title": HOSTILE, "authors": ["Ada Reef"], "year": 2003, "doi": "10.5555/reef.1"}
_SECONDS = 20_000


class Served(NamedTuple):
    """Where the page is, and a token that may decide."""

    url: str
    token: str


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The page over two records of one paper and a doubtful pair."""
    chromium()
    folder = tmp_path_factory.mktemp("look")
    given = Settings(topic_prefix="look.", app_id="look", buckets=16, serve_port=0, serve_requests_per_second=0)
    with Services(given) as services, ThreadPoolExecutor(1) as apart:
        file = TokenFile(folder / "tokens")
        token = file.create("ada", "curate")
        own = services.settings.model_copy(
            update={"serve_tokens_file": str(file.path), "serve_data": str(folder / "serve")}
        )
        run_apart(create_topics(own))
        connection = connect(own)
        desk = Desk(own, connection)

        def send() -> None:
            for record, paper in (("mine:1", REEF), ("theirs:1", REEF), ("mine:2", CHAPTER), ("other:2", OTHER)):
                desk.send(record, paper)

        apart.submit(send).result()
        bound = bind(own)
        running = server(own, Connections())
        thread = threading.Thread(target=running.run, kwargs={"sockets": [bound]})
        thread.start()
        try:
            with desk.deciding():
                yield Served(f"http://127.0.0.1:{bound.getsockname()[1]}", token)
        finally:
            running.should_exit = True
            thread.join()
            bound.close()
            connection.close()


@pytest.fixture
def people(browser: Browser, served: Served) -> Iterator[Visitors]:
    with visiting(browser, served.url) as made:
        yield made


def test_a_paper_is_found_read_and_decided(served: Served, people: Visitors) -> None:
    page = people.open("/", token=served.token)
    row = page.locator("#decision-rows tr").filter(has_text=HOSTILE)
    expect(row).to_have_count(1, timeout=_SECONDS)
    expect(row).to_contain_text("same")
    expect(page.locator(".states li").filter(has_text=re.compile("Redis|Broker"))).to_have_text(
        [re.compile("answers"), re.compile("answers")], timeout=_SECONDS
    )

    page.keyboard.press("/")
    page.keyboard.type("10.5555/reef.1")
    page.keyboard.press("Enter")
    page.get_by_role("article").get_by_role("link").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(HOSTILE)
    assert page.locator("main script, main h1 b").count() == 0, "text of strangers is text"

    wait_for(lambda: page.goto("/review") and page.locator("[data-pair]").count(), "the doubtful pair")
    page.keyboard.press("s")
    expect(page.get_by_role("status").filter(has_text="2 clusters became one")).to_be_visible(timeout=_SECONDS)


def test_a_phone_has_all_of_it(served: Served, people: Visitors) -> None:
    page = people.open("/", width=PHONE, scheme="dark")
    for path in ("/", "/search?q=10.5555/reef.1", "/review", "/dead-letters", "/workers", "/subscriptions"):
        page.goto(path)
        expect(page.get_by_role("heading", level=1)).to_have_count(1)
        wide = page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{path} is {wide} px wider than the window"
