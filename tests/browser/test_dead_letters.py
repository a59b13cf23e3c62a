"""An operator with dead letters: opened with the fault marked, sent again, each with its outcome."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from streams.feed_files.payloads import Payload
from tests.browser.stack import Stack
from tests.browser.visitor import Visitors
from tests.system.processes import wait_for


def letters(stack: Stack, source: str) -> int:
    return len(stack.answer(f"/api/v1/dead-letters?source={source}&limit=200")["items"])


def test_a_retry_with_its_outcome(stack: Stack, visitors: Visitors) -> None:
    before = letters(stack, "core")
    stack.send(
        Payload("core", b"1", b'{"title": "cut off'), Payload("core", b"2", b'[{"title": "Nothing else"}, null]')
    )
    wait_for(lambda: letters(stack, "core") == before + 3, "three letters")
    page = visitors.open("/dead-letters?source=core", token=stack.token)
    page.locator(".letters-table tr", has_text="It is not valid JSON").get_by_role("link").click()
    expect(page.locator(".fault mark")).to_have_count(1)
    expect(page.get_by_role("heading", level=1)).to_contain_text("It is not valid JSON")
    page.get_by_role("button", name="Retry").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("1 of 1 messages sent again")
    expect(page.get_by_role("row").filter(has_text="records.core")).to_contain_text("sent to")

    page.get_by_role("link", name="Back to the dead letters").click()
    # What still cannot be read comes back, and says that it was sent again before.
    wait_for(lambda: letters(stack, "core") == before + 3, "the letter of the second try")
    page.goto("/dead-letters?source=core")
    expect(page.locator(".letters-table tr", has_text="It is not valid JSON")).to_contain_text("again")


def test_marked_ones_are_dropped_and_all_of_a_kind_after_a_question(stack: Stack, visitors: Visitors) -> None:
    source = "unpaywall"
    before = letters(stack, source)
    stack.send(*(Payload(source, str(place).encode(), b"{") for place in range(3)))
    wait_for(lambda: letters(stack, source) == before + 3, "three letters")
    page = visitors.open(f"/dead-letters?source={source}&reason=not_json", token=stack.token)
    expect(page.get_by_role("button", name=re.compile(r"Drop 0 marked"))).to_be_disabled()
    page.locator("tbody input[type=checkbox]").first.check()
    page.get_by_role("button", name="Drop 1 marked").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("1 of 1 messages dropped")
    page.get_by_role("link", name="Back to the dead letters").click()
    page.get_by_role("button", name="Drop all").click()
    page.get_by_role("button", name=re.compile(r"Drop \d+$")).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("messages dropped")
    wait_for(lambda: letters(stack, source) == 0, "no letters")


def test_a_reader_sees_no_payload(stack: Stack, visitors: Visitors) -> None:
    page = visitors.open("/dead-letters")
    expect(page.get_by_role("link", name="Sign in").last).to_be_visible()
    expect(page.get_by_role("checkbox")).to_have_count(0)
