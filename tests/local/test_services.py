"""The embedded broker and Redis, on real processes."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import redis
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from streams.errors import EmbeddedError, SettingsError
from streams.local.broker import SESSION_SECONDS
from streams.local.services import Services
from streams.local.valkey import REDIS_OPTIONS
from streams.settings import Settings
from tests.local.instances import instance

Until = Callable[[Callable[[], bool], str], None]
Runs = Callable[[int], bool]


def pids(services: Services) -> list[int]:
    assert services.broker is not None
    assert services.redis is not None
    assert services.broker.child is not None
    assert services.redis.child is not None
    return [services.broker.child.pid, services.redis.child.pid]


def listening(pid: int) -> list[str]:
    """Addresses on which a process listens for TCP."""
    links = []
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile
            links.append(str(entry.readlink()))
    sockets = {link[8:-1] for link in links if link.startswith("socket:[")}
    rows = [
        line.split()
        for table in ("tcp", "tcp6")
        if (file := Path(f"/proc/{pid}/net/{table}")).exists()
        for line in file.read_text().splitlines()[1:]
    ]
    return [row[1] for row in rows if row[3] == "0A" and row[9] in sockets]


async def topics(url: str, *create: str) -> list[str]:
    admin = AIOKafkaAdminClient(bootstrap_servers=url)
    await admin.start()
    try:
        if create:
            await admin.create_topics([NewTopic(name, 2, 1) for name in create])
        return [name for name in await admin.list_topics() if not name.startswith("__")]
    finally:
        await admin.close()


def test_both_servers_answer_and_nothing_is_left(settings: Settings, runs: Runs) -> None:
    with Services(settings) as services:
        children, folder = pids(services), services.data_dir
        assert services.broker_is_new
        assert services.settings.session_timeout == SESSION_SECONDS
        assert services.poll() == []
        services.check()
        assert asyncio.run(topics(services.settings.kafka_url, "t")) == ["t"]
        assert redis.Redis.from_url(services.settings.redis_url).ping()
    assert not any(map(runs, children))
    assert folder is not None
    assert not folder.exists()
    assert services.settings == settings


def test_the_embedded_redis_has_our_options(settings: Settings) -> None:
    with Services(settings) as services:
        config = redis.Redis.from_url(services.settings.redis_url, decode_responses=True).config_get("*")
    assert {name: config[name] for name in REDIS_OPTIONS} == REDIS_OPTIONS
    assert config["port"] == "0"


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("unix_socket", [True, False])
def test_only_loopback_is_listened_on(settings: Settings, unix_socket: bool) -> None:
    with Services(settings, unix_socket=unix_socket) as services:
        broker, redis_server = (listening(pid) for pid in pids(services))
        port = int(services.settings.kafka_url.rpartition(":")[2])
        url = services.settings.redis_url
    assert broker == [f"0100007F:{port:04X}"]
    expected = [] if unix_socket else [f"0100007F:{int(url.rpartition(':')[2]):04X}"]
    assert redis_server == expected


def test_named_servers_are_left_to_the_user(tmp_path: Path) -> None:
    given = Settings(kafka_url="kafka:9092", redis_url="redis://r")
    with Services(given, tmp_path / "data") as services:
        assert services.settings == given
        assert not services.broker_is_new
        assert services.data_dir is None
        assert services.poll() == []
    assert not (tmp_path / "data").exists()


def test_only_what_is_missing_is_started() -> None:
    with Services(Settings(kafka_url="kafka:9092")) as services:
        assert services.settings.session_timeout == Settings().session_timeout, "Kafka grants no shorter one"
        assert services.broker is None
        assert services.settings.kafka_url == "kafka:9092"
        assert services.settings.redis_url.startswith("unix://")


def test_neither_a_cluster_nor_replicas_can_be_embedded() -> None:
    with pytest.raises(SettingsError, match="STREAMS_REDIS_REPLICAS"), Services(Settings(redis_replicas=1)):
        pass
    with pytest.raises(SettingsError, match="STREAMS_REDIS_CLUSTER"), Services(Settings(redis_cluster=True)):
        pass


def test_redis_remembers_over_a_restart_and_the_broker_does_not(settings: Settings, tmp_path: Path) -> None:
    with Services(settings, tmp_path) as services:
        redis.Redis.from_url(services.settings.redis_url).set("k", "v")
        asyncio.run(topics(services.settings.kafka_url, "t"))
    with Services(settings, tmp_path) as services:
        assert redis.Redis.from_url(services.settings.redis_url).get("k") == b"v"
        assert asyncio.run(topics(services.settings.kafka_url)) == []
    assert (tmp_path / "redis").is_dir()


def test_each_server_restarts_at_its_address_after_a_crash(settings: Settings) -> None:
    with Services(settings) as services:
        assert services.broker is not None
        assert services.redis is not None
        client = redis.Redis.from_url(services.settings.redis_url)
        client.set("k", "v")
        services.redis.kill()
        assert services.poll() == ["the embedded Redis: signal 9"]
        with pytest.raises(EmbeddedError, match=r"Redis does not run any more \(signal 9\)"):
            services.check()
        services.redis.start()
        assert services.redis.url == services.settings.redis_url
        assert client.get("k") == b"v"
        services.broker.kill()
        assert services.poll() == ["the embedded broker: signal 9"]
        services.broker.start()
        assert services.broker.url == services.settings.kafka_url
        services.check()


def test_damaged_state_stops_the_start_with_what_redis_says(settings: Settings, tmp_path: Path) -> None:
    with Services(settings, tmp_path) as services:
        client = redis.Redis.from_url(services.settings.redis_url)
        for number in range(100):
            client.set(f"k{number}", number)
    (log,) = (tmp_path / "redis" / "appendonlydir").glob("*.incr.aof")
    written = log.read_bytes()
    log.write_bytes(written[:500] + b"damage" + written[506:])
    with pytest.raises(EmbeddedError, match=r"embedded Redis does not run any more.*(?s:.*)Bad file format"):
        Services(settings, tmp_path).__enter__()
    log.write_bytes(written)
    with Services(settings, tmp_path) as services:
        assert redis.Redis.from_url(services.settings.redis_url).dbsize() == 100


def test_a_failed_start_leaves_nothing(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALF_TANSU_BIN", "/nonexistent/tansu")
    with pytest.raises(EmbeddedError, match=r"CALF_TANSU_BIN.*STREAMS_KAFKA_URL"), Services(settings, tmp_path):
        pass
    monkeypatch.delenv("CALF_TANSU_BIN")
    with Services(settings, tmp_path):  # neither locked nor is a Redis running in it
        pass


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_however_the_parent_ends_nothing_is_left(number: signal.Signals, until: Until, runs: Runs) -> None:
    with instance() as (process, said):
        children = said["pids"]
        assert isinstance(children, list)
        assert all(map(runs, children))
        process.send_signal(number)
        assert process.wait(10) == (130 if number == signal.SIGINT else -number)
        until(lambda: not any(map(runs, children)), "the end of both servers")
        until(lambda: not Path(str(said["data"])).exists(), "the end of the temporary directory")


def test_a_new_instance_takes_over_at_once_from_a_killed_one(settings: Settings, tmp_path: Path) -> None:
    with instance(str(tmp_path)) as (process, said):
        client = redis.Redis.from_url(str(said["redis"]))
        for number in range(1000):
            client.set(f"k{number}", number)
        process.kill()
        process.wait(10)
        with Services(settings, tmp_path) as services:
            assert redis.Redis.from_url(services.settings.redis_url).dbsize() == 1000
