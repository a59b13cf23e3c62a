"""JSONP with safe names only; its CORS headers are in tests/serve/routes/test_reconcile.py."""

from __future__ import annotations

import json

import pytest
from litestar import Litestar, Router, get
from litestar.testing import TestClient

from streams.serve.problems import HANDLERS, ProblemError
from streams.serve.reconcile.cross_origin import cross_origin, json_answer


@pytest.mark.parametrize("name", ["f", "jQuery36005_1623", "$", "_", "a.b.c", "angular.callbacks._0"])
def test_a_callback_is_called_with_the_answer(name: str) -> None:
    answer = json_answer({"a": "</script>\u2028\u2029ü"}, name)
    assert answer.media_type == "application/javascript"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    text = answer.content.decode()
    assert text.startswith(f"/**/{name}(")
    assert text.endswith(");")
    assert "\u2028" not in text
    assert "\u2029" not in text
    assert json.loads(text.removeprefix(f"/**/{name}(").removesuffix(");")) == {"a": "</script>\u2028\u2029ü"}


@pytest.mark.parametrize(
    "name",
    [
        "",
        "1a",
        "a b",
        "alert(1)//",
        "a;b",
        "a[0]",
        "a.",
        ".a",
        "a..b",
        "f\n",
        "é",
        "<script>",
        "a" * 200,
        "a.b.c.d.e.f.g",
    ],
)
def test_what_is_more_than_a_name_is_refused(name: str) -> None:
    with pytest.raises(ProblemError, match="callback"):
        json_answer({}, name)


def test_without_a_callback_it_is_json() -> None:
    answer = json_answer({"a": 1})
    assert (answer.content, answer.media_type) == (b'{"a":1}', "application/json")


def test_answers_and_errors_are_open_to_every_origin_without_credentials() -> None:
    @get("/fine")
    async def fine() -> str:
        return "fine"

    @get("/fault")
    async def fault() -> str:
        raise ProblemError(400, "invalid", "wrong")

    app = Litestar([Router("/", route_handlers=[fine, fault], middleware=[cross_origin])], exception_handlers=HANDLERS)
    with TestClient(app) as client:
        for path, status in (("/fine", 200), ("/fault", 400)):
            answer = client.get(path, headers={"Origin": "https://elsewhere.example"})
            assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (status, "*")
            assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
            assert "Access-Control-Allow-Credentials" not in answer.headers
            assert "Access-Control-Allow-Methods" not in answer.headers
        preflight = client.options("/fine", headers={"Access-Control-Request-Method": "POST"})
        assert preflight.status_code == 204
        assert "POST" in preflight.headers["Access-Control-Allow-Methods"]
