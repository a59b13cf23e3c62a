"""A worker that starts while a server is away, full or refuses writes waits, says why, and starts by itself."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import redis

from streams.local.valkey import Valkey
from tests.brokers import AnyBroker
from tests.system.forgetting_redis import address
from tests.system.probed_worker import ProbedWorker
from tests.system.processes import Streams, wait_for
from tests.system.proxy import Proxy

pytestmark = pytest.mark.system


@pytest.mark.any_broker
def test_redis_is_away_and_the_worker_is_killed_meanwhile(probed: ProbedWorker, own_redis: Valkey) -> None:
    own_redis.kill()
    with probed.streams.start("worker") as process:
        probed.wait_unready("redis: ")
        process.kill()
        process.wait()
    with probed.streams.start("worker") as process:
        probed.wait_unready("redis: ")
        own_redis.start()
        probed.wait_ready()
        assert process.poll() is None
    events = probed.events()
    assert events.count("worker_starting") == 2
    assert "start_waits" in events


@pytest.mark.any_broker
@pytest.mark.soak
@pytest.mark.parametrize("seconds", [2.0, 4.0, 5.0, 5.5, 6.0, 6.2, 6.4, 6.6, 7.0, 8.0])
def test_redis_goes_away_in_the_midst_of_a_start(
    seconds: float, streams: Callable[..., Streams], own_redis: Valkey, own_broker: AnyBroker
) -> None:
    with Proxy(address(own_redis.url)) as way:
        probed = ProbedWorker(streams, f"redis://{way.url}", own_broker.url)
        way.delay(0.1)
        with probed.streams.start("worker") as process:
            wait_for(lambda: "worker_starting" in probed.events(), "it starts")
            time.sleep(seconds)
            way.cut()
            probed.wait_unready("redis: ")
            way.restore()
            probed.wait_ready()
            assert process.poll() is None


@pytest.mark.any_broker
def test_it_is_stopped_while_it_waits(probed: ProbedWorker, own_redis: Valkey) -> None:
    own_redis.kill()
    with probed.streams.start("worker") as process:
        probed.wait_unready("redis: ")
        process.terminate()
        assert process.wait(20) == 0
    assert probed.events()[-1] == "worker_stopped"


def test_kafka_is_away(probed: ProbedWorker, own_broker: AnyBroker) -> None:
    own_broker.kill()
    with probed.streams.start("worker") as process:
        probed.wait_unready("kafka: ")
        own_broker.start()
        probed.wait_ready()
        assert process.poll() is None


@pytest.mark.any_broker
def test_both_are_away(probed: ProbedWorker, own_broker: AnyBroker, own_redis: Valkey) -> None:
    own_broker.kill()
    own_redis.kill()
    with probed.streams.start("worker") as process:
        wait_for(lambda: {"redis", "kafka"} <= probed.failing(), "both are named")
        own_broker.start()
        wait_for(lambda: "cannot be reached" not in probed.ask("/readyz")[1], "Kafka is there")
        own_redis.start()
        probed.wait_ready()
        assert process.poll() is None


@pytest.mark.any_broker
def test_redis_is_full(probed: ProbedWorker, own_redis: Valkey) -> None:
    client = redis.Redis.from_url(own_redis.url)
    client.config_set("maxmemory", "1")
    with probed.streams.start("worker") as process:
        probed.wait_unready("used memory > 'maxmemory'")
        client.config_set("maxmemory", "0")
        probed.wait_ready()
        assert process.poll() is None


@pytest.mark.any_broker
def test_redis_cannot_write_its_snapshot(probed: ProbedWorker, own_redis: Valkey, tmp_path: Path) -> None:
    client = redis.Redis.from_url(own_redis.url)
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
    with probed.streams.start("worker") as process:
        probed.wait_unready("MISCONF")
        client.config_set("stop-writes-on-bgsave-error", "no")
        probed.wait_ready()
        assert process.poll() is None


@pytest.mark.any_broker
@pytest.mark.parametrize(
    ("configuration", "value", "said"),
    [
        ("requirepass", "secret", "STREAMS_REDIS_PASSWORD"),
        ("maxmemory-policy", "allkeys-lru", "set noeviction"),
    ],
)
def test_what_a_setting_is_wrong_about_ends_it(
    probed: ProbedWorker, own_redis: Valkey, configuration: str, value: str, said: str
) -> None:
    client: Any = redis.Redis.from_url(own_redis.url)
    client.config_set(configuration, value)
    done = probed.streams("worker", seconds=40)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_kafka_has_too_few_nodes_for_the_replicas(
    streams: Callable[..., Streams], own_redis: Valkey, own_broker: AnyBroker, broker_kind: str
) -> None:
    if broker_kind == "tansu":
        pytest.skip("the embedded broker grants everything")
    probed = ProbedWorker(lambda **given: streams(**given, replication=3), own_redis.url, own_broker.url)
    with probed.streams.start("worker"):
        probed.wait_unready("cannot be created: Kafka error 38")
