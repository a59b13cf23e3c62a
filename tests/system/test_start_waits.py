"""A worker that starts while a server is away, full or refuses writes waits, says why, and starts by itself."""

from __future__ import annotations

import json
import shutil
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from streams.local.broker import free_port
from streams.local.valkey import Valkey
from tests.brokers import AnyBroker
from tests.system.processes import Streams, wait_for

pytestmark = pytest.mark.system


class Started:
    """Settings of a worker on servers of the test's own, and what it answers."""

    def __init__(self, streams: Callable[..., Streams], redis_url: str, kafka_url: str) -> None:
        self.port = free_port()
        given = {"redis_url": redis_url, "kafka_url": kafka_url, "http_port": self.port}
        self.streams = streams(**given, session_timeout=6, log_format="json")

    def ask(self, path: str) -> tuple[int, str]:
        """Return the status and the reasons of a page; 0 where nothing answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return answer.status, _reasons(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, _reasons(error.read())
        except OSError:
            return 0, ""

    def wait_unready(self, reason: str) -> None:
        def waits() -> bool:
            status, reasons = self.ask("/readyz")
            return status == 503 and reason in reasons

        wait_for(waits, f"the worker says that it is not ready because of {reason!r}: {self.ask('/readyz')}")
        assert self.ask("/healthz")[0] == 200, "a restart would not help"

    def wait_ready(self) -> None:
        wait_for(lambda: self.ask("/readyz")[0] == 200, f"the worker is ready: {self.ask('/readyz')}", 60)

    def events(self) -> list[str]:
        return [json.loads(line)["event"] for line in self.streams.output().splitlines() if line.startswith("{")]


def _reasons(body: bytes) -> str:
    return "; ".join(f"{check['name']}: {check['reason']}" for check in json.loads(body)["checks"] if not check["ok"])


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Valkey]:
    made = Valkey(tmp_path / "redis", unix_socket=False)
    made.start()
    yield made
    made.close()


@pytest.fixture
def broker(new_broker: Callable[..., AnyBroker]) -> AnyBroker:
    return new_broker()


@pytest.fixture
def started(streams: Callable[..., Streams], server: Valkey, broker: AnyBroker) -> Started:
    return Started(streams, server.url, broker.url)


@pytest.mark.any_broker
def test_redis_is_away_and_the_worker_is_killed_meanwhile(started: Started, server: Valkey) -> None:
    server.kill()
    with started.streams.start("worker") as process:
        started.wait_unready("redis: ")
        process.kill()
        process.wait()
    with started.streams.start("worker") as process:
        started.wait_unready("redis: ")
        server.start()
        started.wait_ready()
        assert process.poll() is None
    events = started.events()
    assert events.count("worker_starting") == 2
    assert "start_waits" in events


@pytest.mark.any_broker
def test_it_is_stopped_while_it_waits(started: Started, server: Valkey) -> None:
    server.kill()
    with started.streams.start("worker") as process:
        started.wait_unready("redis: ")
        process.terminate()
        assert process.wait(20) == 0
    assert started.events()[-1] == "worker_stopped"


def test_kafka_is_away(started: Started, broker: AnyBroker) -> None:
    broker.kill()
    with started.streams.start("worker") as process:
        started.wait_unready("kafka: ")
        broker.start()
        started.wait_ready()
        assert process.poll() is None


@pytest.mark.any_broker
def test_both_are_away(started: Started, broker: AnyBroker, server: Valkey) -> None:
    broker.kill()
    server.kill()
    with started.streams.start("worker") as process:
        wait_for(lambda: {"redis", "kafka"} <= _failing(started), "both are named")
        broker.start()
        wait_for(lambda: "cannot be reached" not in started.ask("/readyz")[1], "Kafka is there")
        server.start()
        started.wait_ready()
        assert process.poll() is None


def _failing(started: Started) -> set[str]:
    return {reason.partition(":")[0] for reason in started.ask("/readyz")[1].split("; ")}


@pytest.mark.any_broker
def test_redis_is_full(started: Started, server: Valkey) -> None:
    client = redis.Redis.from_url(server.url)
    client.config_set("maxmemory", "1")
    with started.streams.start("worker") as process:
        started.wait_unready("used memory > 'maxmemory'")
        client.config_set("maxmemory", "0")
        started.wait_ready()
        assert process.poll() is None


@pytest.mark.any_broker
def test_redis_cannot_write_its_snapshot(started: Started, server: Valkey, tmp_path: Path) -> None:
    client = redis.Redis.from_url(server.url)
    client.config_set("appendonly", "no")
    client.config_set("save", "3600 1")
    shutil.rmtree(tmp_path / "redis")
    client.set("x", 1)

    def refuses() -> bool:
        with_errors = client.info("persistence")
        if with_errors["rdb_bgsave_in_progress"] == 0 and with_errors["rdb_last_bgsave_status"] == "ok":
            client.bgsave()
        return bool(with_errors["rdb_last_bgsave_status"] == "err")

    wait_for(refuses, "the snapshot fails")
    with started.streams.start("worker") as process:
        started.wait_unready("MISCONF")
        client.config_set("stop-writes-on-bgsave-error", "no")
        started.wait_ready()
        assert process.poll() is None


@pytest.mark.any_broker
@pytest.mark.parametrize(
    ("configuration", "value", "said"),
    [
        ("requirepass", "secret", "STREAMS_REDIS_URL"),
        ("maxmemory-policy", "allkeys-lru", "set noeviction"),
    ],
)
def test_what_a_setting_is_wrong_about_ends_it(
    started: Started, server: Valkey, configuration: str, value: str, said: str
) -> None:
    client: Any = redis.Redis.from_url(server.url)
    client.config_set(configuration, value)
    done = started.streams("worker", seconds=40)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_kafka_has_too_few_nodes_for_the_replicas(
    streams: Callable[..., Streams], server: Valkey, broker: AnyBroker, broker_kind: str
) -> None:
    if broker_kind == "tansu":
        pytest.skip("the embedded broker grants everything")
    started = Started(lambda **given: streams(**given, replication=3), server.url, broker.url)
    with started.streams.start("worker"):
        started.wait_unready("cannot be created: Kafka error 38")
