"""One box: what people put into it is understood, found, or said not to be found."""

from __future__ import annotations

import re

import orjson
import pytest
from playwright.sync_api import Page, expect

from tests.browser.stack import Stack
from tests.browser.visitor import Visitors

BIBTEX = "@inproceedings{v, title={Attention Is All You {Need}}, author={Vaswani, Ashish and Shazeer, Noam}, year=2017}"
DOCUMENT = orjson.dumps({"title": "Attention is all you need", "authors": ["Ashish Vaswani"], "year": 2017}).decode()


def ask_for(page: Page, text: str) -> None:
    page.locator("#q").fill(text)
    page.get_by_role("button", name="Search").click()


@pytest.mark.parametrize(
    ("text", "understood"),
    [
        ("1706.03762", "an arXiv id"),
        ("https://arxiv.org/abs/1706.03762v2", "an arXiv id"),
        ("arxiv:1706.03762", "an arXiv id"),
        ("Attention is all you need", "a title"),
        ("Vaswani et al., Attention is all you need, arXiv:1706.03762 (2017)", "a title, with 1 identifier in it"),
        (DOCUMENT, "a document"),
        (BIBTEX, "a reference in BibTeX"),
    ],
)
def test_a_paper_is_found_by_what_names_or_describes_it(visitors: Visitors, text: str, understood: str) -> None:
    page = visitors.open("/search")
    ask_for(page, text)
    expect(page.get_by_role("heading", name=f"Understood as {understood}", exact=True)).to_be_visible()
    result = page.get_by_role("article").first
    expect(result.get_by_role("link", name=re.compile("attention is all you need", re.I))).to_be_visible()
    expect(result).to_contain_text("arxiv")
    if understood.startswith("a ref") or understood == "a document":
        expect(page.get_by_text("Were it sent now, it would join cluster")).to_be_visible()
        expect(result).to_contain_text("same paper")


def test_a_slash_leads_to_the_box_and_enter_to_the_cluster(visitors: Visitors) -> None:
    page = visitors.open("/")
    page.keyboard.press("/")
    page.keyboard.type("1706.03762")
    page.keyboard.press("Enter")
    page.get_by_role("article").get_by_role("link").first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Attention", ignore_case=True)
    expect(page).to_have_url(re.compile(r"/clusters/c[a-z2-7]{13}"))


def test_an_empty_box_shows_examples_and_nothing_found_says_what_to_try(visitors: Visitors) -> None:
    page = visitors.open("/search")
    expect(page.locator("#q")).to_be_focused()
    page.get_by_role("link", name="arxiv:1706.03762", exact=True).click()
    expect(page.get_by_role("article")).to_have_count(1)
    for text, advice in (
        ("10.5555/nobody.has.this", "No record has this identifier"),
        ("A title that no paper in the world has ever had, it seems", "No cluster has this title"),
        ('{"title": "broken', "Mend what is named above"),
    ):
        ask_for(page, text)
        expect(page.get_by_text(advice)).to_be_visible()
        expect(page.locator("#q")).to_have_value(text)


def test_what_is_typed_is_shown_as_text_whatever_it_is(visitors: Visitors) -> None:
    page = visitors.open("/search")
    for text in ('"><script>alert(1)</script>', "</textarea><img src=x onerror=alert(1)>", "\u202eevil\u202c {{7*7}}"):
        ask_for(page, text)
        shown = text.replace("\u202e", "\ufffd").replace("\u202c", "\ufffd")
        expect(page.locator("#q")).to_have_value(shown)
        expect(page.get_by_role("heading", name="Nothing found")).to_be_visible()
    assert page.locator("main script, main img").count() == 0


@pytest.mark.parametrize("scripts", [True, False])
def test_a_long_document_is_searched_for_too(visitors: Visitors, scripts: bool) -> None:
    long = orjson.dumps(
        {"title": "Attention is all you need", "abstract": "reef " * 8_000, "authors": ["Ashish Vaswani"]}
    ).decode()
    page = visitors.open("/search", scripts=scripts)
    page.locator("#q").fill(long)
    page.get_by_role("button", name="Search" if scripts else "Search with a long text", exact=True).click()
    expect(page.get_by_role("heading", name="Understood as a document")).to_be_visible()
    expect(page.get_by_role("article")).to_have_count(1)


def test_it_can_be_read_on_a_phone_without_scrolling_sideways(visitors: Visitors, stack: Stack) -> None:
    assert stack.url
    page = visitors.open("/search?q=Attention+is+all+you+need", width=390)
    expect(page.get_by_role("article")).to_have_count(1)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
