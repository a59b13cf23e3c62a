from __future__ import annotations

from collections.abc import Iterable

import pytest

from streams.kafka.topics import topics
from streams.ops.diagnosis import (
    ExpectedTopic,
    Finding,
    KafkaFacts,
    TopicFacts,
    check_kafka,
    check_session,
    check_settings,
    hide_password,
)
from streams.ops.redis_diagnosis import Node, RedisFacts, check_redis
from streams.settings import Settings

WANTED = {"hash-max-listpack-entries": "1024", "hash-max-listpack-value": "4096"}
INFO = {
    "redis_version": "7.2.4",
    "maxmemory_policy": "noeviction",
    "aof_enabled": "1",
    "aof_last_write_status": "ok",
    "used_memory": str(50 * 2**20),
    "maxmemory": str(100 * 2**20),
    "cluster_enabled": "0",
    "role": "master",
}
CONFIG = {"maxmemory-policy": "noeviction", "appendonly": "yes", "appendfsync": "everysec", **WANTED}
EVENTS, CLUSTERS, CORRECTIONS, LETTERS = (
    ExpectedTopic(spec.name, spec.partitions, spec.configs, spec.ordered)
    for spec in topics(Settings(events_retention_hours=48))
    if spec.name in ("dedup.events", "dedup.clusters", "dedup.corrections", "dedup.dead-letter")
)


def described(
    cleanup: str, *, partitions: int = 4, leaderless: int = 0, configs: dict[str, str] | None = None
) -> TopicFacts:
    told = {"cleanup.policy": cleanup} if cleanup else {}
    dotted = {name.replace("_", "."): value for name, value in (configs or {}).items()}
    return TopicFacts(partitions, 1, leaderless, told | dotted)


def redis_findings(
    info: dict[str, str] | None = None, config: dict[str, str] | None = None, *, cluster: bool = False
) -> dict[str, Finding]:
    facts = RedisFacts(INFO | (info or {}), CONFIG | (config or {}))
    return {finding.check: finding for finding in check_redis(facts, WANTED, cluster)}


def worst(findings: Iterable[Finding]) -> set[str]:
    return {finding.status for finding in findings}


def test_a_good_redis_has_nothing_to_mend() -> None:
    assert worst(redis_findings().values()) == {"ok"}


@pytest.mark.parametrize(
    ("info", "config", "expected"),
    [
        ({"redis_version": "6.0.16"}, {}, Finding("redis version", "fail", "6.0.16", "6.2")),
        ({"redis_version": "6.2.0"}, {}, Finding("redis version", "ok", "6.2.0", "")),
        ({"redis_version": "10.0.1"}, {}, Finding("redis version", "ok", "10.0.1", "")),
        ({"server_name": "valkey", "valkey_version": "9.1.2"}, {}, Finding("redis version", "ok", "valkey 9.1.2", "")),
        (
            {},
            {"maxmemory-policy": "allkeys-lru"},
            Finding("redis maxmemory-policy", "fail", "allkeys-lru", "noeviction"),
        ),
        (
            {"aof_enabled": "0"},
            {"appendonly": "no"},
            Finding("redis persistence", "warn", "no append-only", "appendonly yes"),
        ),
        ({"aof_last_write_status": "err"}, {}, Finding("redis persistence", "fail", "failed", "disk")),
        ({}, {"appendfsync": "no"}, Finding("redis persistence", "warn", "never synced", "everysec")),
        ({"used_memory": str(85 * 2**20)}, {}, Finding("redis memory", "warn", "85.0 MiB of 100.0 MiB", "raise")),
        ({"used_memory": str(101 * 2**20)}, {}, Finding("redis memory", "fail", "101.0 MiB of 100.0 MiB", "raise")),
        ({"maxmemory": "0"}, {}, Finding("redis memory", "ok", "50.0 MiB, no limit", "")),
        (
            {"maxmemory": "0", "total_system_memory": str(60 * 2**20)},
            {},
            Finding("redis memory", "fail", "50.0 MiB of the machine's 60.0 MiB", "maxmemory"),
        ),
        ({}, {"hash-max-listpack-entries": "128"}, Finding("redis hash-max-listpack-entries", "warn", "128", "1024")),
        ({}, {"hash-max-listpack-entries": "2000"}, Finding("redis hash-max-listpack-entries", "ok", "2000", "")),
        ({"cluster_enabled": "1"}, {}, Finding("redis mode", "fail", "cluster", "STREAMS_REDIS_CLUSTER=true")),
        ({"role": "slave"}, {}, Finding("redis role", "fail", "a replica", "primary")),
    ],
)
def test_each_fault_of_redis(info: dict[str, str], config: dict[str, str], expected: Finding) -> None:
    finding = redis_findings(info, config)[expected.check]
    assert finding.status == expected.status
    assert expected.found in finding.found
    assert expected.advice in finding.advice
    assert bool(finding.advice) == (finding.status != "ok")


