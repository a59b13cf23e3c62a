"""The brokers that tests run on: the embedded one (Tansu), or Apache Kafka itself with `pytest --broker kafka`.

Kafka is one node in KRaft mode on loopback, from the jar files that `make test-kafka` has put into `.kafka/`. It is
set up as a user's would be, but for what makes a test slow: one replica, few partitions of its own topics, and a
crash that the node itself forgets sooner.
"""

from __future__ import annotations

import atexit
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import Protocol

from streams.errors import EmbeddedError
from streams.local.broker import answers_kafka, free_port
from streams.local.process import Child, wait_until

__all__ = ["CLUSTER_ID", "KAFKA_SESSION_SECONDS", "KINDS", "AnyBroker", "Kafka", "java", "kafka_is_there"]

KINDS = ("tansu", "kafka")
KAFKA_SESSION_SECONDS = 6.0
"""The shortest session of a consumer group that Kafka grants by default (`group.min.session.timeout.ms`)."""

_JARS = Path(__file__).parents[1] / ".kafka"
CLUSTER_ID = "fTwfClK4Sm6cQY4Pay2aFw"
_START_SECONDS, _STOP_SECONDS = 60.0, 15.0
_ATTEMPTS = 3  # another process may take a free port before Kafka binds to it
_JAVA = ["java", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
_LOG_LEVEL = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"
_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
controller.listener.names=CONTROLLER
inter.broker.listener.name=INTERNAL
listeners=CLIENT://127.0.0.1:{client},INTERNAL://127.0.0.1:{internal},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=CLIENT://{advertised},INTERNAL://127.0.0.1:{internal}
listener.security.protocol.map=CLIENT:PLAINTEXT,INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={data}
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
group.initial.rebalance.delay.ms=0
broker.session.timeout.ms=4000
broker.heartbeat.interval.ms=500
{more}
"""


class AnyBroker(Protocol):
    """What a test may do to a broker, of whatever kind."""

    @property
    def url(self) -> str:
        """Bootstrap address, `host:port`; the same over restarts."""

    @property
    def child(self) -> Child | None:
        """Its process, once it was started."""

    def start(self) -> None:
        """Start it, or start it again on the same port, and wait until it answers."""

    def stop(self) -> None:
        """Stop it gracefully."""

    def kill(self) -> None:
        """End it with SIGKILL."""


def kafka_is_there() -> bool:
    """Whether `make test-kafka` has fetched Kafka."""
    return any(_JARS.glob("kafka_2.13-*.jar"))


class Kafka:
    """A Kafka node with a directory of its own. Its topics outlive `stop` and `kill`, as long as the directory does."""

    def __init__(self, directory: Path, *, advertised: str = "", **properties: object) -> None:
        """Keep data and log in `directory`, which is made.

        `advertised` is the `host:port` that clients are sent to, for a proxy in front; by default its own. `properties`
        are further ones of Kafka's, with `_` for `.`.
        """
        self._directory = directory
        self._advertised = advertised
        self._more = "\n".join(f"{name.replace('_', '.')}={value}" for name, value in properties.items())
        self._port = 0
        self.child = Child(
            "Kafka", [*java("kafka.Kafka"), "kafka.properties"], directory / "broker.log", grace=_STOP_SECONDS
        )

    @property
    def url(self) -> str:
        return f"127.0.0.1:{self._port}" if self._port else ""

    def start(self) -> None:
        """Raises EmbeddedError when it does not come up."""
        if self._port:
            self._start_on(self._port)
            return
        for attempt in range(1, _ATTEMPTS + 1):
            port = free_port()
            self._format(port)
            try:
                self._start_on(port)
            except EmbeddedError:
                if "Address already in use" not in self.child.log.read_text() or attempt == _ATTEMPTS:
                    raise
            else:
                self._port = port
                return

    def stop(self) -> None:
        self.child.stop()

    def kill(self) -> None:
        self.child.kill()

    def _start_on(self, port: int) -> None:
        self.child.start()
        wait_until(self.child, lambda: answers_kafka("127.0.0.1", port), _START_SECONDS)

    def _format(self, port: int) -> None:
        """Write the properties, and give it the empty log that a node needs before its first start."""
        self._directory.mkdir(parents=True, exist_ok=True)
        properties = _PROPERTIES.format(
            client=port, internal=free_port(), controller=free_port(), advertised=self._advertised or f"127.0.0.1:{port}",
            data=self._directory / "data", more=self._more,
        )  # fmt: skip
        (self._directory / "kafka.properties").write_text(properties)
        shutil.copytree(_formatted(), self._directory / "data", dirs_exist_ok=True)


def java(main: str) -> list[str]:
    """The command that runs one of Kafka's programs."""
    return [*_JAVA, _LOG_LEVEL, "-cp", f"{_JARS}/*", main]


@cache
def _formatted() -> Path:
    """The empty log of a node, made once, for that takes as long as to start one."""
    directory = Path(tempfile.mkdtemp(prefix="kafka-"))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    given = _PROPERTIES.format(
        client=1, internal=2, controller=3, advertised="127.0.0.1:1", data=directory / "data", more=""
    )
    (directory / "kafka.properties").write_text(given)
    tool = [*java("kafka.tools.StorageTool"), "format", "-t", CLUSTER_ID, "-c", "kafka.properties"]
    done = subprocess.run(tool, cwd=directory, capture_output=True, text=True, check=False)
    if done.returncode:
        raise EmbeddedError(f"Kafka cannot be set up: {done.stdout}{done.stderr}")
    return directory / "data"
