from __future__ import annotations

import itertools
import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from streams.events.schemas import NAMES, schema
from streams.local.broker import Broker
from streams.local.valkey import Valkey
from streams.settings import Settings
from streams.state.connection import Connection, connect
from tests.brokers import KAFKA_SESSION_SECONDS, KINDS, AnyBroker, Kafka, kafka_is_there
from tests.events.schemas.compatibility import closed
from tests.redis_cluster import RedisCluster
from tests.secured_kafka import SecuredKafka
from tests.system.scenario_report import Report

Connected = Callable[[Settings], Connection]
_NUMBERS = itertools.count(1)
_TOLD = pytest.StashKey[list[tuple[str, Report]]]()
_OF_THE_BROKER = {"broker_settings", "new_broker", "secured_kafka"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--broker", choices=KINDS, default=KINDS[0], help="run the tests that need a broker on this one")
    parser.addoption("--kills", type=int, default=60, help="of workers, in the soak of tests/system/test_faults.py")
    parser.addoption("--faults", type=int, default=60, help="of every kind, in the soak of tests/system/test_faults.py")


def pytest_configure(config: pytest.Config) -> None:
    hypothesis.settings.register_profile("streams", deadline=None)  # other tests run at the same time
    hypothesis.settings.load_profile("streams")
    if config.getoption("--broker") == "kafka" and not kafka_is_there():
        raise pytest.UsageError("Apache Kafka is not there: `make test-kafka` fetches it, and runs the tests on it")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where tests run in several processes, each hands over what its scenarios came to."""
    if output := getattr(session.config, "workeroutput", None):
        output["told"] = [(scenario, report.plain()) for scenario, report in session.config.stash.get(_TOLD, [])]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over what the scenarios of one process came to."""
    told = getattr(node, "workeroutput", {}).get("told", [])
    node.config.stash.setdefault(_TOLD, []).extend((scenario, Report.of(plain)) for scenario, plain in told)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """The scenarios of this run as the rows of docs/reliability.md."""
    if told := config.stash.get(_TOLD, []):
        terminalreporter.section(f"reliability, on {config.getoption('--broker')}")
        for line in Report.table(told):
            terminalreporter.write_line(line)


@pytest.fixture
def tell(pytestconfig: pytest.Config) -> Callable[[str, Report], None]:
    """Note what a scenario came to, for the table that is printed at the end."""
    told = pytestconfig.stash.setdefault(_TOLD, [])
    return lambda scenario, report: told.append((scenario, report))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On Kafka only what needs a broker, by the fixtures it uses, and shows something of it is run again."""
    if config.getoption("--broker") == "kafka":
        chosen = [
            item
            for item in items
            if _OF_THE_BROKER.intersection(getattr(item, "fixturenames", ()))
            and not item.get_closest_marker("any_broker")
        ]
        config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
        items[:] = chosen


@pytest.fixture(autouse=True, scope="session")
def no_settings_from_outside() -> None:
    """Let no setting of the developer's shell decide what a test finds, and give each worker a port of its own.

    With the default port a test could find the worker of another one ready.
    """
    for name in [name for name in os.environ if name.startswith("STREAMS_")]:
        del os.environ[name]
    os.environ |= {"STREAMS_HTTP_PORT": "0", "STREAMS_SERVE_PORT": "0"}


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    """One real server for all tests that need nothing but Redis."""
    server = Valkey(Path(tmp_path_factory.mktemp("valkey")))
    server.start()
    yield server
    server.close()


@pytest.fixture(scope="session")
def redis_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisCluster]:
    """One real cluster of three nodes for all tests that leave it as they found it."""
    with RedisCluster(Path(tmp_path_factory.mktemp("cluster"))) as cluster:
        yield cluster


@pytest.fixture
def cluster_generation(redis_cluster: RedisCluster) -> Settings:
    """Settings of a generation on the cluster that nobody has used."""
    name = f"g{next(_NUMBERS)}"
    return Settings(redis_url=redis_cluster.url, redis_cluster=True, generation=name, buckets=16)


@pytest.fixture
def new_cluster_connection(redis_cluster: RedisCluster, connected: Connected) -> Callable[[], Connection]:
    """Make connections to the cluster that are closed when the test ends."""
    return lambda: connected(Settings(redis_url=redis_cluster.url, redis_cluster=True))


@pytest.fixture(scope="session")
def broker_kind(request: pytest.FixtureRequest) -> str:
    """`tansu` or `kafka`, as `--broker` says."""
    return str(request.config.getoption("--broker"))


@pytest.fixture(scope="session")
def broker_settings(
    broker_kind: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[], dict[str, Any]]]:
    """Make settings that put a test on the broker that `--broker` names.

    The embedded one: no address, for Streams brings it along. Kafka: one server for all tests, and in it a topic
    prefix and a consumer group that nobody has used.
    """
    if broker_kind == "tansu":
        yield dict
        return
    server = Kafka(Path(tmp_path_factory.mktemp("kafka")))
    server.start()

    def make() -> dict[str, Any]:
        name = f"t{uuid.uuid4().hex[:10]}"
        return {
            "kafka_url": server.url,
            "topic_prefix": f"{name}.",
            "app_id": name,
            "session_timeout": KAFKA_SESSION_SECONDS,
        }

    yield make
    server.stop()


@pytest.fixture(scope="session")
def secured_kafka(broker_kind: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredKafka]:
    """Kafka with listeners that ask who a client is, and rights to grant; with `--broker kafka` only."""
    if broker_kind != "kafka":
        pytest.skip("the embedded broker has no security")
    server = SecuredKafka(Path(tmp_path_factory.mktemp("secured")))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def new_broker(broker_kind: str, tmp_path: Path) -> Iterator[Callable[..., AnyBroker]]:
    """Make a broker of the test's own, of the kind that `--broker` names; it is started, and stopped when the test ends.

    `advertised` is the `host:port` that clients are sent to, for a proxy in front; `properties` are Kafka's own, with
    `_` for `.`, and nothing to the embedded one.
    """
    made: list[AnyBroker] = []

    def make(advertised: str = "", **properties: object) -> AnyBroker:
        directory = tmp_path / f"broker{len(made)}"
        if broker_kind == "kafka":
            made.append(Kafka(directory, advertised=advertised, **properties))
        else:
            made.append(Broker(directory, advertised=advertised))
        made[-1].start()
        return made[-1]

    yield make
    for broker in made:
        broker.stop()


@pytest.fixture(scope="session")
def new_generation(valkey: Valkey) -> Callable[..., Settings]:
    """Make settings of a generation that nobody has used."""

    def make(**fields: object) -> Settings:
        return Settings(redis_url=valkey.url, generation=f"g{next(_NUMBERS)}", **({"buckets": 16} | fields))  # type: ignore[arg-type]

    return make


@pytest.fixture
def generation(new_generation: Callable[..., Settings]) -> Settings:
    return new_generation()


@pytest.fixture
def connected() -> Iterator[Connected]:
    """Make connections by settings that are closed when the test ends."""
    made: list[Connection] = []

    def make(settings: Settings) -> Connection:
        made.append(connect(settings))
        return made[-1]

    yield make
    for connection in made:
        connection.close()


@pytest.fixture
def new_connection(valkey: Valkey, connected: Connected) -> Callable[[], Connection]:
    """Make connections that are closed when the test ends."""
    return lambda: connected(Settings(redis_url=valkey.url))


@pytest.fixture
def connection(generation: Settings, connected: Connected) -> Connection:
    """A connection by the settings of the test's own generation."""
    return connected(generation)


@pytest.fixture(scope="session")
def validate() -> Callable[[str, Any], None]:
    """Check a value that Streams writes against the schema of a name, without other fields; fails with what is wrong and where."""
    schemas = {name: closed(schema(name)) for name in NAMES}
    resources = [(f"urn:streams:schema:{name}", Resource.from_contents(schemas[name])) for name in NAMES]
    registry: Registry[Any] = Registry().with_resources(resources)
    validators = {name: Draft202012Validator(schemas[name], registry=registry) for name in NAMES}

    def check(name: str, value: Any) -> None:
        errors = [f"{error.json_path}: {error.message}" for error in validators[name].iter_errors(value)]
        assert not errors, (name, errors, value)

    return check
