"""What all pages have in common."""

from __future__ import annotations

from playwright.sync_api import expect

from streams.serve.page.templates import SECTIONS
from tests.browser.visitor import Visitors


def test_each_page_of_the_navigation_opens_and_says_where_one_is(visitors: Visitors) -> None:
    page = visitors.open("/")
    for section in SECTIONS:
        page.get_by_role("navigation").get_by_role("link", name=section.name).click()
        expect(page.get_by_role("heading", level=1)).to_have_count(1)
        expect(page.locator("[aria-current=page]")).to_have_text(section.name)
