"""Previews, outcomes, blind mode, the help and refusals, with titles of strangers: what holds for every page holds for them.

These pages have no address of their own to begin with: each is reached as a person reaches it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import orjson
import pytest
from playwright.sync_api import Page, expect

from streams.feed_files.payloads import Payload
from tests.browser.audit import audit
from tests.browser.paint import load
from tests.browser.papers import HOSTILE, SEEN, cluster_of, paper
from tests.browser.stack import Stack
from tests.browser.test_review import Doubts, press
from tests.browser.visitor import Visitors
from tests.system.processes import wait_for

_MARK = "<img src=x onerror=alert(9)>"
"""At the end of ids."""
MOST_PAINT_MS, MOST_LOADS = 500, 10


def shows(page: Page, fragments: Sequence[str]) -> None:
    words = " ".join(page.locator("main").inner_text().split())
    missing = [each for each in fragments if each not in words]
    assert not missing, f"{page.url}: {words[:3000]}"


def paints_in_time(page: Page) -> None:
    """Load the address of a page again until it painted in time: other work on the machine delays a load, not each one."""
    paints = [load(page, page.url).paint]
    while min(paints) >= MOST_PAINT_MS and len(paints) < MOST_LOADS:
        paints.append(load(page, page.url).paint)
    assert min(paints) < MOST_PAINT_MS, f"{page.url}: {paints}"


def test_review_pages_hold_what_all_pages_hold(stack: Stack, visitors: Visitors) -> None:
    doubts = Doubts(stack)
    doubts.ask(len(HOSTILE), HOSTILE, _MARK)
    page, found = visitors.open(doubts.path, token=stack.person("walker")), []
    press(page, "b")
    found += audit(page, "The score is hidden")
    paints_in_time(page)
    press(page, "b")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    found += audit(page, "What matching found")
    page.keyboard.press("Escape")

    page.goto(f"/review/bulk?source={doubts.source}&action=different&order=new")
    shows(page, SEEN)
    found += audit(page, f"{len(HOSTILE)} pairs would be different papers")
    paints_in_time(page)
    page.locator("tbody input[type=checkbox]").first.uncheck()
    page.get_by_role("button", name=re.compile("Send")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("5 of 5 decisions in force", timeout=20_000)
    assert page.locator("main").inner_text().count(_MARK) == 2 * 5, "the ids of both records of each pair"
    found += audit(page, "5 of 5 decisions in force")
    paints_in_time(page)

    page.goto(doubts.path)
    press(page, "d")
    found += audit(page, "No open pair")
    assert found == []


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_previews_and_what_they_lead_to_hold_what_all_pages_hold(stack: Stack, visitors: Visitors, number: int) -> None:
    title, seen = HOSTILE[number], SEEN[number : number + 1] if number < 4 else SEEN[4:6] if number == 4 else SEEN[6:]
    ids = [f"wild{number}:{name}{_MARK}" for name in "ab"]
    stack.send(*(paper(each, title, doi=f"10.5555/wild.{number}") for each in ids))
    cluster, page = cluster_of(stack, ids[0], 2), visitors.open("/", token=stack.person(f"wild{number}"))
    look = audit if number in (0, 5) else plain
    page.goto(f"/clusters/{cluster}/split")
    page.get_by_role("group", name=f"Paper of {ids[1]}").get_by_label("2").check()
    page.get_by_role("button", name="Preview the split").click()
    shows(page, seen)
    found = look(page, "1 cluster would become 2 clusters.")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Done", timeout=20_000)
    shows(page, seen)
    found += look(page, "Done")
    page.goto(f"/clusters/{cluster_of(stack, ids[0])}/merge?with={cluster_of(stack, ids[1])}")
    shows(page, seen)
    page.get_by_role("button", name="Preview the merge").click()
    shows(page, [ids[1]])
    found += look(page, "contradicts")
    assert found == []


def plain(page: Page, content: str) -> list[str]:
    expect(page.get_by_role("main")).to_contain_text(content)
    made = page.evaluate("() => document.querySelectorAll('main script, main img, main svg, main b b').length")
    return [page.url] if made else []


def test_pages_of_dead_letters_hold_what_all_pages_hold(stack: Stack, visitors: Visitors) -> None:
    source, found = "papers_with_code", list[Any]()
    payloads = [orjson.dumps({"title": title})[:-1] for title in HOSTILE]
    stack.send(*(Payload(source, f"{n}{_MARK}".encode(), payload) for n, payload in enumerate(payloads)))

    def letters() -> list[str]:
        items = stack.answer(f"/api/v1/dead-letters?source={source}&limit=200")["items"]
        return [each["origin"] for each in items] if len(items) >= len(HOSTILE) else []

    origins = wait_for(letters, "the letters")
    page, words = visitors.open("/", token=stack.token), ""
    for place, origin in enumerate(origins):
        page.goto(f"/dead-letters/{origin}")
        found += audit(page, "It is not valid JSON") if place == 0 else plain(page, "It is not valid JSON")
        words += " ".join(page.locator("main").inner_text().split())
    for each in SEEN:
        assert orjson.dumps(each).decode()[1:-1] in words, each
    page.goto(f"/dead-letters?source={source}")
    found += audit(page, "It is not valid JSON")
    page.get_by_role("button", name="Drop all").click()
    found += audit(page, f"Drop {len(HOSTILE)} messages?")
    page.get_by_role("button", name=re.compile(r"Drop \d+$")).click()
    found += audit(page, f"{len(HOSTILE)} of {len(HOSTILE)} messages dropped")
    paints_in_time(page)
    page.goto(f"/dead-letters?source={source}")
    wait_for(lambda: not stack.answer(f"/api/v1/dead-letters?source={source}&limit=200")["items"], "none is left")
    page.reload()
    found += audit(page, "0")
    assert found == []


def test_refusals_and_empty_pages_hold_what_all_pages_hold(stack: Stack, visitors: Visitors) -> None:
    visitors.forgive("40[0-9]|422")
    page, found = visitors.open("/", token=stack.person("refused")), []
    for path, words in {
        "/nothing": "Not found",
        "/payload?record=arxiv:1706.03762": "You may not do this",
        "/review?source=nowhere": "No open pair",
        "/review/bulk?source=nowhere&action=same": "No open pair passes these filters",
        "/review/outcomes/nothing": "not kept",
        "/dead-letters/outcomes/nothing": "not kept",
        "/subscriptions": "Subscri",
    }.items():
        page.goto(path)
        found += audit(page, words)
        paints_in_time(page)
    assert found == []
