from __future__ import annotations

from tests.serve.desk import CHAPTER, Desk
from tests.serve.page.conftest import HTML
from tests.system.processes import wait_for


def test_without_subscribers_it_says_how_to_become_one(desk: Desk, broker_kind: str) -> None:
    desk.send("mine:1", CHAPTER)
    page = wait_for(
        lambda: "Events are not read" not in (found := desk.api.get("/subscriptions", headers=HTML).text) and found,
        "events are read",
    )
    assert "Nobody listens over SSE" in page
    groups = desk.api.get("/subscriptions/groups", headers=HTML).text
    assert ("The embedded broker does not say" in groups) == (broker_kind == "tansu")
    part = desk.api.get("/subscriptions", headers=HTML | {"HX-Request": "true"}).text
    assert "<html" not in part
