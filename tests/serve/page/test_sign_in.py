from __future__ import annotations

from collections.abc import Iterator

import pytest

from streams.serve.page.sign_in import safe_return
from streams.serve.tokens import TokenFile
from tests.serve.conftest import Client, client_of
from tests.serve.page.conftest import AWAY, HTML

ORIGIN = {"Origin": "http://127.0.0.1:6060"}


@pytest.fixture(scope="module")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> TokenFile:
    return TokenFile(tmp_path_factory.mktemp("sign-in") / "tokens")


@pytest.fixture(scope="module")
def secret(tokens: TokenFile) -> str:
    return tokens.create("ada", "curate")


@pytest.fixture(scope="module")
def browser(secret: str, tokens: TokenFile) -> Iterator[Client]:
    assert secret
    with client_of(AWAY.model_copy(update={"serve_tokens_file": str(tokens.path)}), raises=False) as client:
        client.headers.update(HTML | ORIGIN)
        client.follow_redirects = False
        yield client


def test_a_token_begins_a_session_and_leads_back(browser: Client, secret: str) -> None:
    assert 'value="/review"' in browser.get("/sign-in?return=/review").text
    answer = browser.post("/sign-in", data={"token": f" {secret} ", "to": "/review"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/review")
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "ada" in browser.get("/workers").text
    assert browser.post("/sign-out").headers["Location"] == "/"
    browser.cookies.clear()
    assert "Sign in" in browser.get("/workers").text


def test_an_unknown_token_is_said_and_not_repeated(browser: Client) -> None:
    answer = browser.post("/sign-in", data={"token": "streams_wrong", "to": "/review"})
    assert answer.status_code == 401
    assert "mistyped" in answer.text
    assert "streams_wrong" not in answer.text
    assert "Set-Cookie" not in answer.headers


def test_another_page_cannot_sign_in_or_out(browser: Client, secret: str) -> None:
    for path in ("/sign-in", "/sign-out"):
        answer = browser.post(path, data={"token": secret}, headers={"Origin": "http://evil.example"})
        assert answer.status_code == 403, path
        assert "Set-Cookie" not in answer.headers


def test_a_sign_in_leads_to_this_service_only(browser: Client, secret: str) -> None:
    for path in ("//evil.example", "/\\evil.example", "http://evil.example", "", "/a\nb", "javascript:1"):
        assert safe_return(path) == "/", path
        assert browser.post("/sign-in", data={"token": secret, "to": path}).headers["Location"] == "/", path
    assert safe_return("/pairs/a:1/b:2?x=1") == "/pairs/a:1/b:2?x=1"
    browser.cookies.clear()
