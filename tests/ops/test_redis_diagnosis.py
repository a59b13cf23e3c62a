from __future__ import annotations

from collections.abc import Iterable

import pytest

from streams.ops.diagnosis import (
    Finding,
)
from streams.ops.redis_diagnosis import Node, RedisFacts, check_redis

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
