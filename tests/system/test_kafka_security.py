"""Kafka with TLS, client certificates, SASL and rights: what works, what is needed for it, and what a refusal says."""

from __future__ import annotations

import asyncio
import os
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import orjson
import pytest
import redis
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions

from streams import events
from streams.cli.doctor import diagnose
from streams.client import snapshot, subscribe
from streams.errors import BrokerError, EmbeddedError
from streams.events import Outgoing
from streams.harvest.process import Wanted, harvest
from streams.harvest.source import Options
from streams.kafka.connection import KafkaConnection, started
from streams.kafka.producer import Publisher
from streams.kafka.reader import read_to_now
from streams.kafka.topics import create_topics, harvest_topics, topics
from streams.local.valkey import Valkey
from streams.local.worker import WorkerProcess
from streams.settings import Settings
from tests.brokers import KAFKA_SESSION_SECONDS
from tests.harvest.arxiv_server import ArxivServer, papers
from tests.secured_kafka import PASSWORDS, Certificates, SecuredKafka, unsigned_token
from tests.state.test_credentials import documented
from tests.system.agreement import check_agreement
from tests.system.processes import Streams, metric, wait_for

pytestmark = pytest.mark.system

Make = Callable[..., Settings]
_SHORT_SECONDS = 4


def token() -> str:
    """Be a `STREAMS_KAFKA_TOKEN_PROVIDER`."""
    return unsigned_token("worker")


def short_token() -> str:
    """Be one whose tokens end soon; notes each."""
    with Path(os.environ["TOKENS_GIVEN"]).open("a") as given:
        given.write(f"{time.time()}\n")
    return unsigned_token("worker", seconds=_SHORT_SECONDS)


def expired_token() -> str:
    """Be one whose tokens Kafka refuses."""
    return unsigned_token("worker", seconds=-30)


def broken_token() -> str:
    """Be one whose service is away."""
    raise ConnectionError("no answer from the token service")


def scram(user: str = "worker", mechanism: str = "SCRAM-SHA-256") -> dict[str, str]:
    return {
        "kafka_security": "sasl_plaintext",
        "kafka_sasl_mechanism": mechanism,
        "kafka_sasl_user": user,
        "kafka_sasl_password": PASSWORDS[user],
    }


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let worker processes import the token functions of this file, wherever they run."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))


def over_tls(kafka: SecuredKafka, user: str = "worker") -> dict[str, str]:
    return scram(user, "SCRAM-SHA-512") | {"kafka_security": "sasl_ssl", "kafka_ca_file": kafka.certificates.ca}


def mutual(kafka: SecuredKafka, user: str = "worker") -> dict[str, str]:
    certificate = kafka.certificates.issue(user)
    return {"kafka_security": "ssl", "kafka_ca_file": kafka.certificates.ca, "kafka_cert_file": certificate}


def by_token(name: str = "token") -> dict[str, str]:
    return {
        "kafka_security": "sasl_plaintext",
        "kafka_sasl_mechanism": "OAUTHBEARER",
        "kafka_token_provider": f"{__name__}:{name}",
    }


WAYS: dict[str, tuple[str, Callable[[SecuredKafka], dict[str, str]]]] = {
    "PLAIN": ("SCRAM", lambda _: scram(mechanism="PLAIN")),
    "SCRAM-SHA-256": ("SCRAM", lambda _: scram()),
    "SCRAM-SHA-512 over TLS": ("SASLTLS", over_tls),
    "client certificate": ("MUTUAL", mutual),
    "OAUTHBEARER": ("TOKEN", lambda _: by_token()),
}


