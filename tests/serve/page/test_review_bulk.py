"""Several pairs at once: seen before they are sent, each with its outcome."""

from __future__ import annotations

from tests.serve.desk import CHAPTER, OTHER, Desk
from tests.serve.page.forms import Form, text_of
from tests.serve.routes.test_review import doubtful

PATH = "/review/bulk"


def test_what_was_seen_is_sent_and_each_has_its_outcome(desk: Desk) -> None:
    for number in range(3):
        doubtful(desk, number, source="arxiv" if number else "mine")
    desk.wait_for_pairs(3)
    desk.api.headers["Accept"] = "text/html"
    assert "Nothing is sent by a preview" in text_of(desk.api.get(PATH))
    assert "No open pair passes" in text_of(desk.api.get(PATH, params={"source": "nowhere", "action": "same"}))
    preview = desk.api.get(PATH, params={"source": "arxiv", "action": "different"})
    assert "2 pairs would be different papers" in text_of(preview)
    form = Form(preview, PATH)
    assert len(form.fields["pair"]) == 2
    with desk.deciding():
        assert len(desk.api.get("/api/v1/corrections").json()["items"]) == 0
        done = form.send(desk.api, note="by source")
        assert "2 of 2 decisions in force" in text_of(done)
        again = form.send(desk.api)
        assert "0 of 2 decisions in force" in text_of(again)
        assert "2 pairs were settled before" in text_of(again)
        undone = Form(done, "/undo").send(desk.api)
        assert "Undone" in text_of(undone)
    made = desk.api.get("/api/v1/corrections").json()["items"]
    assert {item["reason"] for item in made if item["action"] == "different"} == {"by source (several at once)"}


def test_it_shows_before_and_after_what_else_is_settled(desk: Desk) -> None:
    for number, paper in enumerate((CHAPTER, OTHER, {"title": "Rivers, deltas and floods", "year": 1987})):
        desk.send(f"{'arxiv' if number == 0 else 'mine'}:{number}", paper | {"doi": "10.5555/book.1"})
    desk.wait_for_pairs(3)
    desk.api.headers["Accept"] = "text/html"
    preview = desk.api.get(PATH, params={"source": "arxiv", "action": "same"})
    assert "3 clusters of today become 1. 1 further open pair would be settled as well." in text_of(preview)
    assert 'href="/pairs/mine:1/mine:2"' in preview.text
    with desk.deciding():
        done = Form(preview, PATH).send(desk.api)
    assert "1 further open pair is settled as well." in text_of(done)
    assert 'href="/pairs/mine:1/mine:2"' in done.text
    assert desk.api.get("/api/v1/review").json()["items"] == []


def test_what_would_be_refused_is_not_chosen(desk: Desk) -> None:
    doubtful(desk, 1)
    (item,) = desk.wait_for_pairs(1)
    desk.api.headers["Accept"] = "text/html"
    assert desk.api.post(PATH, data={"action": "same"}).status_code == 422
    assert desk.api.post(PATH, data={"action": "best", "pair": str(item["id"])}).status_code == 400
    with desk.deciding():
        for made in (
            {"action": "same", "a": "mine:1-a", "b": "mine:x"},
            {"action": "different", "a": "mine:x", "b": "other:1-b"},
        ):
            assert desk.api.post("/api/v1/corrections", json=made).status_code == 200
        preview = desk.api.get(PATH, params={"action": "same"})
        assert "would be refused" in text_of(preview)
        assert "pair" not in Form(preview, PATH).fields
        forced = desk.api.post(PATH, data={"action": "same", "pair": str(item["id"])})
        assert "0 of 1 decisions in force" in text_of(forced)
        assert "contradicts" in text_of(forced)
    gone = desk.api.get("/review/outcomes/nothing")
    assert (gone.status_code, "not kept" in text_of(gone)) == (404, True)
    gone = desk.api.get("/review/outcomes/nothing", headers={"Accept": "application/json"})
    assert gone.json()["code"] == "unknown_outcomes"
