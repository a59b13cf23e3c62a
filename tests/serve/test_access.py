"""Who may do what: on loopback and beyond, by token, by session, by a proxy; and that no route is open by mistake."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from litestar import Litestar, get, post
from litestar.di import NamedDependency
from litestar.routes import HTTPRoute

from streams.errors import SettingsError
from streams.serve.access import Access, Caller, requires
from streams.serve.app import create_app
from streams.serve.resources import Resources
from streams.serve.tokens import SCOPES, Scope, TokenFile
from streams.settings import Settings
from tests.serve.conftest import Client, client_of

EVERYWHERE = "0.0.0.0"  # noqa: S104
PROXY: dict[str, Any] = {
    "serve_trusted_user_header": "X-Forwarded-User",
    "serve_trusted_proxies": "127.0.0.1,10.0.0.0/8",
}
OF_THE_SIGN_IN = ("/sign-in", "/sign-out", "/static/name")
"""Open to all, as the page to sign in is."""
ASKS_BY_POST = {
    "/api/v1/lookup", "/api/v1/match", "/api/v1/session", "/api/v1/corrections/preview", "/reconcile", "/search", "/review/blind",
}  # fmt: skip
"""Paths whose POST changes nothing."""


@get("/try/read", sync_to_thread=False)
def try_read(caller: NamedDependency[Caller]) -> str:
    return caller.name


@post("/try/silent", sync_to_thread=False)
def try_silent(caller: NamedDependency[Caller]) -> str:
    return caller.name


@post("/try/curate", guards=[requires("curate")], sync_to_thread=False)
def try_curate(caller: NamedDependency[Caller]) -> str:
    return caller.name


@post("/try/operate", guards=[requires("operate")], sync_to_thread=False)
def try_operate(caller: NamedDependency[Caller]) -> str:
    return caller.name


@post("/try/ask", guards=[requires("read")], sync_to_thread=False)
def try_ask(caller: NamedDependency[Caller]) -> str:
    return caller.name


NEEDS: dict[tuple[str, str], Scope] = {
    ("GET", "/try/read"): "read",
    ("POST", "/try/ask"): "read",
    ("POST", "/try/silent"): "curate",
    ("POST", "/try/curate"): "curate",
    ("POST", "/try/operate"): "operate",
}


class Tokens:
    """A token of each scope in a file."""

    def __init__(self, path: Path) -> None:
        self.file = TokenFile(path)
        self.of = {scope: self.file.create(f"who-{scope}", scope) for scope in SCOPES}

    def header(self, scope: Scope) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.of[scope]}"}


@pytest.fixture
def tokens(tmp_path: Path) -> Tokens:
    return Tokens(tmp_path / "tokens")


@contextmanager
def tried(tokens: Tokens, **settings: Any) -> Iterator[Client]:
    """Open the application with routes that need each of the scopes. No server is behind it."""
    own: dict[str, Any] = {
        "serve_tokens_file": str(tokens.file.path),
        "serve_requests_per_second": 0,
        "redis_url": "redis://127.0.0.1:1",
    }
    with client_of(Settings(**own | settings)) as client:
        for handler in (try_read, try_silent, try_curate, try_operate, try_ask):
            client.app.register(handler)
        yield client


def outcome(client: Client, method: str, path: str, **given: Any) -> tuple[int, str]:
    """Return the status of a request, and the code of the problem or what was answered."""
    answer = client.request(method, path, **given)
    if answer.status_code < 400:
        return answer.status_code, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert ("WWW-Authenticate" in answer.headers) == (answer.status_code == 401)
    return answer.status_code, answer.json()["code"]


def test_on_loopback_everyone_may_read_and_nobody_may_write_without_a_token(tokens: Tokens) -> None:
    with tried(tokens) as client:
        for (method, path), needed in NEEDS.items():
            found = outcome(client, method, path)
            assert found[1] == ("" if needed == "read" else "token_missing"), path
            assert (found[0] < 400) == (needed == "read")


def test_a_scope_includes_those_before_it(tokens: Tokens) -> None:
    for host in ("127.0.0.1", EVERYWHERE):
        with tried(tokens, serve_host=host) as client:
            for has in SCOPES:
                for (method, path), needed in NEEDS.items():
                    found = outcome(client, method, path, headers=tokens.header(has))
                    enough = SCOPES.index(has) >= SCOPES.index(needed)
                    assert found[1] == (f"who-{has}" if enough else "scope_missing"), (has, path)
                    assert (found[0] == 403) != enough


def test_beyond_loopback_a_stranger_gets_the_status_of_probes_alone(tokens: Tokens) -> None:
    with tried(tokens, serve_host=EVERYWHERE) as client:
        for method, path in (
            *NEEDS,
            ("GET", "/metrics"),
            ("GET", "/api/v1/openapi.json"),
            ("GET", "/api/v1/lookup?q=a"),
        ):
            assert outcome(client, method, path) == (401, "token_missing"), path
        assert outcome(client, "GET", "/healthz")[0] == 200
        ready = client.get("/readyz")
        assert (ready.status_code, ready.json()) == (503, {"ok": False})
        assert "127.0.0.1:1" in client.get("/readyz", headers=tokens.header("read")).json()["reason"]
        assert client.get("/api/v1/session").json() == {"name": "", "scope": "", "by": ""}


def test_an_unknown_token_is_refused_also_where_none_is_needed(tokens: Tokens) -> None:
    with tried(tokens) as client:
        for header in ("Bearer streams_x", "Bearer", "Basic YTpi", "bearer  ", ""):
            assert outcome(client, "GET", "/try/read", headers={"Authorization": header}) == (401, "token_unknown")
        two = [("Authorization", f"Bearer {tokens.of['read']}")] * 2
        assert outcome(client, "GET", "/try/read", headers=two) == (401, "token_unknown")
        assert outcome(client, "GET", "/nothing", headers={"Authorization": "Bearer x"}) == (401, "token_unknown")
        assert client.get("/healthz", headers={"Authorization": "Bearer x"}).status_code == 200
        ready = client.get("/readyz", headers={"Authorization": "Bearer x"})
        assert ready.json() == {"ok": False}


def test_a_token_counts_from_when_it_is_made_until_it_is_revoked(tokens: Tokens) -> None:
    with tried(tokens, serve_host=EVERYWHERE) as client:
        header = {"Authorization": f"Bearer {tokens.file.create('new', 'curate')}"}
        assert outcome(client, "POST", "/try/curate", headers=header) == (201, "new")
        tokens.file.revoke("new")
        assert outcome(client, "POST", "/try/curate", headers=header) == (401, "token_unknown")


def test_without_a_file_of_tokens_loopback_may_read(tokens: Tokens) -> None:
    with tried(tokens, serve_tokens_file="") as client:
        assert outcome(client, "GET", "/try/read") == (200, "")
        assert outcome(client, "POST", "/try/curate") == (401, "token_missing")
        assert outcome(client, "POST", "/try/curate", headers=tokens.header("operate")) == (401, "token_unknown")
        assert outcome(client, "POST", "/api/v1/session", json={"token": tokens.of["read"]})[1] == "token_unknown"


def test_what_comes_through_a_proxy_is_not_of_this_machine(tokens: Tokens) -> None:
    with tried(tokens) as client:
        for header in ("Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP"):
            assert outcome(client, "GET", "/try/read", headers={header: "192.0.2.7"}) == (401, "token_missing")
            both = tokens.header("read") | {header: "192.0.2.7"}
            assert outcome(client, "GET", "/try/read", headers=both) == (200, "who-read")


def test_a_service_with_a_name_of_its_own_is_not_open_on_loopback(tokens: Tokens) -> None:
    with tried(tokens, serve_allowed_hosts="streams.example") as client:
        assert outcome(client, "GET", "/try/read") == (401, "token_missing")


class TestProxies:
    """Users whom a proxy names; the address of the test's client is set as uvicorn would."""

    @pytest.fixture
    def proxied(self, tokens: Tokens) -> Iterator[Client]:
        with tried(tokens, serve_host=EVERYWHERE, serve_trusted_scope="curate", **PROXY) as client:
            yield client

    def ask(self, client: Client, peer: str, *headers: tuple[str, str], path: str = "/try/curate") -> tuple[int, str]:
        inner = client.app.asgi_handler

        async def from_peer(scope: Any, receive: Any, send: Any) -> None:
            await inner(scope | {"client": (peer, 50_000)}, receive, send)

        client.app.asgi_handler = from_peer
        try:
            return outcome(client, "POST", path, headers=list(headers))
        finally:
            client.app.asgi_handler = inner

    def test_a_trusted_proxy_names_the_user(self, proxied: Client) -> None:
        named = ("x-forwarded-user", "ada@example.org")
        for peer in ("127.0.0.1", "10.1.2.3", "::ffff:10.1.2.3"):
            assert self.ask(proxied, peer, named) == (201, "ada@example.org")
            assert self.ask(proxied, peer, named, path="/try/operate") == (403, "scope_missing")

    def test_another_client_names_none(self, proxied: Client) -> None:
        for peer in ("192.0.2.7", "::1", "testclient", "", "11.0.0.1"):
            assert self.ask(proxied, peer, ("X-Forwarded-User", "ada")) == (401, "token_missing")

    def test_a_proxy_that_names_no_user_names_none(self, proxied: Client) -> None:
        for user in ("", "a, b", "a" * 201, "a\x1b[2J"):
            assert self.ask(proxied, "10.0.0.7", ("X-Forwarded-User", user)) == (401, "token_missing")
        two = [("X-Forwarded-User", "a"), ("X-Forwarded-User", "b")]
        assert self.ask(proxied, "10.0.0.7", *two) == (401, "token_missing")
        assert self.ask(proxied, "10.0.0.7", ("X-Forwarded-For", "10.0.0.1")) == (401, "token_missing")

    def test_a_token_is_known_through_a_proxy_and_its_own_token_is_not_needed(
        self, proxied: Client, tokens: Tokens
    ) -> None:
        token = ("Authorization", f"Bearer {tokens.of['operate']}")
        named = ("X-Forwarded-User", "ada")
        assert self.ask(proxied, "10.0.0.7", token, path="/try/operate") == (201, "who-operate")
        assert self.ask(proxied, "10.0.0.7", token, named, path="/try/operate") == (201, "who-operate")
        assert self.ask(proxied, "10.0.0.7", ("Authorization", "Bearer of-the-proxy"), named) == (201, "ada")
        assert self.ask(proxied, "10.0.0.7", ("Authorization", "Bearer of-the-proxy"))[1] == "token_unknown"

    def test_a_page_of_another_origin_does_not_write_by_the_user_of_the_proxy(self, proxied: Client) -> None:
        named, evil = ("X-Forwarded-User", "ada"), ("Origin", "https://evil.example")
        assert self.ask(proxied, "10.0.0.7", named, evil) == (403, "origin_refused")
        assert self.ask(proxied, "10.0.0.7", named, evil, path="/try/ask")[0] == 201

    def test_reads_are_not_open_on_loopback_behind_a_proxy(self, tokens: Tokens) -> None:
        with tried(tokens, **PROXY) as client:
            assert outcome(client, "GET", "/try/read") == (401, "token_missing")


