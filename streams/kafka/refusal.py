"""Say why Kafka refuses a client, and which setting to correct.

aiokafka says of a failed start only that no server could be used. So the first step is made again here, on the first
server that can be connected to, and its own error is read.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from aiokafka.conn import create_conn
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    IllegalSaslStateError,
    KafkaConnectionError,
    KafkaError,
    SaslAuthenticationFailed,
    TopicAuthorizationFailedError,
    TransactionalIdAuthorizationFailed,
    UnsupportedSaslMechanismError,
)
from aiokafka.protocol.metadata import MetadataRequest

from streams.errors import BrokerError

if TYPE_CHECKING:
    from streams.kafka.connection import KafkaConnection

__all__ = ["TokenError", "explained", "explaining", "first_error", "principal", "quiet", "refusal"]

_SECONDS = 5.0
_DENIED = (
    TopicAuthorizationFailedError,
    GroupAuthorizationFailedError,
    ClusterAuthorizationFailedError,
    TransactionalIdAuthorizationFailed,
)
_GUIDE = "docs/how-to/kafka-security.md"
_CLIENT_CERTIFICATE = (
    "CERTIFICATE_REQUIRED",
    "BAD_CERTIFICATE",
    "UNKNOWN_CA",
    "CERTIFICATE_UNKNOWN",
    "HANDSHAKE_FAILURE",
)
"""Parts of the names of TLS alerts by which a server refuses the certificate of a client, or that it has none."""


class TokenError(Exception):
    """The function of `STREAMS_KAFKA_TOKEN_PROVIDER` gave no token."""


async def refusal(kafka: KafkaConnection, error: BaseException) -> BrokerError:
    """Return the error for people of a client that could not start."""
    if isinstance(error, _DENIED):
        return explained(kafka, "cannot be used", error)
    return BrokerError(f"Kafka at {kafka.shown} {_meaning(kafka, await first_error(kafka) or error)}")


async def first_error(kafka: KafkaConnection) -> BaseException | None:
    """Connect to the first server that can be reached; return the error by which it refuses, None where it does not."""
    found: BaseException | None = None
    for server in kafka.servers:
        found = await _first_step(kafka, server)
        if not isinstance(found, OSError) or isinstance(found, ssl.SSLError):
            break
    return found


def explained(kafka: KafkaConnection, what: str, error: BaseException) -> BrokerError:
    """Return the error for people of a request that failed, `what` in words such as `cannot be read`."""
    if isinstance(error, _DENIED):
        kind = {
            TopicAuthorizationFailedError: "a topic",
            GroupAuthorizationFailedError: "a consumer group",
            TransactionalIdAuthorizationFailed: "a transactional id",
        }
        on = kind.get(type(error), "the cluster")
        return BrokerError(
            f"Kafka at {kafka.shown} {what}: {principal(kafka)} lacks a right on {on} ({error}); see {_GUIDE}"
        )
    return BrokerError(f"Kafka at {kafka.shown} {what}: {str(error) or type(error).__name__}")


@contextmanager
def explaining(kafka: KafkaConnection, what: str) -> Iterator[None]:
    """Raise what `explained` returns in place of a KafkaError in the block."""
    try:
        yield
    except KafkaError as error:
        raise explained(kafka, what, error) from error


@contextmanager
def quiet() -> Iterator[None]:
    """Keep aiokafka from logging what is reported better."""
    log = logging.getLogger("aiokafka")
    before = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(before)


async def _first_step(kafka: KafkaConnection, server: str) -> BaseException | None:
    """Connect, authenticate and ask for metadata; return the error, None where none came this time."""
    host, _, port = server.rpartition(":")
    try:
        with quiet():
            async with asyncio.timeout(_SECONDS):
                wait = int(_SECONDS * 1000)
                address = host.strip("[]"), int(port)
                connection = await create_conn(
                    *address, client_id=kafka.client_id, request_timeout_ms=wait, **kafka.credentials
                )
                try:
                    answer: Any = await connection.send(MetadataRequest([]))
                finally:
                    connection.close()
                if not answer.brokers:  # how a refused token looks, whose error aiokafka does not read
                    raise SaslAuthenticationFailed("the token was not accepted")
    except (KafkaError, TokenError, OSError, EOFError, TimeoutError, ValueError) as error:
        return _root(error)
    return None


def _root(error: BaseException) -> BaseException:
    """Return the error of TLS below one of aiokafka's, where there is one."""
    cause = error.__cause__
    return cause if isinstance(cause, ssl.SSLError) else error


