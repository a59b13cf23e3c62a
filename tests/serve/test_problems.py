"""Errors are problem documents, also those that nobody foresaw."""

from __future__ import annotations

import pytest

from streams.serve.resources import Resources
from streams.settings import Settings
from tests.serve.conftest import Client, client_of


def test_a_path_that_there_is_not_and_a_wrong_method(client: Client) -> None:
    for method, path, status, code in (
        ("GET", "/api/v1/nothing", 404, "unknown_path"),
        ("DELETE", "/api/v1/lookup", 405, "method_not_allowed"),
    ):
        answer = client.request(method, path)
        assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json")
        body = answer.json()
        assert (body["status"], body["code"]) == (status, code)
        assert body["type"].endswith(code)
        assert body["title"]
        assert body["detail"]


def test_an_error_inside_a_question_is_logged_and_says_nothing_of_itself(
    generation: Settings,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    resources = Resources(generation)

    async def fail(_question: object) -> None:
        raise ZeroDivisionError("7 / 0")

    monkeypatch.setattr(resources, "ask", fail)
    with client_of(generation, resources, raises=False) as client:
        answer = client.get("/api/v1/records/mine:1")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert "7 / 0" in caplog.text
    assert "7 / 0" not in answer.text
