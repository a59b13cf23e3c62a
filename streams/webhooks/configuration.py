"""Read the file of `STREAMS_WEBHOOKS_FILE`: which endpoints receive which events. TOML.

    allow_networks = ["10.20.0.0/16"]           # endpoints may have these addresses beside public ones
    allow_http = ["hooks.internal"]             # hosts that may be called without TLS

    [[endpoint]]
    name = "catalogue"                          # of the consumer group and in metrics; another name is another endpoint
    url = "https://catalogue.example.org/hooks/streams"
    secret_files = ["catalogue.secret"]         # or secret_env = ["CATALOGUE_SECRET"], or secrets = ["whsec_…"]
    types = ["created", "merged"]               # the filters of the event stream (docs/how-to/subscribe.md)
    document = false                            # with the canonical document
    start = "now"                               # or "beginning": where an endpoint begins that has received nothing yet
    park_after = 30                             # hours after which an event that is not taken is set aside
    enabled = true

Secrets are as Standard Webhooks has them: `whsec_` and 24 to 64 bytes in Base64. With two of them both sign, which is how one is
replaced. A file with `secrets` in it must be readable by its owner alone. Paths are relative to the file.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple
from urllib.parse import urlsplit

import msgspec

from streams.errors import SettingsError, UsageError
from streams.settings import PREFIX
from streams.settings.redaction import hide_tokens
from streams.subscriptions.filters import EVERYTHING, Filter
from streams.webhooks.addresses import Networks, is_literal, networks_of, refusal
from streams.webhooks.parking import PARK_AFTER_HOURS

__all__ = ["NO_WEBHOOKS", "SETTING", "Endpoint", "Webhooks", "read_webhooks"]

SETTING = PREFIX + "WEBHOOKS_FILE"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,47}")
_PLACE = re.compile(r"at `\$\.endpoint\[(\d+)\](?:\.(\w+))?")
_TOP_PLACE = re.compile(r"at `\$\.(\w+)")
_UNKNOWN_FIELD = re.compile(r"unknown field `(\w+)`")
_HEADING = re.compile(r"\s*\[\[\s*endpoint\s*\]\]")
_MOST_ENDPOINTS = 50
"""Each has a consumer of its own."""
_MOST_SECRETS = 2
_MOST_HOURS = 120
"""By then an endpoint that takes nothing is turned off."""
_SECRET_BYTES = range(24, 65)
_SECRET_MARK = "whsec_"  # noqa: S105 - how secrets begin
_EXPECTS = "a file as docs/how-to/webhooks.md describes it"


class _Table(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    url: str
    secrets: list[str] = []
    secret_files: list[str] = []
    secret_env: list[str] = []
    types: list[str] = []
    sources: list[str] = []
    clusters: list[str] = []
    dois: list[str] = []
    arxiv_ids: list[str] = []
    corrections_only: bool = False
    document: bool = False
    start: Literal["now", "beginning"] = "now"
    park_after: Annotated[float, msgspec.Meta(gt=0, le=_MOST_HOURS)] = PARK_AFTER_HOURS
    enabled: bool = True


class _File(msgspec.Struct, forbid_unknown_fields=True):
    allow_networks: list[str] = []
    allow_http: list[str] = []
    endpoint: list[_Table] = []


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An endpoint of the file; `secrets` sign, and are not shown."""

    name: str
    url: str = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)
    filter: Filter = EVERYTHING
    with_document: bool = False
    start: Literal["now", "beginning"] = "now"
    enabled: bool = True
    park_after: float = PARK_AFTER_HOURS * 3600
    """Seconds."""

    @property
    def origin(self) -> str:
        """The URL as it is shown: without path and query, which may have a token in them."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"


class Webhooks(NamedTuple):
    """The endpoints of a file, and the networks that they may be in beside public ones."""

    endpoints: tuple[Endpoint, ...] = ()
    networks: Networks = ()

    def named(self, name: str) -> Endpoint | None:
        """Return the endpoint of a name, None where the file has none."""
        return next((each for each in self.endpoints if each.name == name), None)


NO_WEBHOOKS = Webhooks()


class _FaultError(Exception):
    """Something in the file is wrong: in the endpoint of this number, in the line of this field."""

    def __init__(self, problem: str, expects: str, number: int | None = None, key: str = "") -> None:
        super().__init__(problem)
        self.expects, self.number, self.key = expects, number, key


def read_webhooks(file: str) -> Webhooks:
    """Return what a file says, nothing for no file. Raises SettingsError, which names the line."""
    if not file:
        return NO_WEBHOOKS
    path = Path(file)
    shown = hide_tokens(file)
    try:
        text = path.read_text(encoding="utf-8")
        mode = path.stat().st_mode
    except (OSError, UnicodeDecodeError) as error:
        problem = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise SettingsError(SETTING, f"{shown} cannot be read: {problem}", _EXPECTS) from None
    if mode & 0o002:
        raise SettingsError(SETTING, f"{shown} may be written by every user", "a file of mode 0600")
    try:
        return _webhooks(_decoded(text), path.parent, is_private=not mode & 0o077)
    except _FaultError as fault:
        line = _line(text, fault.number, fault.key)
        raise SettingsError(SETTING, f"line {line} of {shown}: {hide_tokens(str(fault))}", fault.expects) from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(SETTING, f"{shown} is not TOML: {error}", _EXPECTS) from None


def _decoded(text: str) -> _File:
    try:
        return msgspec.convert(tomllib.loads(text), _File)
    except msgspec.ValidationError as error:
        said = str(error)
        problem = said.partition(" - at ")[0]
        unknown = _UNKNOWN_FIELD.search(said)
        if found := _PLACE.search(said):
            raise _FaultError(problem, _EXPECTS, int(found[1]), found[2] or (unknown[1] if unknown else "")) from None
        top = unknown or _TOP_PLACE.search(said)
        raise _FaultError(problem, _EXPECTS, None, top[1] if top else "") from None


def _webhooks(file: _File, folder: Path, *, is_private: bool) -> Webhooks:
    try:
        networks = networks_of(file.allow_networks)
    except ValueError as error:
        raise _FaultError(str(error), "networks such as 10.20.0.0/16", None, "allow_networks") from None
    if len(file.endpoint) > _MOST_ENDPOINTS:
        raise _FaultError(f"{len(file.endpoint)} endpoints", f"{_MOST_ENDPOINTS} at most", _MOST_ENDPOINTS)
    endpoints: dict[str, Endpoint] = {}
    for number, table in enumerate(file.endpoint):
        if not _NAME.fullmatch(table.name):
            expects = "letters, digits, _ and -, up to 48"
            raise _FaultError(f"{table.name[:60]!r} cannot be the name of an endpoint", expects, number, "name")
        if table.name in endpoints:
            raise _FaultError(f"there are two endpoints {table.name}", "a name for each", number, "name")
        _check_url(table, number, file.allow_http, networks)
        endpoints[table.name] = Endpoint(
            table.name, table.url, _secrets(table, number, folder, is_private=is_private), _filter(table, number),
            table.document, table.start, table.enabled, table.park_after * 3600,
        )  # fmt: skip
    return Webhooks(tuple(endpoints.values()), networks)


def _check_url(table: _Table, number: int, allow_http: Iterable[str], networks: Networks) -> None:
    expects = "https://host[:port]/path, without a user"
    try:
        parts = urlsplit(table.url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise _FaultError("this is no URL", expects, number, "url") from None
    if parts.scheme not in ("https", "http") or not host or "@" in parts.netloc or parts.fragment:
        raise _FaultError("this is no URL of an endpoint", expects, number, "url")
    if parts.scheme == "http" and host not in {each.strip("[]").lower() for each in allow_http}:
        raise _FaultError(f"{host} would be called without TLS", "https://, or the host in allow_http", number, "url")
    if is_literal(host) and (reason := refusal(host, networks)):
        raise _FaultError(reason, "a public address, or its network in allow_networks", number, "url")


def _filter(table: _Table, number: int) -> Filter:
    for key in ("types", "sources", "clusters", "dois", "arxiv_ids"):
        try:
            Filter.of(**{key: getattr(table, key)})
        except UsageError as error:
            raise _FaultError(str(error), "values as docs/how-to/subscribe.md has them", number, key) from None
    return Filter.of(
        types=table.types, sources=table.sources, clusters=table.clusters, dois=table.dois,
        arxiv_ids=table.arxiv_ids, corrections_only=table.corrections_only,
    )  # fmt: skip


def _secrets(table: _Table, number: int, folder: Path, *, is_private: bool) -> tuple[str, ...]:
    """Return the secrets of an endpoint; no error shows one."""
    if table.secrets and not is_private:
        expects = "a file of mode 0600, or secret_files or secret_env"
        raise _FaultError("other users may read the secrets", expects, number, "secrets")
    given = [("secrets", each) for each in table.secrets]
    for name in table.secret_files:
        try:
            given.append(("secret_files", (folder / name).read_text(encoding="ascii").strip()))
            is_open = bool((folder / name).stat().st_mode & 0o007)
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not ASCII"
            problem = f"{name} cannot be read: {reason}"
            raise _FaultError(problem, "a file with a secret in it", number, "secret_files") from None
        if is_open:
            problem = f"other users may read or write {name}"
            raise _FaultError(problem, "a file of mode 0600", number, "secret_files")
    for name in table.secret_env:
        if not (value := os.environ.get(name, "").strip()):
            raise _FaultError(f"the environment has no {name}", "a variable with a secret in it", number, "secret_env")
        given.append(("secret_env", value))
    if not 1 <= len(given) <= _MOST_SECRETS:
        problem = f"the endpoint has {len(given)} secrets"
        raise _FaultError(problem, "one, or two while one is replaced", number, given[-1][0] if given else "")
    for key, secret in given:
        if not _is_secret(secret):
            expects = "whsec_ and 24 to 64 bytes in Base64; `streams webhooks secret` makes one"
            raise _FaultError("this is no secret of Standard Webhooks", expects, number, key)
    return tuple(secret for _, secret in given)


def _is_secret(text: str) -> bool:
    if not text.startswith(_SECRET_MARK):
        return False
    try:
        return len(base64.b64decode(text.removeprefix(_SECRET_MARK), validate=True)) in _SECRET_BYTES
    except binascii.Error:
        return False


def _line(text: str, number: int | None, key: str) -> int:
    """Return the line of a field of an endpoint, of its heading where it has no such field; without a number, of the top."""
    wanted: Any = re.compile(rf"\s*{re.escape(key)}\s*=") if key else None
    headings, found = -1, 1
    for line, content in enumerate(text.splitlines(), 1):
        if _HEADING.match(content):
            headings += 1
            if headings == number:
                found = line
        elif headings == (-1 if number is None else number) and wanted is not None and wanted.match(content):
            return line
    return found