@pytest.fixture
def make(secured_kafka: SecuredKafka, valkey: Valkey) -> Make:
    """Make settings of an installation of the test's own, with topics that only the test itself may touch yet."""
    name = f"s{uuid.uuid4().hex[:8]}"

    def settings(listener: str, **fields: Any) -> Settings:
        given = {
            "kafka_url": secured_kafka.address(listener) if listener else secured_kafka.url,
            "redis_url": valkey.url,
            "namespace": name,
            "topic_prefix": f"{name}.",
            "app_id": name,
            "buckets": 16,
            "partitions": 1,
            "http_port": 0,
            "session_timeout": KAFKA_SESSION_SECONDS,
        }
        return Settings.model_validate(given | fields)

    return settings


@pytest.fixture
def redis_reader(valkey: Valkey) -> Iterator[Callable[[str], dict[str, str]]]:
    """Make a user of Redis with the rights that docs/operations.md gives to readers; return its settings."""
    admin: Any = redis.Redis.from_url(valkey.url)

    def make(namespace: str) -> dict[str, str]:
        rules = [rule.replace("streams", namespace) for rule in documented("reader")]
        admin.execute_command("ACL", "SETUSER", "reader", "reset", "on", f">{PASSWORDS['reader']}", *rules)
        return {"redis_user": "reader", "redis_password": PASSWORDS["reader"]}

    yield make
    admin.execute_command("ACL", "DELUSER", "reader")
    admin.close()


def grant_worker(kafka: SecuredKafka, settings: Settings, user: str = "worker") -> None:
    """Grant what docs/how-to/kafka-security.md says a worker needs where the topics exist."""
    prefix = f"{settings.topic_prefix}*"
    kafka.allow(
        (user, "Read", "topic", prefix), (user, "Write", "topic", prefix), (user, "Read", "group", settings.app_id)
    )


def grant_reader(kafka: SecuredKafka, settings: Settings, user: str = "reader") -> None:
    """Grant what it says that reading and verifying need."""
    kafka.allow((user, "Read", "topic", f"{settings.topic_prefix}*"))


async def published(settings: Settings, *titles: str) -> None:
    documents = [f'{{"source":"test","id":"{title}","title":"{title}"}}'.encode() for title in titles]
    async with Publisher(KafkaConnection.of(settings), settings.topic_prefix, shared=True) as publisher:
        await publisher.publish([Outgoing("records.document", b"", document) for document in documents])


async def read(settings: Settings, topic: str) -> list[bytes]:
    wanted = [settings.topic_prefix + topic]
    return [message.value async for message in read_to_now(KafkaConnection.of(settings), wanted)]


async def widen(settings: Settings, topic: str, partitions: int) -> None:
    kafka = KafkaConnection.of(settings)
    async with started(AIOKafkaAdminClient(**kafka.client("test")), kafka) as admin:
        await admin.create_partitions({settings.topic_prefix + topic: NewPartitions(partitions)})


async def drop(settings: Settings, topic: str) -> None:
    kafka, name = KafkaConnection.of(settings), settings.topic_prefix + topic
    async with started(AIOKafkaAdminClient(**kafka.client("test")), kafka) as admin:
        await admin.delete_topics([name])
        while name in await admin.list_topics():
            await asyncio.sleep(0.1)


async def described(settings: Settings, topic: str) -> list[list[Any]]:
    kafka, name = KafkaConnection.of(settings), settings.topic_prefix + topic
    async with started(AIOKafkaAdminClient(**kafka.client("test")), kafka) as admin:
        return [found["partitions"] for found in await admin.describe_topics([name])]


async def ends(settings: Settings) -> dict[TopicPartition, int]:
    names = [TopicPartition(topic.name, 0) for topic in topics(settings)]
    async with AIOKafkaConsumer(bootstrap_servers=settings.kafka_url) as consumer:
        found: dict[TopicPartition, int] = await consumer.end_offsets(names)
        return found


