"""A cluster: its document with origins, its records, why they are together, its history; split and merge with a preview."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.records import ask, cluster_of, document, send_documents
from tests.browser.stack import Stack
from tests.browser.visitor import Visitors

STRANGE = {
    "script": "<script>alert(1)</script> and <img src=x onerror=alert(2)> on reefs",
    "rtl": "\u202eshifting\u202c sands and reefs, قياس الشعاب المرجانية in two lagoons",
    "long": "The long title of reefs " + "x" * 100 + " and so on " * 900,
}
"""Titles of strangers; more of them are in papers.py, for all pages."""


def open_cluster(visitors: Visitors, stack: Stack, record: str, **given: object) -> Page:
    page = visitors.open("/", **given)  # type: ignore[arg-type]
    page.goto(f"/records?id={record}")
    return page


def test_a_cluster_says_where_values_come_from_why_it_is_one_and_how_it_came_to_be(
    visitors: Visitors, stack: Stack
) -> None:
    page = open_cluster(visitors, stack, "arxiv:1706.03762")
    expect(page).to_have_url(re.compile(r"#record-\d+$"))
    found = (
        page.get_by_role("region", name="Document", exact=True)
        .get_by_role("row")
        .filter(has=page.get_by_role("rowheader", name="Title", exact=True))
    )
    expect(found.get_by_role("link")).to_have_text(re.compile(":"))
    expect(page.get_by_role("region", name="Records", exact=True).get_by_role("row")).to_have_count(7)
    links = page.get_by_role("region", name="Why they are together")
    expect(links.get_by_role("row")).to_have_count(6)
    expect(links).to_contain_text("6 of 6")
    expect(page.get_by_role("region", name="History").get_by_role("listitem").filter(has_text="Begun")).to_be_visible()
    links.get_by_role("link", name=re.compile("evidence")).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("The same paper")


def test_without_scripts_the_history_is_a_page(visitors: Visitors, stack: Stack) -> None:
    page = open_cluster(visitors, stack, "arxiv:1706.03762", scripts=False)
    page.get_by_role("link", name="Show the history").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("History")
    expect(page.get_by_role("listitem").filter(has_text="Begun")).to_be_visible()


def test_the_titles_of_strangers_are_text_and_a_long_one_is_shown_on_request(visitors: Visitors, stack: Stack) -> None:
    page = visitors.open("/", token=stack.token)
    sent = [
        document(f"strange:{name}", title=title, authors=[title[:60]], journal=title[:80])
        for name, title in STRANGE.items()
    ]
    send_documents(stack, page, sent)
    for name in STRANGE:
        page.goto(f"/records?id=strange:{name}")
        expect(page.get_by_role("heading", level=1)).to_contain_text("reefs")
        expect(page.locator("h1 > bdi")).to_have_count(1)
        assert page.locator("main script, main img").count() == 0
        assert page.evaluate("document.documentElement.scrollWidth") <= 1440, name
        assert "\u202e" not in page.content()
    expect(page.locator("h1")).not_to_contain_text("and so on " * 50)
    page.get_by_role("region", name="Document", exact=True).get_by_text("show all").first.click()
    expect(page.locator("details[open] .whole").first).to_contain_text("and so on " * 500)
    page.goto("/records?id=strange:script")
    expect(page.get_by_role("heading", level=1)).to_contain_text("<script>alert(1)</script>")


def test_a_split_is_previewed_made_and_undone_without_scripts(visitors: Visitors, stack: Stack) -> None:
    visitors.forgive("422")  # of the form that says nothing
    page = visitors.open("/", token=stack.person("dan"), scripts=False)
    paper = {
        "title": "Counting the parrotfish of Aldabra twice",
        "authors": ["Ada Reef", "Ben Kelp"],
        "year": 2016,
        "doi": "10.5555/split",
    }
    cluster = send_documents(stack, page, [document(f"twice:{n}", **paper) for n in (1, 2, 3)])
    page.goto(f"/clusters/{cluster}")
    page.get_by_role("link", name=re.compile("^Split")).click()
    page.get_by_role("button", name="Preview the split").click()
    expect(page.get_by_role("alert")).to_contain_text("All records are on one paper")
    page.get_by_role("group", name="Paper of twice:3").get_by_label("2").check()
    page.get_by_role("button", name="Preview the split").click()
    expect(page.get_by_text("1 cluster would become 2 clusters.")).to_be_visible()
    assert len({cluster_of(page, f"twice:{n}") for n in (1, 2, 3)}) == 1
    page.get_by_label("Reason").fill("another year")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Done")
    assert cluster_of(page, "twice:1") == cluster_of(page, "twice:2") != cluster_of(page, "twice:3")
    page.goto("/records?id=twice:1")
    expect(page.get_by_role("region", name="Kept apart")).to_contain_text("twice:3")
    expect(page.get_by_text("another year").first).to_be_visible()
    page.go_back()
    page.get_by_role("button", name="Undo all 2").click()
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("article")).to_have_count(1)
    assert len({cluster_of(page, f"twice:{n}") for n in (1, 2, 3)}) == 1


def test_a_merge_is_previewed_and_the_old_address_leads_on(visitors: Visitors, stack: Stack) -> None:
    page = visitors.open("/", token=stack.person("eve"))
    first = {"title": "Kelp forests of the southern capes", "authors": ["Ada Reef"], "year": 2011}
    second = {
        "title": "Brown algae and their grazers, a natural history",
        "authors": ["Zed Alga"],
        "year": 2013,
        "doi": "10.5555/merge.2",
    }
    send_documents(stack, page, [document("merge:1", **first), document("merge:2", **second)])
    old = {cluster_of(page, "merge:1"), cluster_of(page, "merge:2")}
    page.goto("/records?id=merge:1")
    page.get_by_role("link", name="Merge with").click()
    page.get_by_label("The other cluster").fill("10.5555/merge.2")
    page.get_by_role("button", name="Find it").click()
    page.get_by_role("button", name="Preview the merge").click()
    expect(page.get_by_text("2 clusters would become 1 cluster.")).to_be_visible()
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("article")).to_have_count(1)
    survivor = cluster_of(page, "merge:1")
    (gone,) = old - {survivor}
    page.goto(f"/clusters/{gone}")
    expect(page).to_have_url(re.compile(f"/clusters/{survivor}"))
    expect(page.get_by_text(f"Cluster {gone} was merged into this one.")).to_be_visible()
    expect(page.get_by_role("region", name="Why they are together")).to_contain_text("the same paper")


def test_payloads_are_for_operators(visitors: Visitors, stack: Stack) -> None:
    page = open_cluster(visitors, stack, "arxiv:1706.03762", token=stack.token)
    page.get_by_role("link", name="Payload of arxiv:1706.03762").click()
    expect(page.get_by_role("region", name="Payload")).to_contain_text("1706.03762")
    visitors.forgive("403")
    curator = visitors.open("/payload?record=arxiv:1706.03762", token=stack.person("finn"))
    expect(curator.get_by_role("heading", level=1)).to_have_text("You may not do this")
    stranger = visitors.open("/payload?record=arxiv:1706.03762")
    expect(stranger.get_by_role("heading", level=1)).to_have_text(re.compile("Sign in"))


def test_a_large_cluster_has_pages_of_thirty_records(visitors: Visitors, stack: Stack) -> None:
    page = visitors.open("/", token=stack.person("gus"))
    paper = {
        "title": "A reef seen forty times from above",
        "authors": ["Ada Reef", "Ben Kelp"],
        "year": 2018,
        "doi": "10.5555/large",
    }
    cluster = send_documents(stack, page, [document(f"large:{n:02}", **paper) for n in range(40)])
    page.goto(f"/clusters/{cluster}")
    records = page.get_by_role("region", name="Records", exact=True)
    expect(records.get_by_role("row")).to_have_count(31)
    page.get_by_role("link", name="Further records, from 31").click()
    expect(records.get_by_role("row")).to_have_count(11)
    expect(page.get_by_text("weaker links")).to_be_visible()
    assert ask(page, f"clusters/{cluster}")["size"] == 40
    page.goto("/records?id=large:35")
    expect(page.locator("tr:target")).to_contain_text("large:35")


@pytest.mark.parametrize("width", [390, 1440])
def test_a_cluster_fits_its_screen_and_prints_without_the_frame(visitors: Visitors, stack: Stack, width: int) -> None:
    page = open_cluster(visitors, stack, "arxiv:1706.03762", width=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.emulate_media(media="print")
    for hidden in (page.get_by_role("navigation", name="Pages"), page.get_by_role("link", name="JSON")):
        expect(hidden).to_be_hidden()
    for shown in (page.get_by_role("heading", level=1), page.get_by_role("region", name="Document", exact=True)):
        expect(shown).to_be_visible()
    expect(page.get_by_text(re.compile("cluster c[a-z2-7]{13}, revision"))).to_be_visible()
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    expect(page.locator("footer time")).to_have_text(re.compile(r"\d{4}, \d\d:"))
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    expect(page.locator("footer time")).to_have_text(re.compile(r"^\d\d:\d\d:\d\d$"))
