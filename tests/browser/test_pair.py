"""A pair: why, in words, and a person's word on it, with what results shown before."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from tests.browser.records import cluster_of, document, send_documents
from tests.browser.stack import Stack
from tests.browser.visitor import Visitors

TITLE = "A census of the burrowing corals of two lagoons"


def test_the_evidence_is_in_words_with_bits_and_both_records_are_beside_each_other(visitors: Visitors) -> None:
    page = visitors.open(f"/pairs/arxiv:1706.03762/{quote('datacite:10.48550/arxiv.1706.03762', safe='')}")
    expect(page.get_by_role("heading", level=1)).to_have_text("The same paper")
    evidence = page.get_by_role("region", name="Evidence")
    expect(evidence.get_by_role("row").filter(has_text="Title")).to_contain_text("Same title")
    expect(evidence.get_by_role("row").filter(has_text="Title")).to_contain_text(re.compile(r"\+\d\.\d"))
    expect(evidence).not_to_contain_text("exact_")
    beside = page.get_by_role("region", name="The records beside each other")
    expect(beside.get_by_role("row").filter(has_text="Authors")).to_contain_text("Vaswani")
    expect(page.get_by_role("link", name="Sign in to correct")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("paper"))).to_have_count(0)


@pytest.mark.parametrize("scripts", [True, False])
def test_a_person_parts_a_pair_sees_what_results_first_and_undoes_it(
    visitors: Visitors, stack: Stack, scripts: bool
) -> None:
    mark = "a" if scripts else "b"
    page = visitors.open("/", token=stack.person(f"ada{mark}"), scripts=scripts)
    a, b = f"pair{mark}:1/x", f"pair{mark}:2"
    paper = {
        "title": f"{TITLE}, {mark * 7}",
        "authors": ["Ada Reef", "Ben Kelp"],
        "year": 2015,
        "doi": f"10.5555/pair.{mark}",
    }
    cluster = send_documents(stack, page, [document(a, **paper), document(b, **paper)])
    assert cluster_of(page, b) == cluster
    page.goto(f"/pairs/{quote(a, safe='')}/{b}")
    page.get_by_label("Reason").fill("two lagoons, two studies")
    page.get_by_role("button", name="Different papers").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("What would result")
    expect(page.get_by_text("1 cluster would become 2 clusters.")).to_be_visible()
    expect(page.get_by_text("new cluster")).to_have_count(1)
    assert cluster_of(page, b) == cluster_of(page, a), "a preview changes nothing"
    page.get_by_role("button", name="Apply").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Done")
    expect(page.get_by_role("article")).to_have_count(2)
    assert cluster_of(page, a) != cluster_of(page, b)
    page.get_by_role("link", name="Back to where you were").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Different papers")
    expect(page.get_by_text("two lagoons, two studies")).to_be_visible()
    expect(page.get_by_role("button", name="Different papers")).to_be_disabled()

    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("2 clusters would become 1 cluster.")).to_be_visible()
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("article")).to_have_count(1)
    assert cluster_of(page, a) == cluster_of(page, b)


def test_a_statement_that_contradicts_is_refused_before_it_is_made(visitors: Visitors, stack: Stack) -> None:
    page = visitors.open("/", token=stack.person("cora"))
    paper = {"title": f"{TITLE}, third", "authors": ["Ada Reef", "Ben Kelp"], "year": 2015, "doi": "10.5555/pair.c"}
    send_documents(stack, page, [document("pairc:1", **paper), document("pairc:2", **paper)])
    page.goto("/pairs/pairc:1/pairc:2")
    page.get_by_role("button", name="The same paper").click()
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Done")
    page.goto("/pairs/pairc:1/pairc:2")
    page.get_by_role("button", name="Different papers").click()
    expect(page.get_by_role("alert")).to_contain_text("contradicts")
    expect(page.get_by_role("button", name="Apply")).to_have_count(0)
    expect(page.get_by_role("button", name="Undo")).to_be_visible()


def test_a_pair_that_is_not_known_says_so(visitors: Visitors) -> None:
    visitors.forgive("404")
    page = visitors.open("/pairs/arxiv:1706.03762/nobody:1")
    expect(page.get_by_role("heading", level=1)).to_have_text("Not found")
    expect(page.get_by_role("alert")).to_contain_text("nobody:1")
