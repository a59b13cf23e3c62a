"""What every request passes: the expected host, the pace of its client, the size of its body; and the headers of every response."""

from __future__ import annotations

import http.client
import logging
from pathlib import Path
from typing import Any

import pytest
from litestar import Response, get, post
from litestar.params import JSONBody
from prometheus_client.parser import text_string_to_metric_families

from streams.serve import guards
from streams.serve.access import OPEN_TO_ALL, requires
from streams.serve.tokens import digest
from streams.settings import Settings
from tests.serve.conftest import Client, client_of
from tests.serve.running import Server, served
from tests.serve.test_access import Tokens

AWAY: dict[str, Any] = {"redis_url": "redis://127.0.0.1:1", "serve_requests_per_second": 0}
SESSION = "/api/v1/session"


@get("/try/page", media_type="text/html", opt=OPEN_TO_ALL, sync_to_thread=False)
def try_page() -> str:
    return "<p>"


@get("/try/own", opt=OPEN_TO_ALL, sync_to_thread=False)
def try_own() -> Response[str]:
    headers = {
        "Content-Security-Policy": "frame-ancestors http://127.0.0.1:3333",
        "Server": "secret/1.0",
        "Cache-Control": "no-cache",
    }
    return Response("", headers=headers)


@post("/try/body", guards=[requires("read")], sync_to_thread=False)
def try_body(data: JSONBody[dict[str, Any]]) -> int:
    return len(data)


@get("/try/fails", opt=OPEN_TO_ALL, sync_to_thread=False)
def try_fails() -> str:
    raise ZeroDivisionError


def code(answer: Any) -> tuple[int, str]:
    assert answer.headers["Content-Type"] == "application/problem+json"
    return answer.status_code, answer.json()["code"]


def test_a_page_that_gives_its_name_our_address_reads_nothing() -> None:
    with client_of(Settings(**AWAY)) as client:
        for host in ("evil.example", "127.0.0.1.evil.example:6060", "evil.example:6060", "[::2]:6060"):
            for path in ("/metrics", "/nothing", "/api/v1/openapi.json", SESSION):
                assert code(client.get(path, headers={"Host": host})) == (403, "host_refused")
            assert client.get("/healthz", headers={"Host": host}).json() == {"ok": True}
        ready = client.get("/readyz", headers={"Host": host})
        assert (ready.status_code, ready.json()) == (503, {"ok": False})


def test_the_names_of_the_settings_are_taken(tmp_path: Path) -> None:
    tokens = Tokens(tmp_path / "tokens")
    own: dict[str, Any] = {"serve_allowed_hosts": "streams.example", "serve_tokens_file": str(tokens.file.path)}
    with client_of(Settings(**AWAY, **own)) as client:
        for host in ("streams.example", "STREAMS.example:8443", "localhost", "127.0.0.1:1"):
            assert client.get(SESSION, headers={"Host": host} | tokens.header("read")).json()["name"] == "who-read"


def test_every_response_has_strict_headers(client: Client) -> None:
    client.app.register(try_page)
    client.app.register(try_own)
    paths = (
        "/healthz",
        "/metrics",
        "/nothing",
        "/api/v1/openapi.json",
        "/api/v1/records/mine:1",
        "/api/v1/records/mine:9",
        "/try/page",
    )
    refused: tuple[dict[str, str], ...] = ({"Host": "evil.example"}, {"Authorization": "Bearer x"}, {})
    for path in paths:
        for headers in refused:
            given = client.get(path, headers=headers).headers
            assert (given["X-Content-Type-Options"], given["Referrer-Policy"]) == ("nosniff", "no-referrer")
            assert (given["X-Frame-Options"], given["Cross-Origin-Resource-Policy"]) == ("DENY", "same-origin")
            is_page = given["Content-Type"].startswith("text/html")
            assert given["Content-Security-Policy"] == (
                "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
                if is_page
                else "default-src 'none'; frame-ancestors 'none'"
            )
            assert given["Cache-Control"]
            assert not [name for name in given if name.startswith("access-control-") or name == "server"]
    own = client.get("/try/own").headers
    assert own["Content-Security-Policy"] == "frame-ancestors http://127.0.0.1:3333"
    assert own["Cache-Control"] == "no-cache"
    assert "X-Frame-Options" not in own
    assert "server" not in own
    options = client.options(
        "/api/v1/lookup", headers={"Origin": "https://a.example", "Access-Control-Request-Method": "POST"}
    )
    assert not [name for name in options.headers if name.startswith("access-control-")]


