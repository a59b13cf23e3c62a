"""Settings: environment variables `STREAMS_*`, each with a default that suits the embedded services.

A bad value stops the program at once, with the name of the setting and the values it expects; what settings say together
is checked in `streams/settings/security.py`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from streams.errors import SettingsError
from streams.settings.redaction import HIDDEN, hide
from streams.settings.security import check_security

__all__ = ["PREFIX", "Settings", "load_settings"]

PREFIX = "STREAMS_"


class Settings(BaseSettings):
    """All settings of a worker and of the commands; the field `kafka_url` is set by `STREAMS_KAFKA_URL`."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    kafka_url: str = Field(
        "", repr=False, description="Kafka bootstrap servers, host:port[,host:port…]; empty: the embedded broker"
    )
    redis_url: str = Field("", repr=False, description="redis://, rediss:// or unix:// URL; empty: the embedded Valkey")
    redis_cluster: bool = Field(False, description="true where the URL is that of a node of a Redis Cluster")
    redis_replicas: int = Field(
        0, ge=0, le=100, description="replicas of each Redis primary that must acknowledge a write; 0: none"
    )
    namespace: str = Field("streams", pattern=r"^[A-Za-z0-9._-]+$", description="first part of every Redis key")
    generation: str = Field(
        "1",
        pattern=r"^[A-Za-z0-9._-]+$",
        description="index generation to start with, second part of every Redis key; once replaced by a rebuild, "
        "workers follow to the new one",
    )
    topic_prefix: str = Field("", pattern=r"^[A-Za-z0-9._-]*$", description="put before every topic name")
    app_id: str = Field("streams", pattern=r"^[A-Za-z0-9._-]+$", description="Kafka consumer group of the workers")
    partitions: int = Field(4, ge=1, le=1000, description="partitions of a topic that Streams creates")
    replication: int = Field(1, ge=1, le=10, description="replicas of a topic that Streams creates")
    records_retention_hours: int = Field(
        0, ge=0, le=876_000, description="hours the feeds' payloads are kept in records.*; 0: permanently"
    )
    events_retention_hours: int = Field(
        0, ge=0, le=876_000, description="hours every change is kept in dedup.events; 0: permanently"
    )
    decisions_retention_hours: int = Field(
        720, ge=0, le=876_000, description="hours decisions are kept in dedup.decisions; 0: permanently"
    )
    review_retention_hours: int = Field(
        0, ge=0, le=876_000, description="hours pairs for clerical review are kept in dedup.review; 0: permanently"
    )
    dead_letter_retention_hours: int = Field(
        0,
        ge=0,
        le=876_000,
        description="hours dead letters are kept in dedup.dead-letter; 0: until redriven or dropped",
    )
    session_timeout: float = Field(
        10.0,
        gt=0,
        le=300,
        description="seconds without a heartbeat before a worker loses its partitions; Kafka grants 6 or more by default",
    )
    http_host: str = Field("127.0.0.1", description="address the HTTP port binds to")
    http_port: int = Field(6066, ge=0, le=65535, description="port of health, metrics and API; 0: any free port")
    http_token: SecretStr = Field(
        SecretStr(""),
        description="token that requests for metrics and reasons have to send; needed beyond loopback",
    )
    http_token_file: str = Field("", description="file with that token, in place of STREAMS_HTTP_TOKEN")
    serve_host: str = Field("127.0.0.1", description="address that `streams serve` binds to")
    serve_port: int = Field(6060, ge=0, le=65535, description="port of `streams serve`; 0: any free port")
    serve_tokens_file: str = Field(
        "",
        description="file with the hashed tokens of `streams serve`, made by `streams token create`; empty: that in the "
        "data directory of `streams up`, if it runs",
    )
    serve_session_key_file: str = Field(
        "",
        description="file with 32 or more random bytes that sign the sessions of browsers; empty: a key of this process, "
        "so sessions end with it",
    )
    serve_allowed_hosts: str = Field(
        "",
        pattern=r"^[A-Za-z0-9.:\[\]_-]*(,[A-Za-z0-9.:\[\]_-]+)*$",
        description="names, with or without a port, by which clients may reach `streams serve`, separated by commas, "
        "beside those of loopback and the address it binds to",
    )
    serve_trusted_user_header: str = Field(
        "",
        pattern=r"^[A-Za-z0-9-]*$",
        description="header in which a proxy names the user, such as X-Forwarded-User; empty: none",
    )
    serve_trusted_proxies: str = Field(
        "", description="addresses or networks of the proxies that may name the user, separated by commas"
    )
    serve_trusted_scope: Literal["read", "curate", "operate"] = Field(
        "read", description="what the users whom a proxy names may do"
    )
    serve_requests_per_second: int = Field(
        60,
        ge=0,
        le=100_000,
        description="requests a second of one client of `streams serve`, twice as many at once; 0: any",
    )
    serve_data: str = Field(
        "",
        description="directory in which `streams serve` keeps its review queue; empty: a temporary file, made at each start",
    )
    webhooks_file: str = Field(
        "", description="file with the endpoints that `streams serve` sends events to (TOML); empty: none"
    )
    batch_records: int = Field(1024, ge=1, le=10_000, description="most messages handled in one micro-batch")
    batch_seconds: float = Field(
        0.03, ge=0, le=10, description="wait for more records after the first one of a micro-batch, in seconds"
    )
    buckets: int = Field(
        4096,
        ge=16,
        le=1_048_576,
        description="hash buckets of the record store, about the number of records / 250; fixed for a generation",
    )
    key_cap: int = Field(64, ge=2, le=1000, description="most records kept and read under one blocking key")
    cluster_cap: int = Field(1000, ge=2, le=100_000, description="most records linked into one group")
    abstracts: Literal["keep", "drop"] = Field(
        "keep", description="keep abstracts in Redis for canonical documents, or drop them to save memory"
    )
    preprints: Literal["merge", "relate", "separate"] = Field(
        "merge",
        description="a preprint and its published version are one cluster, two related ones, or two unrelated ones",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="least severe log line written")
    log_format: Literal["console", "json"] = Field(
        "console", description="log lines of a worker for people, or one JSON object a line"
    )
    kafka_security: Literal["plaintext", "ssl", "sasl_plaintext", "sasl_ssl"] = Field(
        "plaintext", description="how the listener of Kafka is secured: by nothing, by TLS, by SASL, by SASL over TLS"
    )
    kafka_sasl_mechanism: Literal["", "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"] = Field(
        "", description="how a user proves who it is to Kafka"
    )
    kafka_sasl_user: str = Field("", description="Kafka user, for PLAIN and SCRAM")
    kafka_sasl_password: SecretStr = Field(SecretStr(""), description="its password")
    kafka_sasl_password_file: str = Field("", description="file with the password, in place of the password itself")
    kafka_ca_file: str = Field(
        "", description="PEM file of the authorities that sign Kafka's certificates; empty: those of the system"
    )
    kafka_cert_file: str = Field("", description="PEM file of the client certificate for Kafka (mutual TLS)")
    kafka_key_file: str = Field(
        "", description="PEM file of its private key; empty: the key is in the certificate's file"
    )
    kafka_key_password: SecretStr = Field(SecretStr(""), description="password of the private key")
    kafka_key_password_file: str = Field("", description="file with the password of the private key")
    kafka_token_provider: str = Field(
        "",
        pattern=r"^([A-Za-z_][\w.]*:[A-Za-z_][\w.]*)?$",
        description="module:callable that returns a token, for OAUTHBEARER",
    )
    kafka_rack: str = Field("", description="rack or availability zone of this process, to read from a replica near it")
    kafka_client_id: str = Field(
        "streams", pattern=r"^[A-Za-z0-9._-]+$", description="first part of the client id that Kafka logs and limits by"
    )
    redis_user: str = Field("", description="Redis user (ACL); empty: the user of the URL, or the default user")
    redis_password: SecretStr = Field(SecretStr(""), description="password of the Redis user")
    redis_password_file: str = Field("", description="file with the password of the Redis user")
    redis_ca_file: str = Field(
        "", description="PEM file of the authorities that sign Redis' certificate; empty: those of the system"
    )
    redis_cert_file: str = Field("", description="PEM file of the client certificate for Redis (mutual TLS)")
    redis_key_file: str = Field(
        "", description="PEM file of its private key; empty: the key is in the certificate's file"
    )
    harvest_contact: str = Field(
        "",
        description="address of a person, mail or a page, that `streams harvest` sends with each request; it needs one",
    )
    harvest_url: str = Field(
        "",
        pattern=r"^(https?://[^\s?#]+)?$",
        description="address in place of that of the source, for a mirror or a test",
    )
    harvest_port: int = Field(
        6067, ge=0, le=65535, description="port of the metrics of `streams harvest --follow`; 0: any free port"
    )
    harvest_pace: float = Field(
        0.0,
        ge=0,
        le=3600,
        description="least seconds from one response of a source to the next request; 0: what the source asks for",
    )
    harvest_wait_floor: float = Field(
        30.0,
        gt=0,
        le=3600,
        description="least seconds of wait where a source is unable to answer, whatever its Retry-After says",
    )
    harvest_timeout: float = Field(
        300.0, ge=1, le=3600, description="seconds until a source has to send something; arXiv takes up to 200"
    )
    harvest_attempts: int = Field(5, ge=1, le=100, description="times that one request is sent before its window fails")
    harvest_interval: float = Field(
        21_600.0, gt=0, le=604_800, description="seconds between two passes of `streams harvest --follow`"
    )
    semantic_scholar_key: SecretStr = Field(SecretStr(""), description="API key of Semantic Scholar")
    semantic_scholar_key_file: str = Field("", description="file with that key")
    openalex_key: SecretStr = Field(SecretStr(""), description="API key of OpenAlex")
    openalex_key_file: str = Field("", description="file with that key")


def load_settings(**overrides: Any) -> Settings:
    """Read the settings from the environment, with `overrides` by field name on top.

    Raises SettingsError naming the first bad setting, an unknown `STREAMS_*` variable included.
    """
    _refuse_unknown(os.environ)
    try:
        settings = Settings(**{name: value for name, value in overrides.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        field = str(first["loc"][0]) if first["loc"] else "settings"
        expects = Settings.model_fields[field].description if field in Settings.model_fields else "a known setting"
        shown = f"{first['msg']}, got {_shown(field, first.get('input'))}"
        raise SettingsError(PREFIX + field.upper(), shown, expects or "a valid value") from None
    check_security(settings)
    return settings


def _shown(field: str, value: object) -> str:
    known = Settings.model_fields.get(field)
    return HIDDEN if known is not None and known.annotation is SecretStr else hide(repr(value))


def _refuse_unknown(environ: Mapping[str, str]) -> None:
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    for name in environ:
        if name.startswith(PREFIX) and name not in known:
            raise SettingsError(name, "no such setting", "one of " + ", ".join(sorted(known)))
