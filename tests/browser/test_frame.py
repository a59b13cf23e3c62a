"""What all pages have in common: the way around, the keyboard, the sign-in, times in the viewer's zone."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from streams.serve.page.templates import SECTIONS
from tests.browser.stack import Stack
from tests.browser.visitor import Visitors


def test_each_page_of_the_navigation_opens_and_says_where_one_is(visitors: Visitors) -> None:
    page = visitors.open("/")
    for section in SECTIONS:
        page.get_by_role("navigation").get_by_role("link", name=section.name).click()
        expect(page.get_by_role("heading", level=1)).to_have_count(1)
        expect(page.locator("[aria-current=page]")).to_have_text(section.name)


def test_the_keyboard_reaches_the_content_each_link_and_the_search(visitors: Visitors) -> None:
    page = visitors.open("/workers")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Tab")
    for section in SECTIONS:
        page.keyboard.press("Tab")
        expect(page.get_by_role("navigation").get_by_role("link", name=section.name)).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_label("Find a paper")).to_be_focused()
    page.keyboard.press("Escape")
    page.locator("main").focus()
    page.keyboard.press("/")
    expect(page.get_by_label("Find a paper")).to_be_focused()
    page.keyboard.type("a/b")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=a%2Fb")


def test_the_skip_link_leads_to_the_content(visitors: Visitors) -> None:
    page = visitors.open("/workers")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_a_person_signs_in_and_out(visitors: Visitors, stack: Stack) -> None:
    page = visitors.open("/workers")
    page.get_by_role("link", name="Sign in").click()
    page.get_by_label("Token").fill(stack.person("grace"))
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/workers")
    expect(page.get_by_role("banner")).to_contain_text("grace")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("link", name="Sign in")).to_be_visible()


def test_times_are_in_the_zone_of_the_viewer(visitors: Visitors) -> None:
    shown = []
    for zone in ("Asia/Tokyo", "UTC"):
        page = visitors.open("/sign-in", zone=zone)
        time = page.locator("footer time")
        expect(time).to_have_attribute("title", re.compile(f"UTC, shown in {zone}"))
        shown.append(int((time.text_content() or "").rpartition(", ")[2].partition(":")[0]))
    assert (shown[0] - shown[1]) % 24 in (9, 10), "the hour may have ended between the two"


def test_a_page_below_one_of_the_navigation_says_where_one_is(visitors: Visitors, stack: Stack) -> None:
    page = visitors.open("/review/bulk", token=stack.token)
    expect(page.locator("[aria-current=true]")).to_have_text("Review")
    expect(page.locator("[aria-current=page]")).to_have_count(0)