def _meaning(kafka: KafkaConnection, error: BaseException) -> str:
    if isinstance(error, TokenError):
        return f"was not asked: STREAMS_KAFKA_TOKEN_PROVIDER {error}"
    if isinstance(error, ssl.SSLCertVerificationError):
        return _certificate(error)
    if isinstance(error, ssl.SSLError):
        return _tls(kafka, error)
    if isinstance(error, UnsupportedSaslMechanismError):
        return f"does not offer the mechanism {kafka.mechanism}: set STREAMS_KAFKA_SASL_MECHANISM to one that it has ({error})"
    if isinstance(error, IllegalSaslStateError):
        return f"does not ask for SASL there: set STREAMS_KAFKA_SECURITY to ssl or plaintext, or name another port ({error})"
    if isinstance(error, SaslAuthenticationFailed):
        return f"refuses {principal(kafka)}: correct {_proof(kafka)} ({error})"
    if _is_closed(error):
        return (
            f"closes the connection: set STREAMS_KAFKA_SECURITY, which is {kafka.security}, to what its listener asks for "
            f"(TLS, SASL), or name another port in STREAMS_KAFKA_URL"
        )
    return f"cannot be reached: {str(error) or type(error).__name__}"


def _is_closed(error: BaseException) -> bool:
    """Return whether the server has ended the connection where a client began to speak."""
    if isinstance(error, KafkaConnectionError):
        return "closed" in str(error)
    return isinstance(error, EOFError | ConnectionResetError | BrokenPipeError)


def _certificate(error: ssl.SSLCertVerificationError) -> str:
    if "mismatch" in error.verify_message.lower():
        return f"has a certificate for another host: name it in STREAMS_KAFKA_URL as its certificate does ({error.verify_message})"
    return (
        f"has a certificate that is not accepted: set STREAMS_KAFKA_CA_FILE to the certificate of the authority that signed it "
        f"({error.verify_message})"
    )


def _tls(kafka: KafkaConnection, error: ssl.SSLError) -> str:
    reason = error.reason or str(error)
    if any(name in reason.upper() for name in _CLIENT_CERTIFICATE):
        has = "refuses our client certificate" if kafka.has_certificate else "asks for a client certificate"
        return f"{has}: set STREAMS_KAFKA_CERT_FILE and STREAMS_KAFKA_KEY_FILE to one that its authority has signed ({reason})"
    return f"does not speak TLS there: set STREAMS_KAFKA_SECURITY to plaintext or sasl_plaintext, or name another port ({reason})"


def principal(kafka: KafkaConnection) -> str:
    """Return who a client is, with the setting that says so."""
    if kafka.user:
        return f"user {kafka.user} (STREAMS_KAFKA_SASL_USER)"
    if kafka.token_provider:
        return "the user of the token (STREAMS_KAFKA_TOKEN_PROVIDER)"
    return (
        "the user of the certificate (STREAMS_KAFKA_CERT_FILE)" if kafka.has_certificate else "a client without a user"
    )


def _proof(kafka: KafkaConnection) -> str:
    return (
        "STREAMS_KAFKA_TOKEN_PROVIDER"
        if kafka.token_provider
        else "STREAMS_KAFKA_SASL_USER or STREAMS_KAFKA_SASL_PASSWORD"
    )
