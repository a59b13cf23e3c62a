"""`streams doctor` against real servers, missing servers and servers that hang."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from contextlib import closing
from pathlib import Path

import pytest
import redis
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from streams.cli.doctor import diagnose, doctor
from streams.harvest.checkpoints import Checkpoint, CheckpointStore, State
from streams.kafka.connection import KafkaConnection
from streams.kafka.producer import Publisher
from streams.kafka.topics import TopicSpec, create_topics, fixed_topics, harvest_topics, topics
from streams.local.broker import free_port
from streams.local.services import Services
from streams.matching.ruleset import RULESET
from streams.ops.diagnosis import ExpectedTopic, Finding
from streams.settings import Settings
from streams.state.connection import connect
from streams.state.heartbeats import HeartbeatStore
from streams.state.layout import Layout
from streams.state.progress import Progress
from tests.ops.test_work_diagnosis import heartbeat
from tests.redis_cluster import RedisCluster
from tests.system.processes import wait_for


def expected(name: str, cleanup: str) -> ExpectedTopic:
    spec = TopicSpec(name, 2, cleanup)
    return ExpectedTopic(spec.name, spec.partitions, spec.configs)


TOPICS = [expected("doc.events", "delete"), expected("doc.clusters", "compact")]


async def make(url: str, *topics: NewTopic) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=url)
    await admin.start()
    try:
        await admin.create_topics(list(topics))
        while not {topic.name for topic in topics}.issubset(await admin.list_topics()):
            await asyncio.sleep(0.02)  # Kafka tells of a topic a moment after it says that it made it
    finally:
        await admin.close()


def by_check(settings: Settings, wanted: list[ExpectedTopic] = TOPICS) -> dict[str, Finding]:
    return {finding.check: finding for finding in asyncio.run(diagnose(settings, wanted, 5))}


def test_services_as_they_should_be_are_healthy(services: Services, capsys: pytest.CaptureFixture[str]) -> None:
    url = services.settings.kafka_url
    asyncio.run(make(url, *(NewTopic(topic.name, 2, 1, topic_configs=dict(topic.configs)) for topic in TOPICS)))
    assert doctor(services.settings, True, TOPICS) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["ok"] is True
    assert [finding for finding in report["findings"] if finding["status"] != "ok"] == []
    checks = {finding["check"] for finding in report["findings"]}
    assert {"topic doc.events", "topic doc.clusters", "redis maxmemory-policy", "redis persistence"} <= checks


def test_another_number_of_partitions_than_the_state_was_begun_with_fails(services: Services) -> None:
    settings = services.settings.model_copy(update={"namespace": "fixed", "topic_prefix": "fixed."})
    check = "partitions of dedup.*"
    assert by_check(settings)[check].status == "ok"
    asyncio.run(create_topics(settings))
    with redis.Redis.from_url(settings.redis_url) as client:
        for name in fixed_topics(settings):
            client.hset("fixed:1:meta", f"partitions:{name}", settings.partitions)
        assert by_check(settings)[check] == Finding(check, "ok", "as the state was begun with")
        client.hset("fixed:1:meta", "partitions:fixed.dedup.review", 2)
        found = by_check(settings)
        assert check not in found
        wrong = found["partitions of fixed.dedup.review"]
        assert (wrong.status, wrong.found) == (
            "fail",
            "topic fixed.dedup.review has 4 partitions, but this state was begun with 2, which is fixed",
        )
        assert "partitions-are-fixed" in wrong.advice


def test_state_that_other_rules_have_made_is_told(services: Services) -> None:
    settings = services.settings.model_copy(update={"namespace": "ruled"})
    with redis.Redis.from_url(settings.redis_url) as client:
        client.hset("ruled:1:meta", mapping={"ruleset": RULESET, "rebuilding": "2"})
        begun = by_check(settings)["generation"]
        assert (begun.status, "--abort" in begun.advice) == ("warn", True)
        client.hset("ruled:1:meta", mapping={"ruleset": "1999.1"})
        old = by_check(settings)["generation"]
        assert (old.status, old.found) == ("warn", "1, ruleset 1999.1")
        assert "streams rebuild" in old.advice
        client.hset("ruled:1:meta", mapping={"successor": "2"})
        client.hset("ruled:2:meta", mapping={"ruleset": RULESET})
        assert by_check(settings)["generation"] == Finding("generation", "ok", f"2, ruleset {RULESET}")


def test_the_work_under_way_is_told(services: Services) -> None:
    settings = services.settings.model_copy(update={"namespace": "working"})
    assert by_check(settings)["workers"].status == "ok", "none runs before the first start"
    with closing(connect(settings)) as connection:
        Progress(Layout.of(settings), connection).put({("records.arxiv", 0): 5})
        assert by_check(settings)["workers"].status == "warn"
        connection.call("HSET", "working:1:meta", "worker:w", 1)
        connection.call("HSET", Layout.of(settings).bucket_keys("outboxes")[0], "event", "{}")
        HeartbeatStore("working", "1", connection).write(heartbeat("w", messages=12, seconds=3))
        found = by_check(settings)
    assert [found[name].found for name in ("workers", "lag", "unpublished events", "dead letters")] == [
        "1 of 1 ready",
        "12 messages wait, the oldest for 3 s",
        "1",
        "not counted: `streams serve` does",
    ]


def test_a_missing_topic_is_told_and_not_made(services: Services) -> None:
    for _ in range(2):  # were it made by the first look, the second would find it
        assert by_check(services.settings, [expected("doc.never", "delete")])["topic doc.never"].status == "warn"


def test_a_session_that_kafka_does_not_grant_is_told(services: Services, broker_kind: str) -> None:
    found = by_check(services.settings.model_copy(update={"session_timeout": 2.0}))
    assert ("STREAMS_SESSION_TIMEOUT" in found) == (broker_kind == "kafka")


def test_a_wrong_cleanup_policy_is_told(services: Services) -> None:
    asyncio.run(make(services.settings.kafka_url, NewTopic("doc.wrong", 2, 1)))
    found = by_check(services.settings, [expected("doc.wrong", "compact")])
    assert found["topic doc.wrong"].status == "fail"


def test_what_the_broker_tells_of_how_long_it_keeps_messages_is_shown(services: Services, broker_kind: str) -> None:
    asyncio.run(make(services.settings.kafka_url, NewTopic("doc.silent", 2, 1)))
    finding = by_check(services.settings, [expected("doc.silent", "delete")])["retention of doc.silent"]
    told = {"tansu": "the broker does not tell", "kafka": "168 hours; the setting: permanently"}
    assert (finding.status, finding.found) == ("warn", told[broker_kind])


def test_topics_as_we_create_them_are_as_they_should_be_until_a_setting_changes(services: Services) -> None:
    settings = services.settings.model_copy(update={"topic_prefix": "own.", "records_retention_hours": 24})
    asyncio.run(create_topics(settings))

    def wrong(settings: Settings) -> dict[str, Finding]:
        wanted = [ExpectedTopic(spec.name, spec.partitions, spec.configs, spec.ordered) for spec in topics(settings)]
        return {check: found for check, found in by_check(settings, wanted).items() if found.status != "ok"}

    assert wrong(settings) == {}
    changed = wrong(settings.model_copy(update={"events_retention_hours": 12}))
    assert set(changed) == {"retention of own.dedup.events"}
    assert "retention.ms=43200000" in changed["retention of own.dedup.events"].advice


def test_eviction_is_told_with_exit_code_1(services: Services, capsys: pytest.CaptureFixture[str]) -> None:
    client = redis.Redis.from_url(services.settings.redis_url)
    client.config_set("maxmemory-policy", "allkeys-lru")
    try:
        assert doctor(services.settings, False) == 1
    finally:
        client.config_set("maxmemory-policy", "noeviction")
    shown = capsys.readouterr().out
    assert "allkeys-lru" in shown
    assert "Some checks failed" in shown


def test_every_node_of_a_cluster_is_looked_at(tmp_path: Path) -> None:
    with RedisCluster(tmp_path, replicas=True) as cluster:
        settings = Settings(redis_url=cluster.url, redis_cluster=True)
        for (
            node
        ) in cluster.nodes:  # on a busy machine a node may be silent for the second after which it counts as failed
            node.ask("CONFIG", "SET", "cluster-node-timeout", 60_000)
        cluster.wait_whole()

        def wrong(**fields: object) -> dict[str, Finding]:
            found = by_check(settings.model_copy(update=fields))
            return {check: one for check, one in found.items() if one.status != "ok" and check.startswith("redis")}

        assert by_check(settings)["redis slots"].found == "16384 on 3 primaries"
        assert by_check(settings)["redis version"].found.endswith("on all 6 nodes")
        assert by_check(settings)["generation"].status == "ok"
        assert {check: found.status for check, found in wrong().items()} == {"redis replicas": "warn"}
        assert wrong(redis_replicas=1)["redis replicas"].advice.startswith("one more each")
        assert wrong(redis_replicas=2)["redis replicas"].status == "fail"
        assert wrong(redis_cluster=False)["redis mode"].status == "fail"
        second, last = cluster.nodes[1], cluster.nodes[-1]
        second.ask("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
        assert wrong()["redis maxmemory-policy"].found == f"127.0.0.1:{second.port}: allkeys-lru"
        last.kill()
        assert wrong()[f"redis node 127.0.0.1:{last.port}"].status == "warn"
        wait_for(lambda: wrong(redis_replicas=1)["redis replicas"].status == "fail", "the primary misses its replica")


def test_nothing_set_means_embedded(monkeypatch: pytest.MonkeyPatch) -> None:
    found = by_check(Settings())
    assert {finding.status for finding in found.values()} == {"ok"}
    assert "tansu" in found["kafka"].found
    monkeypatch.setenv("CALF_TANSU_BIN", "/nonexistent")
    assert by_check(Settings())["kafka"].status == "fail"


def test_servers_that_are_not_there_are_failures_at_once() -> None:
    port = free_port()
    settings = Settings(kafka_url=f"127.0.0.1:{port}", redis_url=f"redis://user:secret@127.0.0.1:{port}")
    before = time.monotonic()
    found = by_check(settings)
    assert time.monotonic() - before < 4
    assert found["kafka"].status == "fail"
    assert found["redis"].status == "fail"
    assert "STREAMS_REDIS_URL" in found["redis"].advice
    assert "secret" not in str(found)


def test_servers_that_never_answer_do_not_hang_the_doctor() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        settings = Settings(kafka_url=f"127.0.0.1:{port}", redis_url=f"redis://127.0.0.1:{port}")
        before = time.monotonic()
        found = {finding.check: finding for finding in asyncio.run(diagnose(settings, TOPICS, 0.5))}
    assert time.monotonic() - before < 4
    assert "within 0.5 seconds" in found["kafka"].found
    assert "within 0.5 seconds" in found["redis"].found


def test_a_bad_address_is_not_tried() -> None:
    found = by_check(Settings(kafka_url="kafka://k:9092", redis_url="redis://127.0.0.1:1"))
    assert found["STREAMS_KAFKA_URL"].status == "fail"
    assert "kafka" not in found


def test_the_table_has_no_colour_where_none_is_wanted(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert doctor(Settings(), False) == 0
    shown = capsys.readouterr().out
    assert "Nothing has to be fixed" in shown
    assert "\x1b[3" not in shown


def test_each_feed_that_is_harvested_has_a_line(services: Services) -> None:
    settings = services.settings.model_copy(update={"topic_prefix": "harvested.", "namespace": "harvested"})
    assert not any(check.startswith("harvest") for check in by_check(settings))

    async def write() -> None:
        await create_topics(settings, specs=harvest_topics(settings, "arxiv"))
        async with Publisher(KafkaConnection.of(settings), settings.topic_prefix, shared=True) as publisher:
            store = CheckpointStore(settings, "arxiv", publisher)
            await store.write(Checkpoint("arxiv", "2026-11-01", "2026-11-28"))
            await store.write_state(State("arxiv", "failed", "arXiv answers 503", follows=True))

    asyncio.run(write())
    found = by_check(settings)["harvest arxiv"]
    assert found.status == "warn"
    assert found.found == "2026-11-28; failed: arXiv answers 503; last success never"