def test_a_single_server_is_no_cluster() -> None:
    finding = redis_findings(cluster=True)["redis mode"]
    assert (finding.status, finding.advice) == ("fail", "set STREAMS_REDIS_CLUSTER=false")


def test_a_cluster_whose_slots_are_not_served_is_a_fault() -> None:
    info = {"cluster_enabled": "1", "cluster_state": "fail"}
    assert redis_findings(info, cluster=True)["redis mode"].status == "fail"
    assert redis_findings(info | {"cluster_state": "ok"}, cluster=True)["redis mode"].status == "ok"


def test_redis_6_names_its_limits_differently() -> None:
    config = {"maxmemory-policy": "noeviction", "hash-max-ziplist-entries": "128", "hash-max-ziplist-value": "9000"}
    found = {f.check: f for f in check_redis(RedisFacts(INFO, config), WANTED, cluster=False)}
    assert "CONFIG SET hash-max-ziplist-entries 1024" in found["redis hash-max-listpack-entries"].advice
    assert found["redis hash-max-listpack-value"].status == "ok"


def test_a_managed_redis_that_hides_its_config_is_judged_by_info() -> None:
    found = {f.check: f for f in check_redis(RedisFacts(INFO, {}), WANTED, cluster=False)}
    assert found["redis maxmemory-policy"].status == "ok"
    assert found["redis persistence"].status == "ok"
    assert found["redis hash-max-listpack-value"].status == "warn"
    assert "fail" not in worst(found.values())


def cluster_findings(*nodes: Node, replicas: int = 0) -> dict[str, list[Finding]]:
    facts = RedisFacts(INFO | {"cluster_enabled": "1"}, CONFIG, nodes)
    found: dict[str, list[Finding]] = {}
    for finding in check_redis(facts, WANTED, True, replicas):
        found.setdefault(finding.check, []).append(finding)
    return found


def node(number: int, slots: int = 8192, *, config: dict[str, str] | None = None, **info: str) -> Node:
    return Node(f"n{number}:6379", bool(slots), slots, RedisFacts(INFO | info, CONFIG | (config or {})))


def test_a_good_cluster_has_nothing_to_mend() -> None:
    found = cluster_findings(node(1), node(2), node(3, 0, role="slave"))
    assert worst(finding for findings in found.values() for finding in findings) == {"ok"}
    assert found["redis maxmemory-policy"][0].found == "noeviction on all 3 nodes"
    assert found["redis slots"][0].found == "16384 on 2 primaries"


def test_what_is_wrong_with_one_node_is_said_of_that_node() -> None:
    evicting = node(2, config={"maxmemory-policy": "allkeys-lru"})
    (finding,) = cluster_findings(node(1), evicting)["redis maxmemory-policy"]
    assert (finding.status, finding.found) == ("fail", "n2:6379: allkeys-lru")
    lost = Node("n2:6379", True, 8192, "does not answer")
    assert cluster_findings(node(1), lost)["redis node n2:6379"][0].status == "fail"
    assert cluster_findings(node(1), lost._replace(slots=0))["redis node n2:6379"][0].status == "warn"
    (finding,) = cluster_findings(node(1), node(2, 8000))["redis slots"]
    assert (finding.status, finding.found) == ("fail", "192 of 16384 are on no node")


