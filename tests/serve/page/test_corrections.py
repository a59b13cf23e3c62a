"""Corrections by forms: a preview, then what became of them, over a real broker and a worker's engine."""

from __future__ import annotations

import html
import re

from tests.serve.conftest import Client
from tests.serve.desk import CHAPTER, OTHER, Desk

HTML = {"Accept": "text/html"}
PAIR = {"a": "m:1", "b": "m:2", "back": "/pairs/m:1/m:2"}


def form_of(page: str) -> dict[str, str]:
    """The hidden fields of the form that applies."""
    fields = re.findall(r'<input type="hidden" name="([a-z]+)" value="([^"]*)"', page)
    return {name: html.unescape(value) for name, value in fields}


def test_a_correction_is_previewed_applied_once_and_undone(desk: Desk) -> None:
    desk.send("m:1", CHAPTER)
    desk.send("m:2", OTHER)
    preview = desk.api.post("/corrections/preview", data={"action": "same", **PAIR, "reason": "one study"})
    assert (preview.status_code, "2 clusters would become 1 cluster." in preview.text) == (200, True)
    assert 'value="one study"' in preview.text
    form = form_of(preview.text) | {"reason": "one study"}
    with desk.deciding():
        for _ in range(2):  # a form that is sent twice
            answer = desk.api.post("/corrections/apply", data=form, follow_redirects=False)
            assert answer.status_code == 303
        outcome = desk.api.get(answer.headers["Location"])
        assert "m:1 and m:2 are the same paper" in outcome.text
        listed = desk.api.get("/api/v1/corrections").json()["items"]
        assert [(each["author"], each["reason"], each["status"]) for each in listed] == [
            ("curator", "one study", "active")
        ]
        undo = desk.api.post("/corrections/preview", data={"action": "undo", "undoes": listed[0]["id"], "back": "/"})
        assert "1 cluster would become 2 clusters." in undo.text
        done = desk.api.post("/corrections/apply", data=form_of(undo.text))
        assert f"{listed[0]['id']} was undone" in done.text


def test_what_was_not_decided_yet_is_said_to_wait(desk: Desk) -> None:
    desk.send("m:1", CHAPTER)
    desk.send("m:2", OTHER)
    preview = desk.api.post("/corrections/preview", data={"action": "different", **PAIR})
    outcome = desk.api.post("/corrections/apply", data=form_of(preview.text))
    assert (outcome.status_code, "no worker has decided it yet" in outcome.text) == (200, True)
    assert "Look again" in outcome.text


def test_what_is_no_correction_is_refused(operator: Client, client: Client) -> None:
    for data in ({"action": "same", "a": "m:1", "b": ""}, {"action": "other"}, {"action": "undo"}, {}):
        assert operator.post("/corrections/preview", data=data, headers=HTML).status_code == 422
    for given in ("", "[]", "{}", '[{"id": "k1"}]', '[{"id": "k 1", "action": "same"}]'):
        answer = operator.post("/corrections/apply", data={"corrections": given}, headers=HTML)
        assert answer.status_code == 422, given
    assert client.post("/corrections/preview", data={"action": "same", **PAIR}, headers=HTML).status_code == 401
    foreign = operator.post(
        "/corrections/apply", data={"corrections": "[]"}, headers={**HTML, "Origin": "https://evil.example"}
    )
    assert foreign.status_code == 403
    assert "//evil" not in operator.get("/corrections/outcome", params={"ids": "k0", "back": "//evil.example"}).text
