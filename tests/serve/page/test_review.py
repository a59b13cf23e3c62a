"""The review page without scripts: decided, undone, skipped, claimed, hidden, and every state that is none of these."""

from __future__ import annotations

import re
from typing import Any

import pytest

from streams.curation.review_queue import pair_id
from streams.serve.access import Caller
from streams.serve.page import review as route
from tests.serve.conftest import Client
from tests.serve.desk import Desk
from tests.serve.page.forms import Form, text_of
from tests.serve.routes.test_review import doubtful

HTML = {"Accept": "text/html"}


def shown(page: Any) -> str:
    """The id of the pair on a page, empty where there is none."""
    found = re.search(r'data-pair="(\w+)"', page.text)
    return found[1] if found else ""


@pytest.fixture
def pages(desk: Desk) -> Client:
    """A browser of a curator."""
    desk.api.headers["Accept"] = "text/html"
    return desk.api


def queue_of(desk: Desk, pages: Client, number: int, more: int = 0) -> None:
    """Ask about so many pairs, beside those that were asked about."""
    for place in range(number):
        doubtful(desk, place)
    del pages.headers["Accept"]
    desk.wait_for_pairs(number + more)
    pages.headers["Accept"] = "text/html"


def test_a_decision_and_its_undo(desk: Desk, pages: Client) -> None:
    queue_of(desk, pages, 2)
    page = pages.get("/review")
    pair = shown(page)
    assert (page.status_code, "Are these two the same paper?" in text_of(page)) == (200, True)
    assert "2 open" in text_of(page)
    with desk.deciding():
        after = Form(page, "/decide").send(pages, action="same", note="one book")
        assert "2 clusters became one, of 3 records" in text_of(after)
        assert "one book" in text_of(after)
        assert shown(after) not in ("", pair)
        back = Form(after, "/undo").send(pages)
        assert "1 cluster became 2" in text_of(back)
        assert shown(back) == pair
    assert "2 open" in text_of(pages.get("/review"))


def test_what_is_decided_twice_is_sent_once(desk: Desk, pages: Client) -> None:
    queue_of(desk, pages, 1)
    page = pages.get("/review")
    form = Form(page, "/decide")
    with desk.deciding():
        assert "Different papers" in text_of(form.send(pages, action="different"))
        late = form.send(pages, action="same")
        assert late.status_code == 409
        assert "settled meanwhile" in text_of(late)
    assert len(pages.get("/api/v1/corrections").json()["items"]) == 1
    gone = pages.get(f"/review?pair={shown(page)}")
    assert (gone.status_code, "not open" in text_of(gone)) == (404, True)
    assert "Nothing to review" in text_of(pages.get("/review"))


def test_a_decision_that_contradicts_others_is_not_made(desk: Desk, pages: Client) -> None:
    queue_of(desk, pages, 2)
    with desk.deciding():
        page = pages.get(f"/review?pair={pair_id('mine:1-a', 'other:1-b')}")
        for made in (
            {"action": "same", "a": "mine:1-a", "b": "mine:x"},
            {"action": "different", "a": "mine:x", "b": "other:1-b"},
        ):
            assert pages.post("/api/v1/corrections", json=made).status_code == 200
        refused = Form(page, "/decide").send(pages, action="same")
        assert refused.status_code == 409
        assert "contradicts what is in force" in text_of(refused)
        assert shown(refused) == shown(page), "the pair stays"
        undone = Form(refused, "/undo").send(pages)
        assert "Undone" in text_of(undone)


def test_skipped_and_claimed(desk: Desk, pages: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    queue_of(desk, pages, 2)
    first = pages.get("/review")
    assert shown(pages.get("/review")) == shown(first), "it is mine"
    with monkeypatch.context() as other:
        other.setattr(Caller, "author", "ada")
        second = pages.get("/review")
        assert shown(second) not in ("", shown(first))
        taken = pages.get(f"/review?pair={shown(first)}")
        assert "curator is looking at this pair" in text_of(taken)
        monkeypatch.setattr(route, "_MOST_TRIED", 2)
    skipped = Form(first, "/skip").send(pages)
    assert shown(skipped) == shown(second), "another person's comes when there is no other one"
    end = Form(skipped, "/skip").send(pages)
    assert "The end of the queue" in text_of(end)
    again = pages.get(re.search(r'href="(/review[^"]*)" data-key="j"', end.text)[1])  # type: ignore[index]
    assert shown(again) == shown(first)


def test_scores_are_hidden_until_a_decision(desk: Desk, pages: Client) -> None:
    queue_of(desk, pages, 1)
    open_page = pages.get("/review")
    assert "What matching found" in text_of(open_page)
    hidden = Form(open_page, "/blind").send(pages)
    assert shown(hidden) == shown(open_page)
    assert not re.search(r"likely one paper|\d %|<svg class=.bar", hidden.text)
    assert "The score is hidden" in text_of(pages.get("/review"))
    with desk.deciding():
        assert "The score was" in text_of(Form(hidden, "/decide").send(pages, action="different"))
    assert "Hide scores" in text_of(Form(pages.get("/review"), "/blind").send(pages))


def test_filters_are_in_the_address(desk: Desk, pages: Client) -> None:
    doubtful(desk, 7, source="arxiv")
    queue_of(desk, pages, 1, more=1)
    page = pages.get("/review?source=arxiv&order=new")
    assert "arxiv:7-a" in text_of(page)
    assert Form(page, "/decide").fields["source"] == ["arxiv"]
    assert "No open pair passes" in text_of(pages.get("/review?source=nowhere"))
    assert pages.get("/review?low=2").status_code == 400
    assert pages.get("/review?after=x").status_code == 422


def test_a_reader_sees_and_may_not_decide(desk: Desk, pages: Client) -> None:
    queue_of(desk, pages, 1)
    page = pages.get("/review")
    del pages.headers["Authorization"]
    seen = pages.get("/review")
    assert "Sign in to decide" in text_of(seen)
    assert "/decide" not in seen.text
    assert Form(page, "/decide").send(pages, action="same").status_code == 401
    assert pages.get(f"/review/{shown(page)}/decide").url.query.decode() == f"pair={shown(page)}"
