"""Check the settings of security together, and read the secrets that files keep.

A rule names the setting that is wrong, when it is, and what it expects; the first one that applies stops the program.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qs, urlsplit

from streams.errors import SettingsError
from streams.settings.redaction import hide

if TYPE_CHECKING:
    from streams.settings import Settings

__all__ = ["check_kafka_url", "check_redis_url", "check_security", "secret"]

_SASL = (
    "kafka_sasl_mechanism",
    "kafka_sasl_user",
    "kafka_sasl_password",
    "kafka_sasl_password_file",
    "kafka_token_provider",
)
_TLS = ("kafka_ca_file", "kafka_cert_file", "kafka_key_file", "kafka_key_password", "kafka_key_password_file")
_REDIS_TLS = ("redis_ca_file", "redis_cert_file", "redis_key_file")
_FILES = (
    "kafka_sasl_password_file", "kafka_ca_file", "kafka_cert_file", "kafka_key_file", "kafka_key_password_file",
    "redis_password_file", *_REDIS_TLS, "semantic_scholar_key_file", "openalex_key_file",
)  # fmt: skip
_SECRETS = ("kafka_sasl_password", "kafka_key_password", "redis_password", "semantic_scholar_key", "openalex_key")
_OAUTH = "OAUTHBEARER"
_MECHANISMS = "PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER"
_SERVER = r"(?:\[[0-9A-Fa-f:.]+\]|[^\s,/:@\[\]]+):\d{1,5}"
_KAFKA_URL = re.compile(rf"{_SERVER}(?:,{_SERVER})*")
_MOST_PORT = 65_535


class _Rule(NamedTuple):
    """A contradiction: the field to correct, whether it is there, what is wrong, what the setting expects."""

    field: str
    wrong: Callable[[Settings], bool]
    problem: str
    expects: str


def _without(*fields: str, unless: Callable[[Settings], bool], problem: str, expects: str) -> Iterator[_Rule]:
    """Yield a rule for each field: it may be set only where `unless` holds."""
    for field in fields:
        yield _Rule(field, lambda s, field=field: _given(s, field) and not unless(s), problem, expects)  # type: ignore[misc]


def _given(settings: Settings, field: str) -> bool:
    value = getattr(settings, field)
    return bool(value if isinstance(value, str) else value.get_secret_value())


def _uses_sasl(settings: Settings) -> bool:
    return settings.kafka_security.startswith("sasl_")


def _uses_tls(settings: Settings) -> bool:
    return settings.kafka_security.endswith("ssl")


def _uses_token(settings: Settings) -> bool:
    return settings.kafka_sasl_mechanism == _OAUTH


def _has_password(settings: Settings) -> bool:
    return _given(settings, "kafka_sasl_password") or _given(settings, "kafka_sasl_password_file")


def _redis_tls(settings: Settings) -> bool:
    return not settings.redis_url or settings.redis_url.startswith("rediss://")


def _redis_url_has_user(settings: Settings) -> bool:
    return "@" in hide(settings.redis_url) or bool(
        {"username", "password"} & parse_qs(settings.redis_url.partition("?")[2]).keys()
    )


_RULES = (
    *_without(
        *_SASL, unless=_uses_sasl, problem="is set, but STREAMS_KAFKA_SECURITY is without SASL",
        expects="STREAMS_KAFKA_SECURITY=sasl_ssl or sasl_plaintext beside it",
    ),
    *_without(
        *_TLS, unless=_uses_tls, problem="is set, but STREAMS_KAFKA_SECURITY is without TLS",
        expects="STREAMS_KAFKA_SECURITY=ssl or sasl_ssl beside it",
    ),
    _Rule(
        "kafka_sasl_mechanism", lambda s: _uses_sasl(s) and not s.kafka_sasl_mechanism,
        "is not set, but STREAMS_KAFKA_SECURITY is with SASL", _MECHANISMS,
    ),
    *(
        _Rule(
            f"{name}_file", lambda s, name=name: _given(s, name) and _given(s, f"{name}_file"),  # type: ignore[misc]
            "is set, and so is the secret itself", "one of the two",
        )
        for name in _SECRETS
    ),
    *_without(
        "kafka_sasl_user", "kafka_sasl_password", "kafka_sasl_password_file", unless=lambda s: not _uses_token(s),
        problem="is set, but STREAMS_KAFKA_SASL_MECHANISM is OAUTHBEARER", expects="STREAMS_KAFKA_TOKEN_PROVIDER in its place",
    ),
    *_without(
        "kafka_token_provider", unless=_uses_token, problem="is set, but STREAMS_KAFKA_SASL_MECHANISM is not OAUTHBEARER",
        expects="OAUTHBEARER as mechanism, or a user and a password",
    ),
    _Rule(
        "kafka_token_provider", lambda s: _uses_token(s) and not s.kafka_token_provider,
        "is not set, but STREAMS_KAFKA_SASL_MECHANISM is OAUTHBEARER", "module:callable that returns a token",
    ),
    _Rule(
        "kafka_sasl_user", lambda s: _uses_sasl(s) and not _uses_token(s) and not s.kafka_sasl_user,
        "is not set, but STREAMS_KAFKA_SECURITY is with SASL", "the name of a Kafka user",
    ),
    _Rule(
        "kafka_sasl_password", lambda s: _uses_sasl(s) and not _uses_token(s) and not _has_password(s),
        "is not set, but STREAMS_KAFKA_SECURITY is with SASL", "the password of the user, or STREAMS_KAFKA_SASL_PASSWORD_FILE",
    ),
    *_without(
        "kafka_key_file", "kafka_key_password", "kafka_key_password_file", unless=lambda s: bool(s.kafka_cert_file),
        problem="is set, but no certificate", expects="STREAMS_KAFKA_CERT_FILE beside it",
    ),
    *_without(
        *_REDIS_TLS, unless=_redis_tls, problem="is set, but STREAMS_REDIS_URL is without TLS",
        expects="a STREAMS_REDIS_URL that begins with rediss://",
    ),
    *_without(
        "redis_key_file", unless=lambda s: bool(s.redis_cert_file),
        problem="is set, but no certificate", expects="STREAMS_REDIS_CERT_FILE beside it",
    ),
    *_without(
        "redis_user", unless=lambda s: _given(s, "redis_password") or _given(s, "redis_password_file"),
        problem="is set, but no password", expects="STREAMS_REDIS_PASSWORD or STREAMS_REDIS_PASSWORD_FILE beside it",
    ),
    *_without(
        "redis_user", "redis_password", "redis_password_file", unless=lambda s: not _redis_url_has_user(s),
        problem="is set, but STREAMS_REDIS_URL has a user or password too", expects="one of the two",
    ),
)  # fmt: skip


def check_security(settings: Settings) -> None:
    """Raise SettingsError where settings contradict each other, an address is malformed, or a file cannot be read."""
    check_kafka_url(settings.kafka_url)
    check_redis_url(settings.redis_url)
    for rule in _RULES:
        if rule.wrong(settings):
            raise SettingsError(_name(rule.field), rule.problem, rule.expects)
    for field in _FILES:
        if name := getattr(settings, field):
            _read(field, name)


def check_kafka_url(url: str) -> None:
    """Raise SettingsError where `url` is no list of `host:port`."""
    if url and not (
        _KAFKA_URL.fullmatch(url) and all(_is_port(server.rpartition(":")[2]) for server in url.split(","))
    ):
        expects = (
            "host:port[,host:port…], without kafka://, spaces or a user; see STREAMS_KAFKA_SECURITY for the latter"
        )
        raise SettingsError("STREAMS_KAFKA_URL", f"is {hide(url)}", expects)


def check_redis_url(url: str) -> None:
    """Raise SettingsError where `url` is no URL of Redis."""
    if not url:
        return
    name, expects = "STREAMS_REDIS_URL", "redis://, rediss:// or unix:// and an address; escape / ? # @ in a password"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise SettingsError(name, f"is {hide(url)}, which has a port that is no number", expects) from None
    if (
        parts.scheme not in ("redis", "rediss", "unix")
        or "//" not in url
        or (port is not None and not _is_port(str(port)))
    ):
        raise SettingsError(name, f"is {hide(url)}", expects)
    from redis import ConnectionPool  # noqa: PLC0415 - takes 30 ms, and commands without a Redis need none

    try:
        ConnectionPool.from_url(url).make_connection()  # connects to nothing yet
    except (TypeError, ValueError):  # of redis-py, for a query field that it does not know
        raise SettingsError(name, f"is {hide(url)}, which has a query field that is not known", expects) from None


def secret(settings: Settings, field: str) -> str:
    """Return the secret of a field, from the setting itself or from the file of `<field>_file`, without its line end.

    Raises SettingsError where the file cannot be read or is empty.
    """
    file = getattr(settings, f"{field}_file")
    if not file:
        return str(getattr(settings, field).get_secret_value())
    value = _read(f"{field}_file", file).rstrip("\r\n")
    if not value:
        raise SettingsError(_name(f"{field}_file"), f"{file} is empty", "a file with the secret in it")
    return value


def _read(field: str, name: str) -> str:
    try:
        return Path(name).read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise SettingsError(
            _name(field), f"{name} cannot be read: {error.strerror}", "a file that can be read"
        ) from None


def _is_port(text: str) -> bool:
    return text.isdigit() and int(text) <= _MOST_PORT


def _name(field: str) -> str:
    return f"STREAMS_{field.upper()}"
