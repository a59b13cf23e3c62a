"""Check a Redis, one server or a cluster. Pure: facts in, findings out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from redis.crc import REDIS_CLUSTER_HASH_SLOTS as SLOTS

from streams.ops.diagnosis import Finding

__all__ = ["Node", "RedisFacts", "check_redis"]

_LOST = (
    "grant +info and +config|get: without them a failover that loses writes is not noticed, and nothing of version, memory, "
    "eviction and persistence is checked"
)
_OLDEST = (6, 2)
_MEMORY_WARN = 0.8  # share of maxmemory in use beyond which Redis will soon refuse writes


class RedisFacts(NamedTuple):
    """A Redis server: its INFO fields, and its CONFIG values as far as it lets Streams read them.

    In a cluster `nodes` are all nodes that the server lists, itself among them. `refused` are the commands that the user of
    the settings may not run.
    """

    info: Mapping[str, str]
    config: Mapping[str, str]
    nodes: Sequence[Node] = ()
    refused: tuple[str, ...] = ()


class Node(NamedTuple):
    """A node of a Redis Cluster.

    `address`, `primary` and `slots` (their number) are from the answer of the node that was asked for the topology; `facts` is
    what this node says of itself, or the text of the error if it did not answer.
    """

    address: str
    primary: bool
    slots: int
    facts: RedisFacts | str


def check_redis(facts: RedisFacts, wanted: Mapping[str, str], cluster: bool, replicas: int = 0) -> Iterator[Finding]:
    """Check the server, or all nodes of its cluster.

    `wanted` are the hash limits that Streams was measured with; `cluster` and `replicas` are the settings of that name.
    """
    if "INFO" in facts.refused:
        yield Finding("redis rights", "warn", "this user may not run INFO and CONFIG GET", _LOST)
        return
    if facts.refused:
        advice = "grant +config|get, or check maxmemory-policy noeviction and the hash limits on the server yourself"
        yield Finding("redis rights", "warn", f"this user may not run {', '.join(facts.refused)}", advice)
    servers = [(node.address, node.facts) for node in facts.nodes if isinstance(node.facts, RedisFacts)]
    yield from _merged([(address, list(_check_server(own, wanted))) for address, own in servers or [("", facts)]])
    yield _check_cluster(facts, cluster)
    if facts.nodes:
        yield from _check_nodes(facts.nodes)
        yield _check_slots(facts.nodes)
    else:
        yield _check_role(facts)
    primaries = [node.facts for node in facts.nodes if node.slots and isinstance(node.facts, RedisFacts)]
    yield from _check_replicas(primaries or [facts], replicas)


def _check_server(facts: RedisFacts, wanted: Mapping[str, str]) -> Iterator[Finding]:
    yield _check_version(facts)
    yield _check_policy(facts)
    yield _check_persistence(facts)
    yield _check_memory(facts)
    yield from _check_hash_limits(facts, wanted)


def _merged(found: Sequence[tuple[str, Sequence[Finding]]]) -> Iterator[Finding]:
    """Merge the findings of several servers: each bad one with its server's address, those good everywhere once."""
    if len(found) == 1:
        yield from found[0][1]
        return
    for same in zip(*(findings for _, findings in found), strict=True):
        bad = [(address, one) for (address, _), one in zip(found, same, strict=True) if one.status != "ok"]
        for address, one in bad:
            yield one._replace(found=f"{address}: {one.found}")
        if not bad:
            shown = list(dict.fromkeys(one.found for one in same))
            yield same[0]._replace(
                found=f"{shown[0]} on all {len(same)} nodes" if len(shown) == 1 else "; ".join(shown)
            )


def _check_nodes(nodes: Sequence[Node]) -> Iterator[Finding]:
    for address, _, slots, facts in nodes:
        if isinstance(facts, str):
            had = f"it has {slots} slots" if slots else "it has no slots"
            yield Finding(
                f"redis node {address}", "fail" if slots else "warn", facts, f"{had}; bring it back or forget it"
            )


def _check_slots(nodes: Sequence[Node]) -> Finding:
    served, primaries = sum(node.slots for node in nodes), sum(node.slots > 0 for node in nodes)
    if served < SLOTS:
        return Finding("redis slots", "fail", f"{SLOTS - served} of {SLOTS} are on no node", "redis-cli --cluster fix")
    return Finding("redis slots", "ok", f"{SLOTS} on {primaries} primaries")


def _check_replicas(primaries: Sequence[RedisFacts], wanted: int) -> Iterator[Finding]:
    """Compare the fewest replicas of a primary with the setting; yields nothing where there are none and none are wanted."""
    counts = [int(facts.info.get("connected_slaves", 0)) for facts in primaries]
    fewest = min(counts)
    if fewest < wanted:
        advice = f"STREAMS_REDIS_REPLICAS is {wanted}, so nothing counts as written: start replicas, or lower it"
        yield Finding("redis replicas", "fail", f"{fewest} of a primary", advice)
    elif wanted and fewest == wanted:
        advice = "one more each, or workers wait while a replica is away"
        yield Finding("redis replicas", "warn", f"{fewest} of a primary, all are waited for", advice)
    elif wanted:
        yield Finding("redis replicas", "ok", f"{fewest} of a primary, {wanted} are waited for")
    elif max(counts):
        advice = "STREAMS_REDIS_REPLICAS=1, or a failover may lose acknowledged writes"
        yield Finding("redis replicas", "warn", f"{max(counts)} of a primary, none is waited for", advice)


def _check_version(facts: RedisFacts) -> Finding:
    # Valkey reports 7.2.4 as redis_version whatever its own is.
    version = facts.info.get("redis_version", "")
    name = facts.info.get("server_name", "redis")
    shown = f"{name} {facts.info.get(name + '_version', version)}".strip()
    numbers = tuple(int(part) for part in re.findall(r"\d+", version)[:2])
    if numbers < _OLDEST:
        return Finding("redis version", "fail", shown or "unknown", "Redis >= 6.2 or any Valkey")
    return Finding("redis version", "ok", shown)


def _check_policy(facts: RedisFacts) -> Finding:
    policy = facts.config.get("maxmemory-policy") or facts.info.get("maxmemory_policy", "")
    if policy == "noeviction":
        return Finding("redis maxmemory-policy", "ok", policy)
    return Finding(
        "redis maxmemory-policy",
        "fail",
        policy or "not reported",
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
    return Finding(
        "redis persistence", "ok", f"append-only file, fsync {facts.config.get('appendfsync', 'not reported')}"
    )


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
            yield Finding(
                f"redis {name}", "warn", "not reported", f"make sure it is {value} or more: memory depends on it"
            )
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


def _size(count: int) -> str:
    return f"{count / 2**30:.1f} GiB" if count >= 2**30 else f"{count / 2**20:.1f} MiB"
