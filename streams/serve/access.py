"""Who sent a request, and what that client may do: scopes `read`, `curate` and `operate`, each including those before it.

A route says what it needs by a guard, and the author of a change is the caller:

    @post("/corrections", guards=[requires("curate")], security=TOKEN_NEEDED, …)
    async def correct(caller: NamedDependency[Caller], …) -> …:
        … author=caller.author

| a route without a guard        | needs                                                                              |
|--------------------------------|------------------------------------------------------------------------------------|
| GET, HEAD, OPTIONS             | `read`                                                                             |
| other methods                  | `curate`: a POST that only asks needs `guards=[requires("read")]`                  |
| one with `opt=OPEN_TO_ALL`     | nothing: probes, and the start of a session                                        |

| a request with                | is from                                                                           |
|-------------------------------|-----------------------------------------------------------------------------------|
| `Authorization: Bearer …`     | the token's name, with its scope; an unknown token is refused                     |
| the header of a trusted proxy | the user it names, with `STREAMS_SERVE_TRUSTED_SCOPE`                             |
| the cookie of a session       | the token's name, with its scope, as long as the token is there                   |
| none of these                 | a person at this machine, who may read, where the port is on loopback and no proxy |
|                               | is in front of it; elsewhere a stranger, who may do nothing                       |

What needs more than `read` is refused where `Origin` names another page than one of this service, whatever the request has: a
browser adds cookies, and a proxy its user, to requests that other pages make it send.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any, Literal, NamedTuple, Self, TypeAlias

import msgspec
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from streams.errors import SettingsError
from streams.serve.hosts import Hosts
from streams.serve.problems import ProblemError
from streams.serve.sessions import Sessions
from streams.serve.tokens import SCOPES, Scope, Token, TokenReader
from streams.settings import PREFIX, Settings
from streams.settings.addresses import is_loopback
from streams.settings.redaction import hide_tokens

__all__ = [
    "OPEN_TO_ALL", "SESSION_COOKIE", "TOKEN_NEEDED", "Access", "Caller", "Headers", "by_default", "requires", "unknown_token",
]  # fmt: skip

Headers: TypeAlias = Iterable[tuple[bytes, bytes]]
Connection: TypeAlias = ASGIConnection[Any, Any, Any, Any]

SESSION_COOKIE = "streams_session"
OPEN_TO_ALL = {"open_to_all": True}
"""`opt` of a route that needs no token anywhere."""
TOKEN_NEEDED: list[dict[str, list[str]]] = [{"token": []}, {"session": []}]
"""`security` of a route that needs a token everywhere, for the description of the API."""

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_OF_PROXIES = frozenset({b"forwarded", b"via", b"x-forwarded-for", b"x-forwarded-host", b"x-real-ip"})
_LONGEST_USER = 200
_LOOPBACK = "loopback"
_WAYS = "send `Authorization: Bearer …` with a token, or begin a session (POST /api/v1/session)"


class Caller(msgspec.Struct, frozen=True):
    """Who sent a request, and with which scope: none where it may do nothing. `by` says how it is known; `name` is an author."""

    name: str = ""
    scope: Scope | Literal[""] = ""
    by: Literal["token", "session", "proxy", "loopback", ""] = ""

    @property
    def author(self) -> str:
        """The name in corrections and claims, `loopback` for a person at this machine without a token."""
        return self.name or _LOOPBACK

    def may(self, needed: Scope) -> bool:
        """Tell whether the scope includes the one that is needed."""
        return self.scope != "" and SCOPES.index(self.scope) >= SCOPES.index(needed)


class _Proxies(NamedTuple):
    """The proxies that may name a user: the header, in lower case, and the networks they have their addresses in."""

    header: bytes
    networks: tuple[Any, ...]
    scope: Scope

    @classmethod
    def of(cls, settings: Settings) -> Self | None:
        """Return the proxies of the settings, None where there are none. Raises SettingsError where one is missing or malformed."""
        header, given = settings.serve_trusted_user_header, settings.serve_trusted_proxies
        if not header and not given:
            return None
        name, expects = PREFIX + "SERVE_TRUSTED_PROXIES", "addresses or networks, such as 10.0.0.7,192.168.1.0/24"
        if not given:
            raise SettingsError(name, f"is not set, but {PREFIX}SERVE_TRUSTED_USER_HEADER is", expects)
        if not header:
            raise SettingsError(
                f"{PREFIX}SERVE_TRUSTED_USER_HEADER", f"is not set, but {name} is", "a header such as X-Forwarded-User"
            )
        try:
            networks = tuple(ip_network(each.strip()) for each in given.split(","))
        except ValueError as error:
            raise SettingsError(name, hide_tokens(str(error)), expects) from None
        return cls(header.lower().encode(), networks, settings.serve_trusted_scope)

    def user(self, client: str, headers: Headers) -> str:
        """Return the user that a proxy names; empty where the client is no proxy, or the header is missing, repeated or no name."""
        try:
            address = ip_address(client)
        except ValueError:
            return ""
        address = getattr(address, "ipv4_mapped", None) or address
        if not any(address in network for network in self.networks):
            return ""
        given = _values(headers, self.header)
        if len(given) != 1:
            return ""
        user = given[0].decode("utf-8", "replace").strip()
        # A comma: on the way another one added a name to the one that the client sent.
        return user if user.isprintable() and "," not in user and len(user) <= _LONGEST_USER else ""


class Access:
    """Decides for one service. `hosts` are the names by which it is reached, `sessions` those of browsers."""

    def __init__(
        self,
        hosts: Hosts,
        tokens: TokenReader | None,
        sessions: Sessions,
        proxies: _Proxies | None,
        *,
        reads_are_open: bool,
    ) -> None:
        self.hosts = hosts
        self.sessions = sessions
        self._tokens = tokens
        self._proxies = proxies
        self._reads_are_open = reads_are_open

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Read what the settings name. Raises SettingsError where the port would be open to all, or a file cannot be read."""
        proxies = _Proxies.of(settings)
        file, name = settings.serve_tokens_file, PREFIX + "SERVE_TOKENS_FILE"
        tokens = TokenReader(Path(file)) if file else None
        is_local = is_loopback(settings.serve_host)
        if not is_local and proxies is None and not tokens:
            problem = "has no token in it" if file else "is not set"
            raise SettingsError(
                name,
                f"{problem}, but {PREFIX}SERVE_HOST is {hide_tokens(settings.serve_host)}: beyond loopback all needs a token",
                "a file made by `streams token create`",
            )
        # Other names than those of loopback mean a proxy on this machine, whose requests come from everywhere.
        reads_are_open = is_local and proxies is None and not settings.serve_allowed_hosts
        hosts = Hosts(settings.serve_host, settings.serve_allowed_hosts)
        return cls(hosts, tokens, Sessions.of(settings), proxies, reads_are_open=reads_are_open)

    def caller(self, client: str, headers: Headers) -> Caller:
        """Return who sent a request with these headers from the address `client`. Raises ProblemError for an unknown token."""
        given = _bearer(headers)
        if given is not None and (token := self.token(given)) is not None:
            return Caller(token.name, token.scope, "token")
        if self._proxies is not None and (user := self._proxies.user(client, headers)):
            return Caller(user, self._proxies.scope, "proxy")
        if given is not None:
            raise unknown_token()
        for cookie in _cookies(headers):
            if (token := self.session(cookie)) is not None:
                return Caller(token.name, token.scope, "session")
        if self._reads_are_open and not any(name in _OF_PROXIES for name, _ in headers):
            return Caller("", "read", "loopback")
        return Caller()

    def token(self, text: str) -> Token | None:
        """Return the token with this text, None where there is none."""
        return self._tokens.find(text) if self._tokens is not None else None

    def session(self, cookie: str) -> Token | None:
        """Return the token of the session that a cookie proves, None where it proves none."""
        return self.sessions.token(cookie, self._tokens.named) if self._tokens is not None else None

    def permit(self, connection: Connection, needed: Scope) -> None:
        """Raise ProblemError where the caller has not the scope that is needed, or a page of another origin sends the request."""
        caller: Caller = connection.scope["user"]
        if not caller.may(needed):
            if caller.name:
                raise ProblemError(
                    403, "scope_missing", f"{caller.name} has the scope {caller.scope}, and this needs {needed}"
                )
            raise ProblemError(401, "token_missing", f"this needs the scope {needed}: {_WAYS}", headers=_challenge())
        if needed != "read":
            self.check_origin(connection)

    def check_origin(self, connection: Connection) -> None:
        """Raise ProblemError where a browser sent the request for a page that is not one of this service."""
        for origin in connection.headers.getall("Origin", []):
            if not self.hosts.allows_origin(origin, connection.headers.get("Host", "")):
                raise ProblemError(403, "origin_refused", "a page of another origin may not do this")