def test_a_page_of_another_origin_does_not_write(tokens: Tokens) -> None:
    with tried(tokens) as client:
        for origin in ("https://evil.example", "null", "http://127.0.0.1:3333", "http://localhost:6060"):
            foreign = tokens.header("operate") | {"Origin": origin}
            for path in ("/try/silent", "/try/curate", "/try/operate"):
                assert outcome(client, "POST", path, headers=foreign) == (403, "origin_refused")
            begins = {"json": {"token": tokens.of["read"]}}
            assert outcome(client, "POST", "/api/v1/session", headers=foreign, **begins) == (403, "origin_refused")
            assert outcome(client, "DELETE", "/api/v1/session", headers=foreign) == (403, "origin_refused")
            assert outcome(client, "POST", "/try/ask", headers=foreign)[0] == 201
        same = tokens.header("operate") | {"Origin": "http://127.0.0.1:6060"}
        assert outcome(client, "POST", "/try/curate", headers=same)[0] == 201


def test_it_does_not_start_where_it_would_be_open_to_all(tmp_path: Path, tokens: Tokens) -> None:
    for host in (EVERYWHERE, "10.0.0.7", "streams.internal", "::"):
        with pytest.raises(SettingsError, match=r"STREAMS_SERVE_TOKENS_FILE: is not set, but STREAMS_SERVE_HOST is"):
            Access.of(Settings(serve_host=host))
    empty = tmp_path / "empty"
    empty.touch()
    with pytest.raises(SettingsError, match=r"STREAMS_SERVE_TOKENS_FILE: has no token in it"):
        Access.of(Settings(serve_host=EVERYWHERE, serve_tokens_file=str(empty)))
    Access.of(Settings(serve_host=EVERYWHERE, serve_tokens_file=str(tokens.file.path)))
    Access.of(Settings(serve_host=EVERYWHERE, **PROXY))
    Access.of(Settings(serve_tokens_file=str(empty)))


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"serve_trusted_user_header": "X-User"}, "STREAMS_SERVE_TRUSTED_PROXIES: is not set"),
        ({"serve_trusted_proxies": "10.0.0.7"}, "STREAMS_SERVE_TRUSTED_USER_HEADER: is not set"),
        (PROXY | {"serve_trusted_proxies": "proxy.example"}, "STREAMS_SERVE_TRUSTED_PROXIES: 'proxy.example'"),
        (PROXY | {"serve_trusted_proxies": "10.0.0.7/8"}, "STREAMS_SERVE_TRUSTED_PROXIES: 10.0.0.7/8"),
        ({"serve_allowed_hosts": "a:b"}, "STREAMS_SERVE_ALLOWED_HOSTS: a:b"),
        ({"serve_tokens_file": "/none"}, "STREAMS_SERVE_TOKENS_FILE: /none cannot be read"),
    ],
)
def test_settings_that_cannot_be_meant_are_named(settings: dict[str, str], said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Access.of(Settings.model_validate(settings))
    assert str(caught.value).startswith(said)


def every_route(app: Litestar) -> Iterator[tuple[str, str]]:
    for route in app.routes:
        assert isinstance(route, HTTPRoute)
        for handler in route.route_handlers:
            for method in sorted(handler.http_methods - {"OPTIONS"}):
                yield str(method), route.path_format.replace("{", "").replace("}", "")


@pytest.fixture
def routes() -> list[tuple[str, str]]:
    return list(every_route(create_app(Resources(Settings(redis_url="redis://127.0.0.1:1")))))


def test_no_route_changes_anything_without_a_token_and_none_is_open_beyond_loopback(
    tokens: Tokens, routes: list[tuple[str, str]]
) -> None:
    """Hold for every route there is, also those that are written after this test."""
    assert ("GET", "/api/v1/clusters/cluster_id") in routes
    with tried(tokens) as client:
        for method, path in routes:
            if method not in ("GET", "HEAD") and path not in (*ASKS_BY_POST, *OF_THE_SIGN_IN):
                assert outcome(client, method, path) == (401, "token_missing"), path
                found = outcome(client, method, path, headers=tokens.header("read"))
                assert found == (403, "scope_missing"), path
    with tried(tokens, serve_host=EVERYWHERE) as client:
        for method, path in routes:
            if path not in ("/healthz", "/readyz", "/api/v1/session", *OF_THE_SIGN_IN):
                assert outcome(client, method, path) == (401, "token_missing"), path


def test_the_author_is_the_name_and_loopback_where_there_is_none() -> None:
    assert Caller("ada", "curate", "token").author == "ada"
    assert Caller("", "read", "loopback").author == "loopback"
