"""Redis and the broker are stopped while pages are open: each says what is away and since when, and recovers by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.audit import audit
from tests.browser.papers import cluster_of, paper
from tests.browser.stack import Stack, running_stack
from tests.browser.visitor import Visitors, chromium, visiting

_SECONDS = 90_000
PAPER = "Tides and currents of a shallow bay"


@pytest.fixture
def own_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Servers that no other test uses, with one paper of two records: what a test does to them lasts."""
    chromium()
    payloads = [paper(f"bay:{name}", PAPER, doi="10.5555/bay") for name in ("a", "b")]
    with running_stack(tmp_path_factory.mktemp("away"), payloads) as stack:
        yield stack


@pytest.fixture
def people(browser: Browser, own_stack: Stack) -> Iterator[Visitors]:
    with visiting(browser, own_stack.url) as made:
        made.forgive("status of 503")  # the console names every answer that is a problem
        yield made


def notice(page: Page, words: str) -> None:
    expect(page.get_by_role("alert").filter(has_text=words)).to_be_visible(timeout=_SECONDS)


def is_well(page: Page, but: str = "of nothing") -> None:
    """The overview shows nothing that is wrong, but for the state of one part."""
    expect(page.get_by_role("alert")).to_have_count(0, timeout=_SECONDS)
    wrong = page.locator(".states li.bad, .states li.warn").filter(has_not_text=but)
    expect(wrong).to_have_count(0, timeout=_SECONDS)


def appears(stack: Stack, overview: Page, name: str) -> None:
    """A decision that falls now appears on an overview that has been open all the time."""
    title = f"Drifting {name} of the outer bay"
    stack.send(*(paper(f"bay:{name}-{side}", title, doi=f"10.5555/{name}") for side in ("left", "right")))
    cluster_of(stack, f"bay:{name}-right", 2)
    expect(overview.locator("#decision-rows").get_by_text(title)).to_have_count(1, timeout=_SECONDS)


def test_while_redis_is_away_pages_say_so_and_come_back(own_stack: Stack, people: Visitors) -> None:
    redis = own_stack.services.redis
    assert redis is not None
    address = f"/clusters/{cluster_of(own_stack, 'bay:a', 2)}"
    overview, workers = people.open("/"), people.open("/workers")
    is_well(overview)
    headline = overview.locator(".headline").inner_text()
    redis.kill()
    try:
        notice(overview, "Redis is away, so numbers are those of")
        expect(overview.locator(".states li", has_text="Workers")).to_contain_text("unknown", timeout=_SECONDS)
        assert overview.locator(".headline").inner_text() == headline, "what was read last stays, with its time"
        expect(overview.get_by_role("status").filter(has_text="Redis: away")).to_have_count(1, timeout=_SECONDS)
        notice(workers, "What is below is as of then")
        late = people.open("/")
        notice(late, "Redis is away")
        cluster = people.open(address)
        expect(cluster.get_by_role("heading", level=1)).to_have_text("Not available just now")
        expect(cluster.get_by_role("status")).to_have_text("This page comes by itself as soon as it can be made.")
        assert audit(cluster, "Not available just now") == []
        assert audit(overview, "numbers are those of") == []
    finally:
        redis.start()
    expect(cluster.get_by_role("heading", level=1)).to_contain_text(PAPER, timeout=_SECONDS)
    for page in (overview, late):
        is_well(page)
    expect(workers.get_by_role("alert")).to_have_count(0, timeout=_SECONDS)
    own_stack.worker.keep_alive(3)
    appears(own_stack, overview, "nets")


def test_while_the_broker_is_away_pages_say_so_and_come_back(own_stack: Stack, people: Visitors) -> None:
    broker = own_stack.services.broker
    assert broker is not None
    overview = people.open("/")
    is_well(overview)
    own_stack.worker.child.stop()
    broker.kill()
    try:
        notice(overview, "The broker is away")
        expect(overview.locator(".states li", has_text="Broker")).to_have_class(re.compile("bad"))
        expect(overview.locator(".states li", has_text="Harvesters")).to_contain_text("unknown", timeout=_SECONDS)
        subscriptions = people.open("/subscriptions")
        notice(subscriptions, "Events are not read, so subscribers wait")
        expect(
            people.open("/clusters/" + cluster_of(own_stack, "bay:a", 2)).get_by_role("heading", level=1)
        ).to_contain_text(PAPER)
    finally:
        own_stack.start_broker()
    is_well(overview, but="Totals")  # the embedded broker has lost events, and these say so
    expect(subscriptions.get_by_role("alert")).to_have_count(0, timeout=_SECONDS)
    appears(own_stack, overview, "buoys")


def test_while_the_service_is_away_pages_say_so_and_come_back(own_stack: Stack, people: Visitors) -> None:
    people.forgive("ERR_|Failed to fetch|Failed to load|network error")
    pages = [people.open(path) for path in ("/", "/workers", "/subscriptions")]
    own_stack.api.child.kill()
    try:
        for page in pages:
            expect(page.locator("#connection")).to_be_visible(timeout=_SECONDS)
        assert audit(pages[1], "Workers") == []
    finally:
        own_stack.api.child.start()
        own_stack.api.wait_ready()
    for page in pages:
        expect(page.locator("#connection")).to_be_hidden(timeout=_SECONDS)