def test_a_client_that_asks_too_fast_is_told_when_to_come_back(tmp_path: Path) -> None:
    tokens = Tokens(tmp_path / "tokens")
    own = {"serve_requests_per_second": 5, "serve_tokens_file": str(tokens.file.path)}
    with client_of(Settings(**AWAY | own)) as client:
        assert [client.get(SESSION).status_code for _ in range(10)] == [200] * 10
        late = [client.get(path) for path in (SESSION, "/nothing", "/metrics")]
        assert [code(answer) for answer in late] == [(429, "too_many_requests")] * 3
        assert [answer.headers["Retry-After"] for answer in late] == ["1"] * 3
        assert client.get(SESSION, headers={"Authorization": "Bearer x"}).status_code == 429, "guesses count too"
        assert client.get(SESSION, headers={"Host": "evil.example"}).status_code == 429
        assert [client.get("/healthz").status_code for _ in range(20)] == [200] * 20
        mine = [client.get(SESSION, headers=tokens.header("curate")).status_code for _ in range(11)]
        assert mine == [200] * 10 + [429], "a token has a pace of its own"
        metrics = client.get("/metrics", headers=tokens.header("operate")).text
    families = {family.name: family for family in text_string_to_metric_families(metrics)}
    counts = {s.labels["code"]: s.value for s in families["streams_serve_refused"].samples}
    assert counts == {"host_refused": 0, "token_unknown": 0, "busy": 0, "too_many_requests": 6}


def test_too_many_requests_at_once_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guards, "MOST_REQUESTS", 0)
    with client_of(Settings(**AWAY)) as client:
        busy = client.get(SESSION)
        assert code(busy) == (503, "busy")
        assert busy.headers["Retry-After"] == "1"
        assert client.get("/healthz").status_code == 200


def test_a_request_that_is_answered_is_not_counted_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guards, "MOST_REQUESTS", 1)
    with client_of(Settings(**AWAY), raises=False) as client:
        client.app.register(try_fails)
        found = [client.get(path).status_code for path in (SESSION, "/nothing", "/try/fails", SESSION)]
    assert found == [200, 404, 500, 200]


def test_on_a_real_connection() -> None:
    """Refusals as they are on the wire: of bodies that are too large, of two hosts or none, of an address that is made up."""
    with served([try_body], {"serve_requests_per_second": 20}) as own:
        json = {"Content-Type": "application/json"}
        large = b'{"a": "' + b"x" * 1_000_000 + b'"}'
        for body in (large, iter([large[:500_000], large[500_000:]])):
            status, text = sent(own, body, json)
            assert (status, b'"too_large"' in text) == (413, True)
        assert sent(own, large[:900_000] + b'"}', json) == (201, b"1")
        assert b"server:" not in raw(own, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n").lower()
        for hosts in (b"Host: localhost\r\nHost: evil.example\r\n", b""):
            assert raw(own, b"GET /api/v1/session HTTP/1.1\r\n" + hosts).startswith((b"HTTP/1.1 400", b"HTTP/1.1 403"))
        assert raw(own, b"GET /api/v1/session HTTP/1.0\r\n").startswith(b"HTTP/1.1 403")
        made_up = [own.answer(SESSION, headers={"X-Forwarded-For": f"192.0.2.{n}"})[0] for n in range(60)]
        assert 429 in made_up, "no client chooses the address that it is counted by"


def test_no_log_answer_or_metric_shows_a_token_or_a_session(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    tokens = Tokens(tmp_path / "tokens")
    unknown = "streams_" + "hunter2" * 7
    answers: list[bytes] = []
    with served([try_fails], {"serve_tokens_file": str(tokens.file.path)}) as own:
        for token in (*tokens.of.values(), unknown):
            header = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
            begun = own.answer(SESSION, method="POST", body=b'{"token": "%s"}' % token.encode(), headers=header)
            answers.append(begun[1])
            for path in (SESSION, "/healthz", f"/try/fails?token={token}"):
                answers.append(own.answer(path, headers=header)[1])
            for headers in ({"Cookie": f"streams_session={token}"}, {"Authorization": f"Basic {token}"}):
                answers.append(own.answer("/api/v1/openapi.json", headers=headers)[1])
            for path in (f"/{token}", f"/api/v1/nothing?token={token}", f"/api/v1/session/{token}"):
                answers.append(own.answer(path)[1])
            for body in (token, f'"{token}"', f'{{"token": ["{token}"]}}', f'{{"{token}": 1}}', f"[{token}"):
                answers.append(own.answer(SESSION, method="POST", body=body.encode(), headers=header)[1])
            with own.connect(f"GET {token}\r\n\r\n".encode()) as broken:
                answers.append(broken.recv(65_536))
        answers += [own.answer(path)[1] for path in ("/metrics", "/readyz", f"/api/v1/records/{unknown}")]
        tokens.file.path.write_text("".join(f"who read {token}\n" for token in tokens.of.values()))
        answers.append(own.answer(SESSION, headers=header)[1])
    cookies = [digest(token) for token in tokens.of.values()]
    written = caplog.text + b"".join(answers).decode()
    assert "request_failed" in str([record.__dict__ for record in caplog.records])
    assert "is malformed and left out" in caplog.text
    for secret in (*tokens.of.values(), unknown, *cookies):
        assert secret not in written
        assert secret not in str([record.__dict__ for record in caplog.records])


def sent(own: Server, body: Any, headers: dict[str, str]) -> tuple[int, bytes]:
    """Post a body, and read the answer although it may come before the body was sent."""
    connection = http.client.HTTPConnection("127.0.0.1", own.port, timeout=20)
    try:
        connection.request("POST", "/try/body", body=body, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def raw(own: Server, head: bytes) -> bytes:
    with own.connect(head + b"Connection: close\r\n\r\n") as connection:
        text = b""
        while got := connection.recv(65_536):
            text += got
        return text
