"""The overview over a real broker, Redis and an engine; a browser looks at it in tests/browser."""

from __future__ import annotations

from streams.serve.app import create_app
from streams.serve.resources import Resources
from streams.settings import Settings
from tests.serve.conftest import Client
from tests.serve.desk import CHAPTER, Desk
from tests.serve.page.conftest import HTML
from tests.system.processes import wait_for


def shown(desk: Desk, words: str, path: str = "/") -> str:
    return str(wait_for(lambda: words in (found := desk.api.get(path, headers=HTML).text) and found, words))


def test_it_shows_totals_overlap_and_decisions_with_their_evidence(desk: Desk) -> None:
    desk.send("mine:1/a", CHAPTER | {"title": "<script>alert(1)</script> Corals and their kin of the reef"})
    desk.send("theirs:2", CHAPTER | {"title": "<script>alert(1)</script> Corals and their kin of the reef"})
    desk.send("mine:3", None)
    page = shown(desk, 'href="/pairs/mine:1%2Fa/theirs:2"')
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
    page = shown(desk, 'title="mine and theirs: 100.0 % of the smaller">1</td>')
    assert "<b>2</b> records are <b>1</b> papers" in page
    assert "no heartbeat in the last 15 seconds" in page
    rows = desk.api.get("/overview/decisions").text
    assert rows.count("<tr>") == 2
    assert "<html" not in rows


def test_while_redis_and_kafka_are_away_it_says_so(visitor: Client) -> None:
    page = wait_for(lambda: "Redis is away" in (found := visitor.get("/").text) and found, "the state of Redis")
    assert "No decision yet" in page
    assert "Not counted yet" in page
    assert "The broker is away" in page


def test_the_pages_are_no_part_of_the_description_of_the_api() -> None:
    paths = create_app(Resources(Settings(redis_url="redis://127.0.0.1:1"))).openapi_schema.paths or {}
    assert all(path.startswith(("/api/v1", "/reconcile")) for path in paths)