@pytest.mark.parametrize(
    ("there", "wanted", "status", "advice"),
    [
        ("0", 0, "", ""),
        ("1", 0, "warn", "STREAMS_REDIS_REPLICAS=1"),
        ("1", 1, "warn", "one more"),
        ("2", 1, "ok", ""),
        ("1", 2, "fail", "nothing counts"),
    ],
)
def test_replicas_against_the_setting(there: str, wanted: int, status: str, advice: str) -> None:
    for found in (
        cluster_findings(node(1, connected_slaves=there), node(2, connected_slaves="2"), replicas=wanted)
        if there != "0"
        else cluster_findings(node(1), node(2)),
        {
            f.check: [f]
            for f in check_redis(RedisFacts(INFO | {"connected_slaves": there}, CONFIG), WANTED, False, wanted)
        },
    ):
        findings = found.get("redis replicas", [])
        assert [finding.status for finding in findings] == ([status] if status else [])
        assert all(advice in finding.advice for finding in findings)


def topic(expected: ExpectedTopic, facts: TopicFacts | None, replication: int = 1) -> Finding:
    known = KafkaFacts(3, {expected.name: facts} if facts else {})
    return list(check_kafka(known, [expected], replication))[1]


@pytest.mark.parametrize(
    ("expected", "facts", "status", "advice"),
    [
        (EVENTS, described("delete"), "ok", ""),
        (EVENTS, described("delete", partitions=8), "ok", ""),
        (CLUSTERS, described("compact"), "ok", ""),
        (LETTERS, described("compact,delete"), "ok", ""),
        (LETTERS, described("delete,compact"), "ok", ""),
        (EVENTS, None, "warn", "start a worker"),
        (EVENTS, described("compact"), "fail", "cleanup.policy=delete"),
        (EVENTS, described("compact,delete"), "fail", "cleanup.policy=delete"),
        (CLUSTERS, described("delete"), "fail", "cleanup.policy=compact"),
        (CLUSTERS, described("compact,delete"), "fail", "cleanup.policy=compact"),
        (LETTERS, described("delete"), "warn", "cleanup.policy=[compact,delete]"),
        (LETTERS, described("compact"), "warn", "cleanup.policy=[compact,delete]"),
        (CLUSTERS, described(""), "warn", "make sure"),
        (EVENTS, described(""), "ok", ""),
        (EVENTS, described("delete", partitions=2), "warn", "workers beyond 2 stand by"),
        (EVENTS, described("delete", leaderless=1), "fail", "brokers"),
        (CORRECTIONS, described("delete", partitions=1), "ok", ""),
        (CORRECTIONS, described("delete", partitions=4), "fail", "1 partition"),
        (CORRECTIONS, described("compact", partitions=1), "fail", "cleanup.policy=delete"),
    ],
)
def test_each_fault_of_a_topic(expected: ExpectedTopic, facts: TopicFacts | None, status: str, advice: str) -> None:
    finding = topic(expected, facts)
    assert finding.status == status
    assert advice in finding.advice
    assert bool(finding.advice) == (status != "ok")


def test_too_few_replicas_and_too_few_brokers() -> None:
    assert topic(EVENTS, described("delete"), replication=3).status == "warn"
    brokers, *_ = check_kafka(KafkaFacts(1, {EVENTS.name: described("delete")}), [EVENTS], 3)
    assert (brokers.status, brokers.found) == ("fail", "1, for 3 replicas")


TWO_DAYS = str(48 * 3_600_000)
ENOUGH = str(18 * 2**20)


