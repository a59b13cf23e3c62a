"""Payloads over HTTP: for operators; what a browser sees of one is in tests/browser/test_cluster.py."""

from __future__ import annotations

from tests.serve.conftest import Client
from tests.serve.desk import Desk

HTML = {"Accept": "text/html"}


def test_payloads_need_the_scope_operate(client: Client) -> None:
    answer = client.get("/payload", params={"record": "mine:1"}, headers=HTML, follow_redirects=False)
    assert answer.headers["Location"].startswith("/sign-in?return=/payload")


def test_a_payload_that_the_topic_has_not_is_said_to_be_gone(desk: Desk) -> None:
    desk.send("mine:1", {"title": "On reefs"})
    answer = desk.api.get("/payload", params={"record": "mine:1"})
    assert (answer.status_code, "no longer has the message" in answer.text) == (200, True)
    assert desk.api.get("/payload", params={"record": "mine:9"}, headers=HTML).status_code == 404
