"""Redis over TLS: an authority of one's own, client certificates, and what a refusal says."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from streams.errors import RedisError
from streams.local.services import Services
from streams.local.valkey import Valkey
from streams.local.worker import WorkerProcess
from streams.ops.probes import ask_redis
from streams.settings import Settings
from streams.state.connection import connect
from tests.secured_kafka import Certificates
from tests.system.agreement import check_agreement
from tests.system.processes import Streams, metric, wait_for
from tests.tls_proxy import tls_before

pytestmark = pytest.mark.system

Make = Callable[..., Settings]


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, int]]:
    redis = Valkey(tmp_path_factory.mktemp("redis"), unix_socket=False)
    redis.start()
    host, _, port = redis.url.removeprefix("redis://").partition("/")[0].partition(":")
    yield host, int(port)
    redis.close()


@pytest.fixture(params=[False, True], ids=["the server's certificate", "certificates of both"])
def asks(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
def make(server: tuple[str, int], certificates: Certificates, asks: bool) -> Iterator[Make]:
    with tls_before(*server, certificates, asks=asks) as port:

        def settings(**fields: Any) -> Settings:
            return Settings.model_validate({"redis_url": f"rediss://127.0.0.1:{port}", "buckets": 16} | fields)

        yield settings


def test_the_files_of_the_settings_are_enough(make: Make, certificates: Certificates, asks: bool) -> None:
    files = {"redis_ca_file": certificates.ca} | ({"redis_cert_file": certificates.issue("worker")} if asks else {})
    connection = connect(make(**files))
    try:
        connection.call("SET", b"tls", b"works")
        assert connection.call("GET", b"tls") == b"works"
    finally:
        connection.close()
    assert asyncio.run(ask_redis(make(**files))).info["redis_version"]


def test_without_the_authority_or_the_certificate_the_setting_is_named(
    make: Make, certificates: Certificates, asks: bool, tmp_path: Path
) -> None:
    other = Certificates(tmp_path)
    with pytest.raises(RedisError, match="STREAMS_REDIS_CA_FILE"):
        asyncio.run(ask_redis(make()))
    with pytest.raises(RedisError, match="STREAMS_REDIS_CA_FILE"):
        asyncio.run(ask_redis(make(redis_ca_file=other.ca)))
    if asks:
        for files in ({}, {"redis_cert_file": other.issue("stranger")}):
            with pytest.raises(RedisError, match="STREAMS_REDIS_CERT_FILE"):
                asyncio.run(ask_redis(make(redis_ca_file=certificates.ca, **files)))


def test_a_worker_and_commands_work_over_tls_with_certificates_of_both(
    server: tuple[str, int], certificates: Certificates, tmp_path: Path
) -> None:
    files = {"redis_ca_file": certificates.ca, "redis_cert_file": certificates.issue("worker")}
    with tls_before(*server, certificates, asks=True) as port:
        asked = Settings.model_validate({"redis_url": f"rediss://127.0.0.1:{port}", "http_port": 0} | files)
        with Services(asked, tmp_path / "data") as services:
            own = services.settings
            names = ("kafka_url", "redis_url", *files)
            command = Streams(tmp_path, **{name: getattr(own, name) for name in names})
            feed = tmp_path / "feed.jsonl"
            feed.write_text('{"source":"test","id":"1","title":"On the shells of turtles"}\n')
            with WorkerProcess(own, tmp_path / "log") as worker:
                worker.wait_ready()
                command.ok("send", "--source", "document", feed)
                wait_for(lambda: metric(worker.read("/metrics"), "streams_batch_records_total") == 1, "it is handled")
            check_agreement(own, {"test:1"})
            assert "On the shells of turtles" in command.ok("lookup", "test:1")
