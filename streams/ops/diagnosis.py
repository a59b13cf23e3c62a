"""Check a deployment: settings, Kafka and its topics. Pure: facts in, findings out. The checks of Redis are in redis_diagnosis.py.

`streams.ops.probes` reads the facts; `streams doctor` shows the findings.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

from streams.errors import SettingsError, StateError
from streams.settings import Settings
from streams.settings.security import check_kafka_url, check_redis_url

__all__ = [
    "ExpectedTopic",
    "Finding",
    "KafkaFacts",
    "TopicFacts",
    "check_fixed_partitions",
    "check_kafka",
    "check_session",
    "check_settings",
    "compare_partitions",
]

_CLEANUP, _RETENTION, _RETENTION_BYTES = "cleanup.policy", "retention.ms", "retention.bytes"
_MESSAGE, _TIME = "max.message.bytes", "message.timestamp.type"


class Finding(NamedTuple):
    """The outcome of one check; `advice` says what to do where `status` is not `ok`."""

    check: str
    status: Literal["ok", "warn", "fail"]
    found: str
    advice: str = ""


class ExpectedTopic(NamedTuple):
    """A topic Streams uses: full name, number of partitions at creation, and its configuration as Kafka writes it.

    `ordered` says that its messages have one order, so that more partitions would be wrong; `is_read` that workers share its
    partitions.
    """

    name: str
    partitions: int
    configs: Mapping[str, str]
    ordered: bool = False
    is_read: bool = True


class TopicFacts(NamedTuple):
    """A topic as the broker describes it: `configs` is its configuration, as far as the broker lets Streams read it."""

    partitions: int
    replicas: int
    leaderless: int
    configs: Mapping[str, str]


class KafkaFacts(NamedTuple):
    """A Kafka cluster: number of brokers, topics by name, and the shortest and longest session timeout, in seconds."""

    brokers: int
    topics: Mapping[str, TopicFacts]
    sessions: tuple[float, float] | None = None


def check_settings(settings: Settings) -> Iterator[Finding]:
    """Check addresses and combinations of settings, which the types of single settings cannot."""
    for check, url in ((check_kafka_url, settings.kafka_url), (check_redis_url, settings.redis_url)):
        try:
            check(url)
        except SettingsError as error:
            yield Finding(error.setting, "fail", error.problem, f"write {error.expects}")
    if settings.redis_cluster and not settings.redis_url:
        yield Finding(
            "STREAMS_REDIS_CLUSTER", "fail", "true, without STREAMS_REDIS_URL", "the embedded Redis is no cluster"
        )
    if settings.redis_replicas and not settings.redis_url:
        yield Finding(
            "STREAMS_REDIS_REPLICAS", "fail", f"{settings.redis_replicas}, without STREAMS_REDIS_URL",
            "0: the embedded Redis has no replicas",
        )  # fmt: skip
    if settings.replication == 1 and "," in settings.kafka_url:
        yield Finding(
            "STREAMS_REPLICATION", "warn", "1, with several brokers", "3, or a lost broker takes its partitions with it"
        )
    if bool(settings.kafka_url) != bool(settings.redis_url):
        missing = "STREAMS_REDIS_URL" if settings.kafka_url else "STREAMS_KAFKA_URL"
        yield Finding(
            missing, "warn", "empty, so that one server is embedded", "several workers need both servers shared"
        )


def check_kafka(facts: KafkaFacts, expected: Sequence[ExpectedTopic], replication: int) -> Iterator[Finding]:
    """Check the brokers, then each topic that Streams uses."""
    if facts.brokers < replication:
        advice = f"lower STREAMS_REPLICATION to at most {facts.brokers}, or add brokers"
        yield Finding("kafka brokers", "fail", f"{facts.brokers}, for {replication} replicas", advice)
    else:
        yield Finding("kafka brokers", "ok", str(facts.brokers))
    for topic in expected:
        found = facts.topics.get(topic.name)
        yield _check_topic(topic, found, replication)
        if found is not None:
            yield from _check_limits(topic, found)


def check_session(facts: KafkaFacts, session_timeout: float) -> Iterator[Finding]:
    """Check that Kafka accepts the session timeout: a worker that it refuses never gets a partition."""
    if facts.sessions is None:
        return
    shortest, longest = facts.sessions
    granted = f"{shortest:g} to {longest:g} seconds, which is what Kafka grants (group.min.session.timeout.ms)"
    if not shortest <= session_timeout <= longest:
        yield Finding("STREAMS_SESSION_TIMEOUT", "fail", f"{session_timeout:g} seconds", granted)


def check_fixed_partitions(found: Mapping[str, int], begun: Mapping[str, int]) -> Iterator[Finding]:
    """Compare the partitions of topics with the numbers that the state was begun with; a topic that is missing passes."""
    for name in sorted(found.keys() & begun.keys()):
        if found[name] != begun[name]:
            yield Finding(
                f"partitions of {name}",
                "fail",
                f"topic {name} has {found[name]} partitions, but this state was begun with {begun[name]}, which is fixed",
                "messages of one key would be out of order; see docs/operations.md#partitions-are-fixed",
            )


def compare_partitions(found: Mapping[str, int], begun: Mapping[str, int]) -> None:
    """Raise StateError where topics have another number of partitions than when this state was begun.

    With another number the messages of one key are in two partitions: out of order, and old states stay.
    """
    for wrong in check_fixed_partitions(found, begun):
        raise StateError(f"{wrong.found}: {wrong.advice}")


def _check_topic(expected: ExpectedTopic, found: TopicFacts | None, replication: int) -> Finding:
    check = f"topic {expected.name}"
    if found is None:
        return Finding(check, "warn", "missing", "start a worker, it creates the topic")
    policy, wanted = found.configs.get(_CLEANUP, ""), expected.configs[_CLEANUP]
    kept = f", kept {_hours(found.configs[_RETENTION])}" if _RETENTION in found.configs and "delete" in policy else ""
    shown = f"{found.partitions} partitions, {found.replicas} replicas, cleanup {policy or 'not reported'}{kept}"
    advice = _alter(expected, _CLEANUP)
    is_policy, should = set(policy.split(",")), set(wanted.split(","))
    if found.leaderless:
        return Finding(
            check, "fail", f"{found.leaderless} partitions without a leader", "bring the missing brokers back"
        )
    if policy and "compact" in is_policy - should:
        return Finding(check, "fail", shown, f"compaction would drop messages: {advice}")
    if policy and "delete" in is_policy - should:
        return Finding(check, "fail", shown, f"old clusters would expire: {advice}")
    if policy and is_policy != should:
        return Finding(check, "warn", shown, f"deleted or expired messages would stay: {advice}")
    if not policy and should != {"delete"}:
        return Finding(check, "warn", shown, f"make sure its cleanup.policy is {wanted}")
    if expected.ordered and found.partitions > expected.partitions:
        return Finding(
            check, "fail", shown, "its messages have one order: create it again with 1 partition and send them again"
        )
    if expected.is_read and found.partitions < expected.partitions:
        return Finding(
            check,
            "warn",
            shown,
            f"STREAMS_PARTITIONS is {expected.partitions}; workers beyond {found.partitions} stand by",
        )
    if found.replicas < replication:
        return Finding(check, "warn", shown, f"STREAMS_REPLICATION is {replication}; reassign the topic's replicas")
    return Finding(check, "ok", shown)


def _check_limits(expected: ExpectedTopic, found: TopicFacts) -> Iterator[Finding]:
    """Compare retention, largest message and timestamp type of a topic with those that Streams expects."""
    if "delete" in expected.configs[_CLEANUP]:
        yield from _check_retention(expected, found.configs.get(_RETENTION), found.configs.get(_RETENTION_BYTES, "-1"))
    limit, ours = found.configs.get(_MESSAGE), expected.configs[_MESSAGE]
    if limit is not None and int(limit) < int(ours):
        advice = f"larger messages are truncated or wait: {_alter(expected, _MESSAGE)}"
        yield Finding(f"message size of {expected.name}", "warn", f"at most {limit} bytes", advice)
    clock = found.configs.get(_TIME)
    if clock is not None and clock != expected.configs.get(_TIME, clock):
        advice = f"with a sender's clock that is wrong older payloads replace newer ones: {_alter(expected, _TIME)}"
        yield Finding(f"times in {expected.name}", "warn", clock, advice)


def _check_retention(expected: ExpectedTopic, found: str | None, most_bytes: str) -> Iterator[Finding]:
    check, wanted = f"retention of {expected.name}", expected.configs[_RETENTION]
    if found is None:
        advice = f"make sure it is {_hours(wanted)} ({_RETENTION}={wanted}); see docs/retention.md"
        yield Finding(check, "warn", "the broker does not tell", advice)
    elif found != wanted:
        yield Finding(check, "warn", f"{_hours(found)}; the setting: {_hours(wanted)}", _alter(expected, _RETENTION))
    if int(most_bytes) >= 0:
        advice = f"messages that do not fit are deleted whatever their age: {_alter(expected, _RETENTION_BYTES)}"
        yield Finding(check, "warn", f"at most {most_bytes} bytes a partition", advice)


def _alter(expected: ExpectedTopic, name: str) -> str:
    value = expected.configs[name]
    written = f"[{value}]" if "," in value else value  # how kafka-configs wants a list
    return f"kafka-configs --alter --topic {expected.name} --add-config {name}={written}"


def _hours(milliseconds: str) -> str:
    return "permanently" if int(milliseconds) < 0 else f"{int(milliseconds) / 3_600_000:g} hours"
