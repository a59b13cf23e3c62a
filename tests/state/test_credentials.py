"""A Redis user of its own, with the rights that docs/operations.md gives it, on a real server."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
import redis

from streams import events
from streams.cli.doctor import diagnose
from streams.errors import RedisError
from streams.events import Outgoing
from streams.kafka.connection import KafkaConnection
from streams.kafka.producer import Publisher
from streams.kafka.reader import read_to_now
from streams.local.serve import ServeProcess
from streams.local.services import Services
from streams.local.valkey import Valkey
from streams.local.worker import WorkerProcess
from streams.ops.probes import ask_redis
from streams.ops.redis_diagnosis import check_redis
from streams.serve.app import API
from streams.settings import Settings
from streams.state.connection import Connection
from streams.state.credentials import redis_options
from streams.worker.open_state import check_eviction
from tests.system.processes import Streams

Connected = Callable[[Settings], Connection]

_PASSWORD = "a pass/word?"  # noqa: S105 - of a server of the test's own
_GUIDE = Path(__file__).parents[2] / "docs" / "operations.md"


def documented(name: str = "streams") -> list[str]:
    """Return the rules of the ACL line of a user in the documentation, without name and password."""
    (line,) = re.findall(rf"^ACL SETUSER {name} on >PASSWORD (.+)$", _GUIDE.read_text(encoding="utf-8"), re.MULTILINE)
    return str(line).split()


@pytest.fixture
def user(valkey: Valkey) -> Iterator[Callable[..., Settings]]:
    """Make settings of a user with the documented rights, and more or fewer."""
    admin: Any = redis.Redis.from_url(valkey.url)

    def make(*rules: str, password: str = _PASSWORD, **fields: object) -> Settings:
        admin.execute_command("ACL", "SETUSER", "streams", "reset", "on", f">{_PASSWORD}", *documented(), *rules)
        given = {"redis_url": valkey.url, "redis_user": "streams", "redis_password": password, "buckets": 16}
        return Settings.model_validate(given | fields)

    yield make
    admin.execute_command("ACL", "DELUSER", "streams")
    admin.close()


@pytest.mark.system
def test_the_documented_rights_are_enough(user: Callable[..., Settings], tmp_path: Path) -> None:
    """Those of a worker, of `streams serve` and of all commands that change something."""
    asked = user(generation="acl", http_port=0, serve_port=0)
    with Services(asked, tmp_path / "data") as services, WorkerProcess(services.settings, tmp_path / "log") as worker:
        own = worker.settings
        worker.wait_ready()
        asyncio.run(publish(own, b'{"source":"test","id":"1","title":"On the rights of turtles"}'))
        for _ in range(100):
            if told := asyncio.run(events_of(own)):
                break
            worker.child.pause(0.1)
        assert len(told) == 1
        found = asyncio.run(diagnose(own, (), 10.0))
        names = ("kafka_url", "redis_url", "redis_user", "generation", "topic_prefix", "app_id", "buckets")
        command = Streams(tmp_path, **{name: getattr(own, name) for name in names}, redis_password=_PASSWORD)
        command.ok("correct", "same", "test:1", "test:2")
        assert '"ok": true' in command.ok("verify", "--repair", "--json")
        command.ok("rebuild")
        with ServeProcess(own, tmp_path / "serve.log") as serve:
            serve.wait_ready()
            with urlopen(f"{serve.url}{API}/records/test:1") as answer:  # noqa: S310 - on loopback
                assert b"On the rights of turtles" in answer.read()
    assert "NOPERM" not in (tmp_path / "serve.log").read_text()
    assert {finding.check: finding.status for finding in found}["redis"] == "ok"
    assert not [finding for finding in found if finding.check == "redis rights"]
    assert "NOPERM" not in (tmp_path / "log").read_text()
    assert _PASSWORD not in (tmp_path / "log").read_text()


async def publish(settings: Settings, document: bytes) -> None:
    async with Publisher(KafkaConnection.of(settings), settings.topic_prefix, shared=True) as publisher:
        await publisher.publish([Outgoing("records.document", b"test:1", document)])


async def events_of(settings: Settings) -> list[bytes]:
    return [message.value async for message in read_to_now(KafkaConnection.of(settings), [events.EVENTS])]


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        (("-info",), "a failover of Redis that loses writes will not be noticed"),
        (("-config|get",), "whether Redis evicts keys is not known"),
    ],
)
def test_what_rights_take_away_is_said(
    user: Callable[..., Settings],
    connected: Connected,
    caplog: pytest.LogCaptureFixture,
    rules: tuple[str, ...],
    said: str,
) -> None:
    settings = user(*rules)
    check_eviction(connected(settings))
    assert said in caplog.text
    facts = asyncio.run(ask_redis(settings))
    (finding,) = [each for each in check_redis(facts, {}, cluster=False) if each.check == "redis rights"]
    assert finding.status == "warn"
    assert "grant" in finding.advice
    assert "start Redis" not in finding.advice


def test_a_refusal_names_the_setting(user: Callable[..., Settings], connected: Connected) -> None:
    wrong = user(password="hunter2")  # noqa: S106 - a wrong one
    for attempt in (lambda: asyncio.run(ask_redis(wrong)), lambda: connected(wrong).everywhere("PING")):
        with pytest.raises(RedisError, match="correct STREAMS_REDIS_USER or STREAMS_REDIS_PASSWORD") as caught:
            attempt()
        assert "hunter2" not in str(caught.value)
    other = user("-hgetall")
    with pytest.raises(RedisError, match="STREAMS_REDIS_USER lacks a right"):
        connected(other).call("HGETALL", "streams:x:meta")


def test_settings_become_the_options_of_a_connection(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("hunter2\n")
    given = {"redis_user": "u", "redis_password_file": str(file), "redis_ca_file": "ca", "redis_cert_file": "both"}
    assert redis_options(Settings.model_validate(given)) == {
        "username": "u",
        "password": "hunter2",
        "ssl_ca_certs": "ca",
        "ssl_certfile": "both",
        "ssl_keyfile": "both",
    }
    assert redis_options(Settings()) == {}
