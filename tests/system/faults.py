"""The faults of the scenarios, each a function that injects one and returns when its cause is gone, and the servers that fail.

Workers are killed, stopped, paused; Redis is killed, paused, full, restored from a copy, emptied; the broker is killed, stopped,
paused; the network between them is cut, stalled, slow; a topic is deleted. The embedded broker keeps its topics in memory, so
it is paused and cut, and never ended.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from urllib.parse import urlsplit

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import UnknownTopicOrPartitionError

from streams import events
from streams.local.valkey import Valkey
from streams.settings import Settings
from streams.state.connection import connect
from tests.brokers import AnyBroker, Kafka
from tests.system.fault_scenario import FaultScenario
from tests.system.probed_worker import why_unready
from tests.system.processes import wait_for
from tests.system.proxy import Proxy

__all__ = ["MOST_PAUSE_SECONDS", "Servers", "delete_topics", "kill_redis", "mixed", "paused"]

MOST_PAUSE_SECONDS = 4.0
_DELETED = (0, UnknownTopicOrPartitionError.errno)
_PATIENCE_SECONDS = 300.0


class Servers:
    """A broker, a Redis and proxies before both, of the test's own."""

    def __init__(self, directory: Path, new_broker: Callable[..., AnyBroker], session_seconds: float) -> None:
        self.directory = directory
        self.to_broker = Proxy(("127.0.0.1", 1))
        self.broker = new_broker(advertised=self.to_broker.url)
        host, _, port = self.broker.url.partition(":")
        self.to_broker.target = host, int(port)
        self.redis = Valkey(directory / "redis", unix_socket=False)
        self.redis_files = directory / "redis" / "appendonlydir"
        self.redis.start()
        address = urlsplit(self.redis.url)
        self.to_redis = Proxy((str(address.hostname), int(address.port or 0)))
        self.session_seconds = session_seconds

    def scenario(self, workers: int, **settings: object) -> FaultScenario:
        """A scenario whose workers reach both servers through the proxies."""
        through = {"kafka_url": self.to_broker.url, "redis_url": f"redis://{self.to_redis.url}"}
        given = {"session_timeout": self.session_seconds} | settings
        return FaultScenario(self.directory, self.broker, self.redis, workers=workers, through=through, **given)

    @property
    def keeps_topics(self) -> bool:
        """Whether the topics are there after the end of the broker."""
        return isinstance(self.broker, Kafka)

    def close(self) -> None:
        self.to_broker.close()
        self.to_redis.close()
        self.redis.close()


Fault = Callable[[Servers, FaultScenario, Random], None]


