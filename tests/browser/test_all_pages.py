"""What holds for every page: accessible, small, from this host only, and text of strangers is text."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.papers import HOSTILE, ask, cluster_of, hostile_papers
from tests.browser.stack import Stack
from tests.browser.visitor import PHONE, WIDE, Visitors

MOST_BYTES = 200_000
BYTES = """() => ['navigation', 'resource']
  .flatMap((kind) => performance.getEntriesByType(kind))
  .map((entry) => [new URL(entry.name).pathname, entry.decodedBodySize])"""
PAINT = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime"


@pytest.fixture(scope="module")
def pages(stack: Stack) -> list[str]:
    """An address of each page, with something on it."""
    cluster = cluster_of(stack, "arxiv:1706.03762", 2)
    a, b = ask(stack, f"/clusters/{cluster}")["records"][:2]
    return [
        "/", "/search", "/search?q=10.48550/arXiv.1706.03762", "/search?q=nothing+of+the+kind", f"/clusters/{cluster}",
        f"/pairs/{quoted(a)}/{quoted(b)}", "/review", "/dead-letters", "/workers", "/subscriptions", "/subscriptions/groups",
        "/sign-in", "/nothing", f"/clusters/{cluster}/split", f"/clusters/{cluster}/merge?with=1512.03385",
        f"/clusters/{cluster}/history", "/payload?record=arxiv:1706.03762",
    ]  # fmt: skip


def quoted(record: str) -> str:
    return record.replace("/", "%2F")


def settled(page: Page) -> Page:
    page.wait_for_load_state("load")
    page.wait_for_function("() => [...document.querySelectorAll('time')].every((each) => each.title)")
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [PHONE, WIDE])
def test_axe_finds_nothing_serious(
    visitors: Visitors, stack: Stack, pages: list[str], width: int, scheme: Literal["light", "dark"]
) -> None:
    visitors.forgive("404")
    page = visitors.open("/", token=stack.token, width=width, scheme=scheme)
    axe, found = Axe(), list[Any]()
    for path in pages:
        page.goto(path)
        result = axe.run(settled(page)).response
        assert result["passes"], path
        found += [
            (path, each["id"], each["impact"], [node["html"][:200] for node in each["nodes"][:3]])
            for each in result["violations"]
            if each["impact"] in ("serious", "critical")
        ]
        wide = page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{path} is {wide} px wider than the window"
    assert found == []


def test_each_page_is_small_quick_and_has_one_heading(visitors: Visitors, stack: Stack, pages: list[str]) -> None:
    visitors.forgive("404")
    for path in pages:
        page = settled(visitors.open(path, token=stack.token))
        sizes = dict(page.evaluate(BYTES))
        paint = page.wait_for_function(PAINT).json_value()  # it may come after the load
        print(f"{path}: {sum(sizes.values()):,} bytes in {len(sizes)} requests, first paint after {paint:.0f} ms")
        assert sum(sizes.values()) <= MOST_BYTES, sizes
        assert paint < 5000, "0.5 s on a quiet machine; this one has other work"
        assert page.locator("h1").count() == 1, path
        assert page.title().endswith("· Streams"), path
        page.context.close()


def test_text_of_strangers_is_text_on_all_pages(visitors: Visitors, stack: Stack) -> None:
    """A dialog, a failed script or a broken policy fails the test at its end (`Visitors.check`)."""
    visitors.forgive("404")
    addresses = hostile_papers(stack)
    page, seen = visitors.open("/", token=stack.token), ""
    for path in addresses:
        page.goto(path)
        settled(page)
        made = page.evaluate("() => document.querySelectorAll('main script, main img, main b b, main [onload]').length")
        assert made == 0, path
        seen += page.locator("main").inner_text()
    assert HOSTILE[0] in seen, "a title is shown as it was sent"
    assert "\u0000" not in seen


def test_pages_can_be_read_without_scripts(visitors: Visitors, stack: Stack, pages: list[str]) -> None:
    visitors.forgive("404")
    page = visitors.open("/", token=stack.token, scripts=False)
    assert "records are" in page.locator("main").inner_text()
    for path in pages:
        page.goto(path)
        assert page.get_by_role("main").inner_text().strip(), path
