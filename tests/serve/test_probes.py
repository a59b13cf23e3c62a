"""The probes of `streams serve`, with Redis there and away."""

from __future__ import annotations

from streams.local.broker import free_port
from streams.settings import Settings
from tests.serve.conftest import Client, client_of


def test_it_is_ready_where_redis_answers(client: Client) -> None:
    assert (client.get("/healthz").status_code, client.get("/readyz").json()) == (200, {"ok": True})


def test_without_redis_it_is_live_and_says_why_it_is_not_ready(generation: Settings) -> None:
    away = generation.model_copy(update={"redis_url": f"redis://127.0.0.1:{free_port()}"})
    with client_of(away) as client:
        assert client.get("/healthz").status_code == 200
        ready = client.get("/readyz")
        assert (ready.status_code, "Connection refused" in ready.json()["reason"]) == (503, True)
        asked = client.get("/api/v1/records/mine:1")
        assert (asked.status_code, asked.json()["code"]) == (503, "unavailable")
        assert int(asked.headers["Retry-After"]) > 0
