"""How to connect to Kafka: one value, made from the settings, that every client of Streams takes in place of an address."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import logging
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol, TypeVar

from aiokafka.abc import AbstractTokenProvider
from aiokafka.errors import KafkaError
from pydantic import SecretStr

from streams.errors import SettingsError
from streams.kafka.cancellation import cancelled_only_by_caller, closed
from streams.kafka.refusal import TokenError, first_error, refusal
from streams.settings import Settings
from streams.settings.redaction import hide
from streams.settings.security import secret

__all__ = ["METADATA_MS", "KafkaConnection", "started"]

# At this level aiokafka logs every request whole, those with passwords and tokens too.
logging.getLogger("aiokafka.conn").addFilter(lambda record: record.levelno > logging.DEBUG)

METADATA_MS = 10_000
"""How old a consumer's knowledge of topics and partitions may be: new ones are read within this time."""

_FETCH_WAIT_MS = 100
"""Longest time that a broker may keep a reader's request waiting, in ms; aiokafka's value is 500.

Kafka answers as soon as there is a message. The embedded broker looks again after a quarter to a half of this time: an event was
read 129 ms after it was sent with 500, 30 ms with 100, 10 ms with 50, where an idle reader took 1.8 % of a core, and 2.9 %.
"""


@dataclass(frozen=True)
class KafkaConnection:
    """Where Kafka is and how a client proves who it is; its `repr` shows no secret.

    `security`, `mechanism`, `user`, `rack` and `client_id` are the settings of these names; `tls` is None without TLS.
    """

    url: str
    security: str = "plaintext"
    mechanism: str = ""
    user: str = ""
    password: SecretStr = field(default_factory=lambda: SecretStr(""))
    token_provider: str = ""
    tls: ssl.SSLContext | None = None
    has_certificate: bool = False
    rack: str = ""
    client_id: str = "streams"

    @classmethod
    def of(cls, settings: Settings) -> KafkaConnection:
        """Read the settings, and the files that they name. Raises SettingsError where a file does not have what it should."""
        return cls(
            url=settings.kafka_url,
            security=settings.kafka_security,
            mechanism=settings.kafka_sasl_mechanism,
            user=settings.kafka_sasl_user,
            password=SecretStr(secret(settings, "kafka_sasl_password")),
            token_provider=settings.kafka_token_provider,
            tls=_tls(settings) if settings.kafka_security.endswith("ssl") else None,
            has_certificate=bool(settings.kafka_cert_file),
            rack=settings.kafka_rack,
            client_id=settings.kafka_client_id,
        )

    @property
    def shown(self) -> str:
        """The address as errors and logs show it."""
        return hide(self.url)

    @property
    def servers(self) -> list[str]:
        """The bootstrap servers, each `host:port`."""
        return self.url.split(",")

    @cached_property
    def token(self) -> AbstractTokenProvider | None:
        """The source of tokens for OAUTHBEARER. Raises SettingsError where it cannot be imported."""
        return _TokenProvider(self.token_provider) if self.token_provider else None

    @property
    def credentials(self) -> dict[str, Any]:
        """The arguments of any aiokafka client that say how to authenticate."""
        given: dict[str, Any] = {"security_protocol": self.security.upper(), "ssl_context": self.tls}
        if self.mechanism:
            given |= {
                "sasl_mechanism": self.mechanism,
                "sasl_plain_username": self.user or None,
                "sasl_plain_password": self.password.get_secret_value() or None,
                "sasl_oauth_token_provider": self.token,
            }
        return given

    def client(self, name: str) -> dict[str, Any]:
        """Return the arguments of a producer or an admin client; `name` is the last part of its client id."""
        return {"bootstrap_servers": self.servers, "client_id": f"{self.client_id}-{name}", **self.credentials}

    def consumer(self, name: str) -> dict[str, Any]:
        """Return the arguments of a consumer."""
        return {
            **self.client(name),
            "client_rack": self.rack or None,
            "metadata_max_age_ms": METADATA_MS,
            "fetch_max_wait_ms": _FETCH_WAIT_MS,
        }


class _Client(Protocol):
    async def start(self) -> None: ...


_AnyClient = TypeVar("_AnyClient", bound=_Client)


@asynccontextmanager
async def started(client: _AnyClient, kafka: KafkaConnection) -> AsyncIterator[_AnyClient]:
    """Start an aiokafka client, and stop it at the end. Raises BrokerError, which names the setting to correct."""
    stop: Callable[[], Any] = getattr(client, "stop", None) or client.close  # type: ignore[attr-defined]
    try:
        try:
            if kafka.token_provider and (error := await first_error(kafka)):
                raise error  # aiokafka would start with a token that is refused, and fail later
            await cancelled_only_by_caller(client.start())
        except (KafkaError, TokenError, OSError) as error:
            raise await refusal(kafka, error) from error
        yield client
    finally:  # also where it did not start: it would log that later
        await closed(stop())


class _TokenProvider(AbstractTokenProvider):  # type: ignore[misc]  # aiokafka has no types there
    """Call the function of `STREAMS_KAFKA_TOKEN_PROVIDER` for each connection; one that is not async runs in a thread."""

    def __init__(self, name: str) -> None:
        module, _, attribute = name.partition(":")
        self._name = name
        try:
            found: Any = importlib.import_module(module)
            for part in attribute.split("."):
                found = getattr(found, part)
        except (ImportError, AttributeError) as error:
            raise SettingsError(
                "STREAMS_KAFKA_TOKEN_PROVIDER", str(error), "module:callable that can be imported"
            ) from None
        self._function: Callable[[], Any] = found

    async def token(self) -> str:
        """Return a token. Raises TokenError where the function raises or returns no text."""
        try:
            if inspect.iscoroutinefunction(self._function):
                token = await self._function()
            else:
                token = await asyncio.to_thread(self._function)
        except Exception as error:  # a function of the user's
            raise TokenError(f"{self._name} failed: {str(error) or type(error).__name__}") from error
        if not isinstance(token, str) or not token:
            raise TokenError(f"{self._name} returned {type(token).__name__}, not a token")
        return token


def _tls(settings: Settings) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=settings.kafka_ca_file or None)
    except ssl.SSLError as error:
        problem = f"{settings.kafka_ca_file} has no certificate: {error.reason or error}"
        raise SettingsError("STREAMS_KAFKA_CA_FILE", problem, "certificates in PEM form") from None
    if settings.kafka_cert_file:
        password = secret(settings, "kafka_key_password")
        try:
            # Without a password OpenSSL would ask for it on the terminal.
            context.load_cert_chain(
                settings.kafka_cert_file, settings.kafka_key_file or None, password=lambda: password
            )
        except ssl.SSLError as error:
            problem = f"{settings.kafka_cert_file} and its key cannot be used: {error.reason or error}"
            expects = "a certificate and its private key in PEM form; STREAMS_KAFKA_KEY_PASSWORD where the key has one"
            raise SettingsError("STREAMS_KAFKA_CERT_FILE", problem, expects) from None
    return context
