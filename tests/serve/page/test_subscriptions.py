from __future__ import annotations

from tests.query.conftest import Library
from tests.serve.conftest import Client
from tests.serve.desk import CHAPTER, Desk
from tests.serve.page.conftest import HTML
from tests.serve.page.forms import Form, text_of
from tests.serve.routes.test_webhooks import store
from tests.system.processes import wait_for


def test_without_subscribers_it_says_how_to_become_one(desk: Desk, broker_kind: str) -> None:
    desk.send("mine:1", CHAPTER)
    page = wait_for(
        lambda: "Events are not read" not in (found := desk.api.get("/subscriptions", headers=HTML).text) and found,
        "events are read",
    )
    assert "Nobody listens at the moment" in page
    groups = desk.api.get("/subscriptions/groups", headers=HTML).text
    assert ("The embedded broker does not say" in groups) == (broker_kind == "tansu")
    part = desk.api.get("/subscriptions", headers=HTML | {"HX-Request": "true"}).text
    assert "<html" not in part


def test_operators_see_the_endpoints_of_webhooks_and_turn_one_on(operator: Client, library: Library) -> None:
    states = store(library)
    assert 'hx-get="/subscriptions/webhooks"' in operator.get("/subscriptions", headers=HTML).text
    page = operator.get("/subscriptions/webhooks", headers=HTML)
    assert "off 1970-01-01" in text_of(page)
    assert "it answered 410 Gone" in page.text
    part = operator.get("/subscriptions/webhooks", headers=HTML | {"HX-Request": "true"}).text
    assert "<html" not in part
    assert Form(page, "/enable").send(operator).status_code == 200
    assert states.asked(["a"])["a"].enable > 0
    del operator.headers["Authorization"]
    assert "are shown to operators" in operator.get("/subscriptions", headers=HTML).text
    assert operator.get("/subscriptions/webhooks", headers=HTML).url.path == "/sign-in"
