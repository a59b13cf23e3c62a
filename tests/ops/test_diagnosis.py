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
)
from streams.settings import Settings

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


def worst(findings: Iterable[Finding]) -> set[str]:
    return {finding.status for finding in findings}


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
        (CORRECTIONS, {"retention_ms": TWO_DAYS}, "48 hours; the setting: permanently", "retention.ms=-1"),
        (CLUSTERS, {}, "", ""),
        (EVENTS, {"retention_ms": "604800000"}, "168 hours; the setting: 48 hours", f"retention.ms={TWO_DAYS}"),
        (EVENTS, {"retention_ms": "-1"}, "permanently; the setting: 48 hours", f"retention.ms={TWO_DAYS}"),
        (LETTERS, {"retention_ms": TWO_DAYS}, "48 hours; the setting: permanently", "retention.ms=-1"),
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
    assert (finding.check, finding.found) == ("STREAMS_REDIS_URL", "is http://***@r")


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