def mixed(servers: Servers, random: Random, number: int) -> list[Fault]:
    """Return so many faults in a random order, each as often as any other, of those that the broker survives."""
    kinds = _FAULTS + (_BROKER_ENDS if servers.keeps_topics else ())
    return random.sample(kinds * (number // len(kinds) + 1), number)


def kill_workers(_: Servers, scenario: FaultScenario, random: Random) -> None:
    """`kill -9` of one of the first two workers."""
    scenario.kill(random.randrange(2))


def pause_worker(servers: Servers, scenario: FaultScenario, random: Random) -> None:
    """A worker stands still for longer than its session: another one has its partitions when it continues."""
    seconds = servers.session_seconds + random.random() * MOST_PAUSE_SECONDS
    with paused(scenario.pid(random.randrange(2))):
        scenario.fault("worker paused")
        time.sleep(seconds)


def restart_workers(_: Servers, scenario: FaultScenario, random: Random) -> None:
    """SIGTERM to both, one after the other, as a rollout does."""
    for number in random.sample(range(2), 2):
        scenario.restart(number)


def join_and_leave(_: Servers, scenario: FaultScenario, random: Random) -> None:
    """A third worker comes and goes."""
    scenario.join()
    time.sleep(random.random() * MOST_PAUSE_SECONDS)
    scenario.leave(len(scenario.workers) - 1)


def kill_redis(servers: Servers, scenario: FaultScenario, random: Random | None = None) -> None:
    """`kill -9`; it comes back on its append-only file, and without `random` after the workers have seen that it is away."""
    servers.redis.kill()
    scenario.fault("Redis killed")
    if random is None:
        wait_for(lambda: not any(scenario.ready()), "the workers say that they are not ready")
    servers.redis.start()


def pause_redis(servers: Servers, scenario: FaultScenario, random: Random) -> None:
    """It answers nobody for some seconds."""
    assert servers.redis.child is not None
    with paused(servers.redis.child.pid):
        scenario.fault("Redis paused")
        time.sleep(2 * random.random() * MOST_PAUSE_SECONDS)


def fill_redis(servers: Servers, scenario: FaultScenario, random: Random) -> None:
    """It refuses every write for some seconds."""
    with contextlib.closing(connect(scenario.settings)) as connection:
        connection.call("CONFIG", "SET", "maxmemory", 1)
        scenario.fault("Redis full")
        time.sleep(2 * random.random() * MOST_PAUSE_SECONDS)
        connection.call("CONFIG", "SET", "maxmemory", 0)


def restore_redis(servers: Servers, scenario: FaultScenario, random: Random) -> None:
    """It comes back empty; workers wait and say why, until a copy from before takes its place."""
    files, copy = servers.redis_files, servers.directory / f"copy-{time.monotonic_ns()}"
    shutil.copytree(files, copy)
    time.sleep(random.random() * MOST_PAUSE_SECONDS)
    servers.redis.kill()
    shutil.rmtree(files)
    servers.redis.start()
    scenario.fault("Redis emptied, an older copy restored")
    _wait_lost(scenario)
    servers.redis.kill()
    shutil.rmtree(files)
    shutil.copytree(copy, files)
    servers.redis.start()
    _wait_ready(scenario)


def lose_redis(_: Servers, scenario: FaultScenario, __: Random) -> None:
    """It is emptied, and there is no copy: `streams rebuild --from-nothing`."""
    with contextlib.closing(connect(scenario.settings)) as connection:
        connection.everywhere("FLUSHALL")
    scenario.fault("Redis emptied, rebuilt from the topics")
    _wait_lost(scenario)
    scenario.command().ok("rebuild", "--from-nothing", seconds=_PATIENCE_SECONDS)
    _wait_ready(scenario)


def pause_broker(servers: Servers, scenario: FaultScenario, random: Random) -> None:
    """It answers nobody for some seconds."""
    assert servers.broker.child is not None
    with paused(servers.broker.child.pid):
        scenario.fault("broker paused")
        time.sleep(2 * random.random() * MOST_PAUSE_SECONDS)


def kill_broker(servers: Servers, scenario: FaultScenario, _: Random | None = None) -> None:
    """`kill -9`, and a start."""
    servers.broker.kill()
    scenario.fault("broker killed")
    servers.broker.start()


def restart_broker(servers: Servers, scenario: FaultScenario, random: Random) -> None:
    """SIGTERM, and a start after some seconds."""
    servers.broker.stop()
    scenario.fault("broker stopped")
    time.sleep(2 * random.random() * MOST_PAUSE_SECONDS)
    servers.broker.start()


def delete_topic(_: Servers, scenario: FaultScenario, random: Random) -> None:
    """A topic that workers write is deleted; they make it again."""
    asyncio.run(delete_topics(scenario.settings, random.choice([events.DECISIONS, events.REVIEWS])))
    scenario.fault("topic deleted")


def cut(servers: Servers, scenario: FaultScenario, random: Random) -> None:
    """All connections to one server end, and none can be made."""
    _between(servers, scenario, random, "cut", Proxy.cut)


def stall(servers: Servers, scenario: FaultScenario, random: Random) -> None:
    """Nothing comes through to one server, or from it."""
    _between(servers, scenario, random, "stalled", Proxy.stall)


def slow(servers: Servers, scenario: FaultScenario, random: Random) -> None:
    """Everything to one server, and from it, comes late."""
    _between(servers, scenario, random, "slow", lambda proxy: proxy.delay(0.05))


_FAULTS: tuple[Fault, ...] = (
    kill_workers, pause_worker, restart_workers, join_and_leave,
    kill_redis, pause_redis, fill_redis, restore_redis, lose_redis,
    pause_broker, delete_topic, cut, stall, slow,
)  # fmt: skip
_BROKER_ENDS: tuple[Fault, ...] = (kill_broker, restart_broker)


def _between(
    servers: Servers, scenario: FaultScenario, random: Random, word: str, fail: Callable[[Proxy], None]
) -> None:
    proxy, name = random.choice([(servers.to_redis, "Redis"), (servers.to_broker, "the broker")])
    fail(proxy)
    scenario.fault(f"network to {name} {word}")
    time.sleep(random.random() * MOST_PAUSE_SECONDS)
    proxy.restore()


@contextlib.contextmanager
def paused(pid: int) -> Iterator[None]:
    """Stop a process with SIGSTOP for the time of the block."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


def _wait_lost(scenario: FaultScenario) -> None:
    def say() -> bool:
        return all("--from-nothing" in why_unready(scenario.workers[number]) for number in scenario.kept)

    wait_for(say, "the workers say that the state is lost", _PATIENCE_SECONDS)


def _wait_ready(scenario: FaultScenario) -> None:
    def are() -> bool:
        return all(scenario.workers[number].ready() for number in scenario.kept)

    wait_for(are, "the workers begin by themselves", _PATIENCE_SECONDS)


async def delete_topics(settings: Settings, *only: str) -> None:
    """Delete all topics of an installation, or some."""
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka_url)
    await admin.start()
    try:
        listed = [name for name in await admin.list_topics() if name.startswith(settings.topic_prefix)]
        names = [name for name in listed if not only or name.removeprefix(settings.topic_prefix) in only]
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while names:  # a controller that has only just started may refuse; workers may have made it again already
                answer = await admin.delete_topics(names)
                names = [name for name, code in answer.topic_error_codes if code not in _DELETED]
                await asyncio.sleep(0.1)
    finally:
        await admin.close()