@pytest.mark.parametrize(
    ("expected", "configs", "found", "advice"),
    [
        (EVENTS, {"retention_ms": TWO_DAYS}, "", ""),
        (LETTERS, {"retention_ms": "-1"}, "", ""),
        (CORRECTIONS, {"retention_ms": TWO_DAYS}, "48 hours; the setting: for ever", "retention.ms=-1"),
        (CLUSTERS, {}, "", ""),
        (EVENTS, {"retention_ms": "604800000"}, "168 hours; the setting: 48 hours", f"retention.ms={TWO_DAYS}"),
        (EVENTS, {"retention_ms": "-1"}, "for ever; the setting: 48 hours", f"retention.ms={TWO_DAYS}"),
        (LETTERS, {"retention_ms": TWO_DAYS}, "48 hours; the setting: for ever", "retention.ms=-1"),
        (EVENTS, {}, "does not tell", "make sure it is 48 hours"),
        (EVENTS, {"retention_ms": TWO_DAYS, "retention_bytes": "1000"}, "1000 bytes", "retention.bytes=-1"),
        (CLUSTERS, {"max_message_bytes": "1048588"}, "at most 1048588", "max.message.bytes=16777216"),
    ],
)
def test_what_a_topic_keeps_and_takes(
    expected: ExpectedTopic, configs: dict[str, str], found: str, advice: str
) -> None:
    facts = described(expected.configs["cleanup.policy"], configs={"max_message_bytes": ENOUGH} | configs)
    _, *findings = check_kafka(KafkaFacts(1, {expected.name: facts}), [expected], 1)
    limits = [finding for finding in findings if not finding.check.startswith("topic ")]
    assert len(limits) == bool(found)
    for finding in limits:
        assert finding.status == "warn"
        assert found in finding.found
        assert f"{expected.name}" in finding.check
        assert advice in finding.advice


@pytest.mark.parametrize("url", ["kafka:9092", "a:1,b:2", "10.0.0.1:9092", "[::1]:9092"])
def test_good_kafka_addresses(url: str) -> None:
    assert list(check_settings(Settings(kafka_url=url, redis_url="redis://r", replication=3))) == []


@pytest.mark.parametrize("url", ["kafka://k:9092", "k", "a:1, b:2", "k:9092/"])
def test_bad_kafka_addresses(url: str) -> None:
    (finding,) = check_settings(Settings(kafka_url=url, redis_url="redis://r", replication=3))
    assert (finding.check, finding.status) == ("STREAMS_KAFKA_URL", "fail")


def test_combinations_of_settings() -> None:
    assert list(check_settings(Settings())) == []
    (finding,) = check_settings(Settings(redis_cluster=True))
    assert (finding.check, finding.status) == ("STREAMS_REDIS_CLUSTER", "fail")
    (finding,) = check_settings(Settings(redis_replicas=1))
    assert (finding.check, finding.status) == ("STREAMS_REDIS_REPLICAS", "fail")
    (finding,) = check_settings(Settings(kafka_url="k:1"))
    assert (finding.check, finding.status) == ("STREAMS_REDIS_URL", "warn")
    (finding,) = check_settings(Settings(kafka_url="a:1,b:1", redis_url="redis://r"))
    assert (finding.check, finding.status) == ("STREAMS_REPLICATION", "warn")
    (finding,) = check_settings(Settings(kafka_url="a:1", redis_url="http://user:secret@r"))
    assert (finding.check, finding.found) == ("STREAMS_REDIS_URL", "http://user:***@r")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://r:6379/0", "redis://r:6379/0"),
        ("redis://:secret@r:6379/0", "redis://:***@r:6379/0"),
        ("rediss://user:p@ss@r", "rediss://user:***@r"),
        ("unix:///run/redis.sock", "unix:///run/redis.sock"),
    ],
)
def test_passwords_are_never_shown(url: str, shown: str) -> None:
    assert hide_password(url) == shown


@pytest.mark.parametrize(
    ("sessions", "status"), [(None, set()), ((6.0, 1800.0), set()), ((12.0, 1800.0), {"fail"}), ((1.0, 9.0), {"fail"})]
)
def test_a_session_that_kafka_does_not_grant_is_told(sessions: tuple[float, float] | None, status: set[str]) -> None:
    assert worst(check_session(KafkaFacts(1, {}, sessions), 10.0)) == status


@pytest.mark.parametrize(("whose", "warned"), [("CreateTime", True), ("LogAppendTime", False), ("", False)])
def test_a_topic_that_has_the_time_of_its_senders_is_told(whose: str, warned: bool) -> None:
    (spec,) = [spec for spec in topics(Settings()) if spec.name == "records.crossref"]
    wanted = ExpectedTopic(spec.name, spec.partitions, spec.configs)
    configs = dict(spec.configs) | {"message.timestamp.type": whose}
    told = TopicFacts(4, 1, 0, {name: value for name, value in configs.items() if value})
    found = {finding.check: finding for finding in check_kafka(KafkaFacts(1, {spec.name: told}), [wanted], 1)}
    assert ("times in records.crossref" in found) == warned
