"""The overview while it is open: rows come by themselves, can be paused, and come again after a restart of the service."""

from __future__ import annotations

import re
import time
from itertools import count

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.papers import cluster_of, paper
from tests.browser.stack import Stack
from tests.browser.visitor import Visitors

_NUMBERS = count(1)
_SECONDS = 60_000


@pytest.fixture
def overview(visitors: Visitors) -> Page:
    """The page, once it is live."""
    page = visitors.open("/")
    expect(page.locator(".chart canvas").first).to_be_attached(timeout=_SECONDS)
    return page


def duplicate(stack: Stack) -> str:
    """Send two records of one new paper; return its title."""
    number = next(_NUMBERS)
    title = f"Observations number {number} of the deep reef at night"
    stack.send(paper(f"live:{number}a", title, doi=f"10.5555/live.{number}"))
    stack.send(paper(f"live:{number}b", title, doi=f"10.5555/live.{number}"))
    cluster_of(stack, f"live:{number}b", 2)
    return title


def test_a_decision_appears_by_itself_and_leads_to_its_evidence(overview: Page, stack: Stack) -> None:
    title = duplicate(stack)
    row = overview.get_by_role("row").filter(has_text=title)
    expect(row).to_have_count(1, timeout=_SECONDS)
    expect(row).to_contain_text("same")
    row.get_by_role("link").click()
    overview.wait_for_url(re.compile("/pairs/live"))


def test_numbers_follow_what_comes_in(overview: Page, stack: Stack) -> None:
    before = overview.locator(".headline").inner_text()
    duplicate(stack)
    expect(overview.locator(".headline")).not_to_have_text(before, timeout=_SECONDS)


def test_rows_wait_while_the_table_is_paused(overview: Page, stack: Stack) -> None:
    button = overview.get_by_role("button", name="Pause")
    button.click()
    expect(overview.get_by_role("button", name="Go on")).to_have_attribute("aria-pressed", "true")
    title = duplicate(stack)
    shown = overview.context.request
    for _ in range(200):
        if title in shown.get("/overview/decisions").text():
            break
        overview.wait_for_timeout(200)
    else:
        pytest.fail("the decision is not among those to show")
    overview.wait_for_timeout(1000)
    expect(overview.get_by_text(title)).to_have_count(0)
    overview.get_by_role("button", name="Go on").click()
    expect(overview.get_by_text(title)).to_have_count(1)


def test_a_restart_of_the_service_is_survived(overview: Page, visitors: Visitors, stack: Stack) -> None:
    visitors.forgive("ERR_|Failed to fetch|Failed to load|network error")
    stack.restart_serve()
    expect(overview.locator("#connection")).to_be_hidden(timeout=_SECONDS)
    title = duplicate(stack)
    expect(overview.get_by_text(title)).to_have_count(1, timeout=_SECONDS)
    expect(overview.locator("#connection")).to_be_hidden()


def test_a_first_connection_that_fails_is_made_again(visitors: Visitors, stack: Stack) -> None:
    visitors.forgive("ERR_FAILED|Failed to fetch|status of 503")
    page, failures = visitors.open("/workers"), ["abort", "503"]

    def fail_first(route: Route) -> None:
        match failures.pop(0) if failures else "":
            case "abort":
                route.abort()
            case "503":
                route.fulfill(status=503, body="busy")
            case _:
                route.continue_()

    page.route("**/overview/live", fail_first)
    page.goto("/")
    expect(page.locator("#connection")).to_be_visible(timeout=_SECONDS)
    expect(page.locator("#connection")).to_be_hidden(timeout=_SECONDS)
    title = duplicate(stack)
    expect(page.get_by_text(title)).to_have_count(1, timeout=_SECONDS)


def test_scripts_that_come_late_are_waited_for(visitors: Visitors) -> None:
    page = visitors.open("/workers")

    def delay(route: Route) -> None:
        time.sleep(0.5)
        route.continue_()

    page.route("**/hx-sse.min.js*", delay)
    page.route("**/overview.js*", delay)
    page.goto("/")
    expect(page.locator(".chart canvas").first).to_be_attached(timeout=_SECONDS)


def test_charts_are_drawn_anew_when_the_colours_change(overview: Page) -> None:
    first = overview.locator(".chart canvas").first.element_handle()
    overview.emulate_media(color_scheme="dark")
    overview.wait_for_function("(canvas) => !canvas.isConnected", arg=first)
    expect(overview.locator(".chart canvas")).to_have_count(6)


def test_live_regions_do_not_chatter(overview: Page, stack: Stack) -> None:
    """What a screen reader says by itself changes at most once in ten seconds, however many rows come."""
    overview.evaluate(
        """() => {
          window.said = [];
          for (const region of document.querySelectorAll("[role=status], [role=alert], [aria-live]"))
            new MutationObserver(() => window.said.push(region.innerText)).observe(
              region, { childList: true, subtree: true, characterData: true });
        }"""
    )
    titles = [duplicate(stack) for _ in range(4)]
    expect(overview.get_by_role("row").filter(has_text=titles[-1])).to_have_count(1, timeout=_SECONDS)
    began = time.monotonic()
    overview.wait_for_timeout(11_000)
    said = overview.evaluate("window.said")
    assert len(said) <= 2 + (time.monotonic() - began) / 10, said