def test_a_harvester_needs_no_more_than_is_said_and_says_what_it_lacks(secured_kafka: SecuredKafka, make: Make) -> None:
    own = make("")
    settings = make("SCRAM", harvest_contact="x", harvest_pace=0.001, **scram())
    prefix, day = settings.topic_prefix, date(2026, 11, 2)
    asyncio.run(create_topics(own, specs=harvest_topics(own, "arxiv")))
    secured_kafka.allow(
        ("worker", "Write", "topic", f"{prefix}records.arxiv"),
        ("worker", "Read", "topic", f"{prefix}harvest.checkpoints"),
        ("worker", "Write", "topic", f"{prefix}harvest.checkpoints"),
    )
    with ArxivServer(papers(9, day, 1)) as server:
        given = settings.model_copy(update={"harvest_url": server.url})
        wanted = Wanted("arxiv", Options(since=day, until=day))
        with pytest.raises(BrokerError, match=rf"lacks a right on a transactional id .*{prefix}harvest\.arxiv"):
            asyncio.run(harvest(given, wanted))
        secured_kafka.allow(("worker", "Write", "transactional id", f"{prefix}harvest.*"))
        done = asyncio.run(harvest(given, wanted))
    assert done is not None
    assert done.records + done.deletes == len(asyncio.run(read(own, "records.arxiv"))) == 9


@pytest.mark.parametrize("way", WAYS)
def test_a_worker_needs_no_right_to_create_topics_that_exist(
    secured_kafka: SecuredKafka, make: Make, tmp_path: Path, way: str
) -> None:
    listener, credentials = WAYS[way]
    inside, own = make(""), make(listener, **credentials(secured_kafka))
    asyncio.run(create_topics(inside))
    grant_worker(secured_kafka, own)
    asyncio.run(published(own, "a paper on turtles", "another one on hares"))
    with WorkerProcess(own, tmp_path / "worker.log") as worker:
        worker.wait_ready()
        for _ in range(100):
            if len(told := asyncio.run(read(own, events.EVENTS))) == 2:
                break
            worker.child.pause(0.1)
    assert len(told) == 2
    assert not any(password in (tmp_path / "worker.log").read_text() for password in PASSWORDS.values())