class _Requires:
    """The guard of a route that needs a scope."""

    def __init__(self, scope: Scope) -> None:
        self.scope: Scope = scope

    async def __call__(self, connection: Connection, _handler: BaseRouteHandler) -> None:
        _access(connection).permit(connection, self.scope)


def requires(scope: Scope) -> _Requires:
    """Return the guard of a route that needs `scope`: `read`, `curate` or `operate`."""
    return _Requires(scope)


async def by_default(connection: Connection, handler: BaseRouteHandler) -> None:
    """Guard all routes: one that says nothing needs `read`, and `curate` where its method is one that changes something."""
    if handler.opt.get("open_to_all") or any(isinstance(guard, _Requires) for guard in handler.resolve_guards()):
        return
    method = connection.scope.get("method", "GET")
    _access(connection).permit(connection, "read" if method in _SAFE else "curate")


def unknown_token() -> ProblemError:
    """Return the problem of a token that is in no file."""
    text = "this token is in no file: it was revoked, or is not one of this service"
    return ProblemError(401, "token_unknown", text, headers=_challenge())


def _access(connection: Connection) -> Access:
    access: Access = connection.app.state.access
    return access


def _challenge() -> dict[str, str]:
    return {"WWW-Authenticate": "Bearer"}


def _values(headers: Headers, name: bytes) -> list[bytes]:
    return [value for key, value in headers if key == name]


def _bearer(headers: Headers) -> str | None:
    """Return what was sent as a token, None where nothing was. A header that is not understood counts as an unknown token."""
    given = _values(headers, b"authorization")
    if not given:
        return None
    scheme, _, token = given[0].decode("latin-1").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and len(given) == 1 else ""


def _cookies(headers: Headers) -> list[str]:
    """Return the values of the session's cookie; there may be several, of services on other ports of this host."""
    pairs = (
        pair.partition("=") for value in _values(headers, b"cookie") for pair in value.decode("latin-1").split(";")
    )
    return [value.strip() for name, _, value in pairs if name.strip() == SESSION_COOKIE]
