from __future__ import annotations

from tests.query.conftest import Library
from tests.serve.conftest import Client
from tests.serve.page.conftest import HTML
from tests.serve.routes.test_stats import beat
from tests.system.processes import wait_for


def test_a_worker_is_shown_with_why_it_is_not_ready(client: Client, library: Library) -> None:
    assert "No worker has had a heartbeat" in client.get("/workers", headers=HTML).text
    beat(library, 1200)
    page = wait_for(
        lambda: "kafka: away" in (found := client.get("/workers", headers=HTML).text) and found, "the worker"
    )
    assert "not ready" in page
    assert "1,200" in page
    part = client.get("/workers", headers=HTML | {"HX-Request": "true"}).text
    assert "kafka: away" in part
    assert "<html" not in part


def test_while_redis_is_away_it_says_since_when(visitor: Client) -> None:
    page = wait_for(lambda: "is not read:" in (found := visitor.get("/workers").text) and found, "the state of Redis")
    assert 'role="alert"' in page
