"""The session of a browser: a cookie that scripts do not see, as long as its token is there."""

from __future__ import annotations

from http.cookies import Morsel, SimpleCookie
from pathlib import Path

import pytest

from tests.serve.conftest import Client
from tests.serve.test_access import Tokens, outcome, tried

PATH = "/api/v1/session"
OWN = {"Origin": "http://127.0.0.1:6060"}


@pytest.fixture
def tokens(tmp_path: Path) -> Tokens:
    return Tokens(tmp_path / "tokens")


def begin(client: Client, token: str, **headers: str) -> Morsel[str]:
    answer = client.post(PATH, json={"token": token}, headers=OWN | headers)
    assert answer.status_code == 200
    return SimpleCookie(answer.headers["Set-Cookie"])["streams_session"]


def test_a_session_has_the_scope_of_its_token_until_it_ends(tokens: Tokens) -> None:
    with tried(tokens, serve_host="0.0.0.0") as client:  # noqa: S104
        cookie = begin(client, tokens.of["curate"])
        assert (cookie["httponly"], cookie["samesite"].lower(), cookie["path"]) == (True, "strict", "/")
        assert (cookie["max-age"], cookie["secure"], cookie["domain"]) == ("43200", "", "")
        assert tokens.of["curate"] not in cookie.value
        assert client.get(PATH).json() == {"name": "who-curate", "scope": "curate", "by": "session"}
        assert outcome(client, "POST", "/try/curate", headers=OWN) == (201, "who-curate")
        assert outcome(client, "POST", "/try/operate", headers=OWN) == (403, "scope_missing")
        assert outcome(client, "POST", "/try/curate", headers={"Origin": "https://evil.example"})[1] == "origin_refused"
        ended = client.delete(PATH, headers=OWN)
        assert ended.status_code == 204
        assert "Max-Age=0" in ended.headers["Set-Cookie"]
        assert client.get(PATH).json()["by"] == ""
        assert outcome(client, "POST", "/try/curate", headers=OWN) == (401, "token_missing")


def test_a_session_ends_with_its_token(tokens: Tokens) -> None:
    with tried(tokens) as client:
        begin(client, tokens.of["operate"])
        assert outcome(client, "POST", "/try/operate", headers=OWN)[0] == 201
        tokens.file.revoke("who-operate")
        assert outcome(client, "POST", "/try/operate", headers=OWN) == (401, "token_missing")
        assert client.get(PATH).json() == {"name": "", "scope": "read", "by": "loopback"}


def test_a_page_by_tls_gets_a_cookie_for_tls(tokens: Tokens) -> None:
    with tried(tokens, serve_allowed_hosts="streams.example") as client:
        cookie = begin(client, tokens.of["read"], Origin="https://streams.example", Host="streams.example")
        assert cookie["secure"] is True


def test_what_is_no_token_begins_no_session_and_is_not_repeated(tokens: Tokens) -> None:
    with tried(tokens) as client:
        answer = client.post(PATH, json={"token": "hunter2"})
        assert (answer.status_code, answer.json()["code"]) == (401, "token_unknown")
        for body in (
            {},
            {"token": 1},
            {"token": "hunter2" * 100},
            {"tokens": "hunter2"},
            ["hunter2"],
        ):
            answer = client.post(PATH, json=body)
            assert (answer.status_code, answer.json()["code"]) == (400, "invalid"), body
            assert "hunter2" not in answer.text
            assert "Set-Cookie" not in answer.headers


def test_a_cookie_of_another_service_beside_ours_does_no_harm(tokens: Tokens) -> None:
    with tried(tokens) as client:
        value = begin(client, tokens.of["curate"]).value
        client.cookies.clear()
        for cookies in (f"streams_session=x; streams_session={value}", f'a="b;c"; streams_session={value}; =; ;'):
            found = outcome(client, "POST", "/try/curate", headers={"Cookie": cookies})
            assert found == (201, "who-curate")
        assert outcome(client, "POST", "/try/curate", headers={"Cookie": "streams_session=x"})[1] == "token_missing"