def test_a_worker_goes_on_with_new_tokens_where_old_ones_end(
    secured_kafka: SecuredKafka, make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kafka closes a connection whose token has ended; the next one has a new token."""
    given = tmp_path / "tokens"
    monkeypatch.setenv("TOKENS_GIVEN", str(given))
    own = make("TOKEN", **by_token("short_token"))
    asyncio.run(create_topics(make("")))
    grant_worker(secured_kafka, own)
    with WorkerProcess(own, tmp_path / "worker.log") as worker:
        worker.wait_ready()
        began = time.time()
        for number in range(5):
            asyncio.run(published(own, f"A paper on turtles of bay {number}"))
            wait_for(lambda: metric(worker.read("/metrics"), "streams_batch_records_total") == number + 1, "it works")  # noqa: B023
            time.sleep(_SHORT_SECONDS / 2)
        renewed = [asked for asked in map(float, given.read_text().split()) if asked > began + _SHORT_SECONDS]
        assert renewed, "a token of later than the first ones' end"
        assert worker.child.poll() is None
    check_agreement(make(""), {f"test:A paper on turtles of bay {number}" for number in range(5)})


def test_reading_needs_no_right_to_write_and_leaves_nothing_behind(secured_kafka: SecuredKafka, make: Make) -> None:
    inside, own = make(""), make("SCRAM", **scram("reader"))
    asyncio.run(create_topics(inside))
    asyncio.run(published(inside, "one", "two", "three"))
    grant_reader(secured_kafka, own)
    before = asyncio.run(ends(inside))
    assert len(asyncio.run(read(own, "records.document"))) == 3
    assert asyncio.run(read(own, events.EVENTS)) == []
    assert asyncio.run(ends(inside)) == before


def test_the_commands_of_a_reader_need_no_right_to_write(
    secured_kafka: SecuredKafka,
    make: Make,
    tmp_path: Path,
    streams: Callable[..., Streams],
    redis_reader: Callable[[str], dict[str, str]],
) -> None:
    inside = make("")
    title = "On the rights of turtles"
    with WorkerProcess(inside, tmp_path / "worker.log") as worker:
        worker.wait_ready()
        asyncio.run(published(inside, title))
        wait_for(lambda: asyncio.run(read(inside, events.EVENTS)), "it is published")
    own = make("SCRAM", **scram("reader"), **redis_reader(inside.namespace))
    given = {name: getattr(own, name) for name in (*scram(), "kafka_url", "redis_url", "redis_user", "namespace")}
    given |= {"kafka_sasl_password": PASSWORDS["reader"], "redis_password": PASSWORDS["reader"]}
    command = streams(**given, topic_prefix=own.topic_prefix, app_id=own.app_id, buckets=own.buckets)
    refused = command("verify")
    assert refused.returncode == 3
    assert f"{own.topic_prefix}dedup.events" in refused.stderr
    assert "user reader" in refused.stderr or "reader may not describe it" in refused.stderr
    grant_reader(secured_kafka, own)
    before = asyncio.run(ends(inside))
    (event,) = [orjson.loads(value) for value in asyncio.run(read(inside, events.EVENTS))]
    assert "agree" in command.ok("verify")
    assert "created" in command.ok("history", f"test:{title}")
    assert event["cluster_id"] in command.ok("lookup", f"test:{title}")
    assert event["event_id"] in command.ok("tail", "events", "--beginning", "-n", "1")
    told = command("doctor", "--json")
    failed = [each for each in orjson.loads(told.stdout)["findings"] if each["status"] == "fail"]
    assert [each["check"] for each in failed] == ["kafka rights"], failed
    assert "user reader (STREAMS_KAFKA_SASL_USER) lacks Write on the topics" in failed[0]["found"]
    assert asyncio.run(ends(inside)) == before, "nothing is left behind"
    corrected = command("correct", "same", "test:a", "test:b")
    assert corrected.returncode != 0
    assert "lacks a right on a topic" in corrected.stderr


REFUSALS: dict[str, tuple[str, Callable[[SecuredKafka, Path], dict[str, str]], str]] = {
    "wrong password": (
        "SCRAM",
        lambda *_: scram() | {"kafka_sasl_password": "hunter2"},
        "refuses user worker (STREAMS_KAFKA_SASL_USER): correct STREAMS_KAFKA_SASL_USER or STREAMS_KAFKA_SASL_PASSWORD",
    ),
    "wrong mechanism": ("SCRAM", lambda *_: by_token(), "set STREAMS_KAFKA_SASL_MECHANISM to one that it has"),
    "wrong authority": (
        "SASLTLS",
        lambda kafka, tmp: over_tls(kafka) | {"kafka_ca_file": Certificates(tmp / "other").ca},
        "set STREAMS_KAFKA_CA_FILE to the certificate of the authority",
    ),
    "authority of the system": (
        "SASLTLS",
        lambda kafka, _: over_tls(kafka) | {"kafka_ca_file": ""},
        "set STREAMS_KAFKA_CA_FILE to the certificate of the authority",
    ),
    "no client certificate": (
        "MUTUAL",
        lambda kafka, _: mutual(kafka) | {"kafka_cert_file": ""},
        "asks for a client certificate: set STREAMS_KAFKA_CERT_FILE",
    ),
    "client certificate of another authority": (
        "MUTUAL",
        lambda kafka, tmp: mutual(kafka) | {"kafka_cert_file": Certificates(tmp / "other").issue("worker")},
        "refuses our client certificate: set STREAMS_KAFKA_CERT_FILE",
    ),
    "no TLS there": (
        "SCRAM",
        lambda kafka, _: over_tls(kafka),
        "closes the connection: set STREAMS_KAFKA_SECURITY",
    ),
    "no SASL there": ("", lambda *_: scram(), "does not ask for SASL there: set STREAMS_KAFKA_SECURITY"),
    "SASL asked for": ("SCRAM", lambda *_: {}, "closes the connection: set STREAMS_KAFKA_SECURITY"),
    "TLS asked for": ("SASLTLS", lambda *_: {}, "closes the connection: set STREAMS_KAFKA_SECURITY"),
    "old token": ("TOKEN", lambda *_: by_token("expired_token"), "correct STREAMS_KAFKA_TOKEN_PROVIDER"),
    "no token": ("TOKEN", lambda *_: by_token("broken_token"), "broken_token failed: no answer from the token service"),
}


@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_refusal_names_the_setting_to_correct(
    secured_kafka: SecuredKafka, make: Make, tmp_path: Path, refusal: str
) -> None:
    listener, credentials, expected = REFUSALS[refusal]
    settings = make(listener, **credentials(secured_kafka, tmp_path))
    with pytest.raises(BrokerError) as caught:
        asyncio.run(create_topics(settings))
    assert expected in str(caught.value)
    findings = {finding.check: finding for finding in asyncio.run(diagnose(settings, (), 10.0))}
    assert findings["kafka"].status == "fail"
    assert expected in findings["kafka"].found
    shown = f"{caught.value}{findings}"
    assert not any(secret in shown for secret in (*PASSWORDS.values(), "hunter2"))


def test_a_worker_that_may_not_connect_waits_with_the_same_words(
    secured_kafka: SecuredKafka, make: Make, tmp_path: Path
) -> None:
    said = {}
    for name in ("wrong password", "wrong mechanism", "wrong authority"):
        listener, credentials, expected = REFUSALS[name]
        log = tmp_path / f"{name}.log"
        with WorkerProcess(make(listener, **credentials(secured_kafka, tmp_path)), log) as worker:
            wait_for(lambda: expected in log.read_text(), f"{name}: it says why")  # noqa: B023
            assert not worker.ready()
        said[name] = log.read_text()
        assert "Traceback" not in said[name]
    assert "hunter2" not in str(said)


def test_missing_rights_name_the_user(secured_kafka: SecuredKafka, make: Make, tmp_path: Path) -> None:
    inside, stranger, reader = make(""), make("SCRAM", **scram("stranger")), make("SCRAM", **scram("reader"))
    with pytest.raises(BrokerError, match="grant Describe on it or Create"):
        asyncio.run(create_topics(stranger))
    asyncio.run(create_topics(inside))
    with pytest.raises(BrokerError, match="or stranger may not describe it"):
        asyncio.run(read(stranger, events.EVENTS))
    grant_reader(secured_kafka, reader)
    with pytest.raises(BrokerError, match=r"user reader \(STREAMS_KAFKA_SASL_USER\) lacks a right on a topic"):
        asyncio.run(published(reader, "a paper that may not be sent"))
    log = tmp_path / "stranger.log"
    with WorkerProcess(stranger, log) as worker:
        wait_for(lambda: "grant Describe on it or Create" in log.read_text(), "it says why")
        assert not worker.ready()


def test_a_worker_names_each_right_that_it_lacks_and_begins_when_it_is_granted(
    secured_kafka: SecuredKafka, make: Make, tmp_path: Path
) -> None:
    own, log = make("SCRAM", **scram("stranger")), tmp_path / "worker.log"
    asyncio.run(create_topics(make("")))
    prefix = f"{own.topic_prefix}*"
    secured_kafka.allow(("stranger", "Read", "topic", prefix), ("stranger", "Write", "topic", f"{own.topic_prefix}r*"))
    user = "user stranger (STREAMS_KAFKA_SASL_USER) lacks "
    with WorkerProcess(own, log) as worker:
        wait_for(lambda: f"{user}Write on the topics {own.topic_prefix}dedup." in log.read_text(), "it says so")
        findings = {finding.check: finding for finding in asyncio.run(diagnose(own, (), 10.0))}
        assert findings["kafka rights"].status == "fail"
        assert findings["kafka rights"].found.endswith(f"; Read on the group {own.app_id}")
        secured_kafka.allow(("stranger", "Write", "topic", prefix))
        wait_for(lambda: f"{user}Read on the group {own.app_id}" in log.read_text(), "it says what is left")
        assert not worker.ready()
        secured_kafka.allow(("stranger", "Read", "group", own.app_id))
        worker.wait_ready()
    findings = {finding.check: finding for finding in asyncio.run(diagnose(own, (), 10.0))}
    assert (findings["kafka rights"].status, findings["kafka rights"].found) == ("ok", "those of a worker")


def test_topics_that_workers_write_keep_their_partitions(
    secured_kafka: SecuredKafka, make: Make, tmp_path: Path
) -> None:
    own = make("")
    with WorkerProcess(own, tmp_path / "before.log") as worker:
        worker.wait_ready()
    asyncio.run(widen(own, "records.document", 3))
    with WorkerProcess(own, tmp_path / "records.log") as worker:
        worker.wait_ready()
        asyncio.run(widen(own, events.REVIEWS, 3))
        wait_for(lambda: worker.child.poll() is not None, "a worker that runs ends")
    said = "dedup.review has 3 partitions, but this state was begun with 1"
    assert said in (tmp_path / "records.log").read_text()
    findings = {finding.check: finding for finding in asyncio.run(diagnose(own, (), 10.0))}
    assert said in findings[f"partitions of {own.topic_prefix}dedup.review"].found
    asyncio.run(widen(own, events.EVENTS, 3))
    refused = WorkerProcess(own, tmp_path / "events.log")
    with refused, pytest.raises(EmbeddedError):
        refused.wait_ready()
    assert "dedup.events has 3 partitions, but this state was begun with 1" in (tmp_path / "events.log").read_text()


def test_a_subscriber_that_may_only_read_follows_and_takes_snapshots(make: Make, secured_kafka: SecuredKafka) -> None:
    own, settings = make(""), make("SCRAM")
    grant_reader(secured_kafka, settings)
    given: dict[str, Any] = {"kafka": settings.kafka_url, "topic_prefix": settings.topic_prefix, **scram("reader")}
    state = b'{"cluster_id":"ca","revision":1,"records":["x:1"],"document":{}}'
    event = b'{"cluster_id":"ca","revision":1,"after":["x:1"],"document":{}}'

    async def story() -> None:
        await create_topics(own)
        async with Publisher(KafkaConnection.of(own), own.topic_prefix) as publisher:
            await publisher.publish([Outgoing(events.EVENTS, b"ca", event), Outgoing(events.CLUSTERS, b"ca", state)])
        async with asyncio.timeout(30), subscribe(**given) as found:
            assert (await anext(found)).event_id == "ca:1"
        async with asyncio.timeout(30), snapshot(**given) as items:
            assert (await anext(items)).revision == 1
        refused = subscribe(**given | {"kafka_sasl_password": "wrong"})
        with pytest.raises(BrokerError, match="STREAMS_KAFKA_SASL_PASSWORD"):
            await anext(refused)

    asyncio.run(story())


@pytest.mark.long
def test_a_topic_that_is_missing_at_a_start_is_created_as_the_state_was_begun(
    secured_kafka: SecuredKafka, make: Make, tmp_path: Path
) -> None:
    own = make("")
    with WorkerProcess(own, tmp_path / "before.log") as worker:
        worker.wait_ready()
    asyncio.run(drop(own, events.REVIEWS))
    with WorkerProcess(own.model_copy(update={"partitions": 3}), tmp_path / "after.log") as worker:
        worker.wait_ready()
    assert [len(partitions) for partitions in asyncio.run(described(own, events.REVIEWS))] == [1]
