"""What can be wrong with a deployment, as pure checks: facts in, findings out.

The facts come from `streams.ops.facts`; `streams doctor` shows the findings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, NamedTuple
from urllib.parse import urlsplit, urlunsplit

from streams.settings import Settings

__all__ = [
    "ExpectedTopic",
    "Finding",
    "KafkaFacts",
    "RedisFacts",
    "TopicFacts",
    "check_kafka",
    "check_redis",
    "check_session",
    "check_settings",
    "hide_password",
]

_REDIS_OLDEST = (6, 2)
_CLEANUP, _RETENTION, _RETENTION_BYTES = "cleanup.policy", "retention.ms", "retention.bytes"
_MESSAGE, _TIME = "max.message.bytes", "message.timestamp.type"
_MEMORY_WARN = 0.8  # share of maxmemory in use beyond which Redis will soon refuse writes
_KAFKA_URL = re.compile(r"[^\s,/:]+:\d{1,5}(,[^\s,/:]+:\d{1,5})*|\[[0-9A-Fa-f:]+\]:\d{1,5}")


class Finding(NamedTuple):
    """The outcome of one check; `advice` says what to do where `status` is not `ok`."""

    check: str
    status: Literal["ok", "warn", "fail"]
    found: str
    advice: str = ""


class ExpectedTopic(NamedTuple):
    """A topic Streams uses: full name, partitions it is created with, and its settings as Kafka writes them.

    Where `ordered`, its messages have one order, and more partitions would be wrong.
    """

    name: str
    partitions: int
    configs: Mapping[str, str]
    ordered: bool = False


class TopicFacts(NamedTuple):
    """A topic as the broker describes it: `configs` are its settings, as far as it tells them."""

    partitions: int
    replicas: int
    leaderless: int
    configs: Mapping[str, str]


class KafkaFacts(NamedTuple):
    """A Kafka cluster: number of brokers, its topics by name, and the shortest and longest session it grants, in seconds."""

    brokers: int
    topics: Mapping[str, TopicFacts]
    sessions: tuple[float, float] | None = None


class RedisFacts(NamedTuple):
    """A Redis server: its INFO fields, and CONFIG values as far as it lets us read them."""

    info: Mapping[str, str]
    config: Mapping[str, str]


def check_settings(settings: Settings) -> Iterator[Finding]:
    """Check what the types of the settings cannot: addresses and combinations."""
    if settings.kafka_url and not _KAFKA_URL.fullmatch(settings.kafka_url):
        yield Finding(
            "STREAMS_KAFKA_URL", "fail", settings.kafka_url, "write host:port[,host:port…], without kafka:// and spaces"
        )
    if settings.redis_url and urlsplit(settings.redis_url).scheme not in ("redis", "rediss", "unix"):
        yield Finding(
            "STREAMS_REDIS_URL",
            "fail",
            hide_password(settings.redis_url),
            "start it with redis://, rediss:// or unix://",
        )
    if settings.redis_cluster and not settings.redis_url:
        yield Finding(
            "STREAMS_REDIS_CLUSTER", "fail", "true, without STREAMS_REDIS_URL", "the embedded Redis is no cluster"
        )
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
    """Check the brokers, then each topic we use."""
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
    """Whether Kafka lets a worker join with this session: one it refuses stays without partitions for ever."""
    if facts.sessions is None:
        return
    shortest, longest = facts.sessions
    granted = f"{shortest:g} to {longest:g} seconds, which is what Kafka grants (group.min.session.timeout.ms)"
    if not shortest <= session_timeout <= longest:
        yield Finding("STREAMS_SESSION_TIMEOUT", "fail", f"{session_timeout:g} seconds", granted)


def _check_topic(expected: ExpectedTopic, found: TopicFacts | None, replication: int) -> Finding:
    check = f"topic {expected.name}"
    if found is None:
        return Finding(check, "warn", "missing", "start a worker, it creates the topic")
    policy, wanted = found.configs.get(_CLEANUP, ""), expected.configs[_CLEANUP]
    kept = f", kept {_hours(found.configs[_RETENTION])}" if _RETENTION in found.configs and "delete" in policy else ""
    shown = f"{found.partitions} partitions, {found.replicas} replicas, cleanup {policy or 'not told'}{kept}"
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
        return Finding(check, "warn", shown, f"what is retired or expired would stay: {advice}")
    if not policy and should != {"delete"}:
        return Finding(check, "warn", shown, f"make sure its cleanup.policy is {wanted}")
    if expected.ordered and found.partitions > expected.partitions:
        return Finding(check, "fail", shown, "its messages have one order: make it anew with 1 partition and send them")
    if found.partitions < expected.partitions:
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
    """How long the topic keeps messages, how large they may be and whose clock they have, against what we want."""
    if "delete" in expected.configs[_CLEANUP]:
        yield from _check_retention(expected, found.configs.get(_RETENTION), found.configs.get(_RETENTION_BYTES, "-1"))
    limit, ours = found.configs.get(_MESSAGE), expected.configs[_MESSAGE]
    if limit is not None and int(limit) < int(ours):
        advice = f"larger messages are cut or wait: {_alter(expected, _MESSAGE)}"
        yield Finding(f"message size of {expected.name}", "warn", f"at most {limit} bytes", advice)
    whose = found.configs.get(_TIME)
    if whose is not None and whose != expected.configs.get(_TIME, whose):
        advice = f"with a sender's clock that is wrong old payloads would win: {_alter(expected, _TIME)}"
        yield Finding(f"times in {expected.name}", "warn", whose, advice)


def _check_retention(expected: ExpectedTopic, told: str | None, most_bytes: str) -> Iterator[Finding]:
    check, wanted = f"retention of {expected.name}", expected.configs[_RETENTION]
    if told is None:
        advice = f"make sure it is {_hours(wanted)} ({_RETENTION}={wanted}); see docs/retention.md"
        yield Finding(check, "warn", "the broker does not tell", advice)
    elif told != wanted:
        yield Finding(check, "warn", f"{_hours(told)}; the setting: {_hours(wanted)}", _alter(expected, _RETENTION))
    if int(most_bytes) >= 0:
        advice = f"what does not fit is dropped whatever its age: {_alter(expected, _RETENTION_BYTES)}"
        yield Finding(check, "warn", f"at most {most_bytes} bytes a partition", advice)


def _alter(expected: ExpectedTopic, name: str) -> str:
    value = expected.configs[name]
    written = f"[{value}]" if "," in value else value  # how kafka-configs wants a list
    return f"kafka-configs --alter --topic {expected.name} --add-config {name}={written}"


def _hours(milliseconds: str) -> str:
    return "for ever" if int(milliseconds) < 0 else f"{int(milliseconds) / 3_600_000:g} hours"


def check_redis(facts: RedisFacts, wanted: Mapping[str, str], cluster: bool) -> Iterator[Finding]:
    """Check one server; `wanted` are the hash limits we were measured with, `cluster` is the setting."""
    yield _check_version(facts)
    yield _check_policy(facts)
    yield _check_persistence(facts)
    yield _check_memory(facts)
    yield from _check_hash_limits(facts, wanted)
    yield _check_cluster(facts, cluster)
    yield _check_role(facts)


def _check_version(facts: RedisFacts) -> Finding:
    # Valkey reports 7.2.4 as redis_version whatever its own is.
    version = facts.info.get("redis_version", "")
    name = facts.info.get("server_name", "redis")
    shown = f"{name} {facts.info.get(name + '_version', version)}".strip()
    numbers = tuple(int(part) for part in re.findall(r"\d+", version)[:2])
    if numbers < _REDIS_OLDEST:
        return Finding("redis version", "fail", shown or "unknown", "Redis >= 6.2 or any Valkey")
    return Finding("redis version", "ok", shown)


def _check_policy(facts: RedisFacts) -> Finding:
    policy = facts.config.get("maxmemory-policy") or facts.info.get("maxmemory_policy", "")
    if policy == "noeviction":
        return Finding("redis maxmemory-policy", "ok", policy)
    return Finding(
        "redis maxmemory-policy",
        "fail",
        policy or "not told",
        "CONFIG SET maxmemory-policy noeviction, and the same in redis.conf: eviction would silently lose duplicates",
    )


def _check_persistence(facts: RedisFacts) -> Finding:
    aof = facts.config.get("appendonly") == "yes" or facts.info.get("aof_enabled") == "1"
    if not aof:
        return Finding(
            "redis persistence",
            "warn",
            "no append-only file",
            "appendonly yes, or a crash means a replay of the topics",
        )
    if facts.info.get("aof_last_write_status", "ok") != "ok":
        return Finding("redis persistence", "fail", "the last write to the append-only file failed", "look at its disk")
    if facts.config.get("appendfsync") == "no":
        return Finding("redis persistence", "warn", "append-only file, never synced", "appendfsync everysec")
    return Finding("redis persistence", "ok", f"append-only file, fsync {facts.config.get('appendfsync', 'not told')}")


def _check_memory(facts: RedisFacts) -> Finding:
    used, limit = int(facts.info.get("used_memory", 0)), int(facts.info.get("maxmemory", 0))
    if not limit:
        advice = "set maxmemory below the machine's, so that Redis refuses writes before the system kills it"
        system = int(facts.info.get("total_system_memory", 0))
        if system and used > _MEMORY_WARN * system:
            return Finding("redis memory", "fail", f"{_size(used)} of the machine's {_size(system)}", advice)
        return Finding("redis memory", "ok", f"{_size(used)}, no limit")
    shown = f"{_size(used)} of {_size(limit)}"
    if used > _MEMORY_WARN * limit:
        return Finding("redis memory", "fail" if used >= limit else "warn", shown, "raise maxmemory or add memory")
    return Finding("redis memory", "ok", shown)


def _check_hash_limits(facts: RedisFacts, wanted: Mapping[str, str]) -> Iterator[Finding]:
    for name, value in wanted.items():
        old_name = name.replace("listpack", "ziplist")  # until Redis 6.2
        found = facts.config.get(name) or facts.config.get(old_name)
        if found is None:
            yield Finding(f"redis {name}", "warn", "not told", f"make sure it is {value} or more: memory depends on it")
        elif int(found) < int(value):
            known = name if name in facts.config else old_name
            advice = f"CONFIG SET {known} {value}, or records take several times the memory"
            yield Finding(f"redis {name}", "warn", found, advice)
        else:
            yield Finding(f"redis {name}", "ok", found)


def _check_cluster(facts: RedisFacts, setting: bool) -> Finding:
    enabled = facts.info.get("cluster_enabled") == "1"
    shown = "cluster" if enabled else "single server"
    if enabled != setting:
        return Finding("redis mode", "fail", shown, f"set STREAMS_REDIS_CLUSTER={'true' if enabled else 'false'}")
    state = facts.info.get("cluster_state", "ok")
    if enabled and state != "ok":
        return Finding(
            "redis mode", "fail", f"cluster, state {state}", "redis-cli --cluster check: slots are not served"
        )
    return Finding("redis mode", "ok", shown)


def _check_role(facts: RedisFacts) -> Finding:
    role = facts.info.get("role", "master")
    if role != "master" and facts.info.get("cluster_enabled") != "1":
        return Finding(
            "redis role", "fail", "a replica", "point STREAMS_REDIS_URL to the primary: a replica takes no writes"
        )
    return Finding("redis role", "ok", "primary" if role == "master" else "replica of a cluster")


def hide_password(url: str) -> str:
    """Return `url` with `***` for its password, fit to be shown."""
    parts = urlsplit(url)
    if "@" not in parts.netloc:
        return url
    user, _, host = parts.netloc.rpartition("@")
    name = user.partition(":")[0]
    return urlunsplit(parts._replace(netloc=f"{name}:***@{host}" if ":" in user else f"{name}@{host}"))


def _size(count: int) -> str:
    return f"{count / 2**30:.1f} GiB" if count >= 2**30 else f"{count / 2**20:.1f} MiB"
