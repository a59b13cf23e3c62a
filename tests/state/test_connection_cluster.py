"""The connection on a real Redis Cluster whose slots move and whose nodes die."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from streams.errors import RedisError
from streams.records.stored import Stored, id_of
from streams.records.version import RecordVersion
from streams.settings import Settings
from streams.state.connection import Command, Connection, Script, connect
from streams.state.layout import Layout
from streams.state.record_store import PUT_RECORDS, Put, RecordStore
from tests.redis_cluster import Node, RedisCluster
from tests.system.processes import wait_for

New = Callable[[], Connection]
NAMES = [b"name:%d" % number for number in range(200)]
RECORD = id_of("s:a")
APPEND = b"redis.call('APPEND', KEYS[1], ARGV[1]) return redis.call('GET', KEYS[1])"


@pytest.fixture
def append(tmp_path: Path) -> Script:
    path = tmp_path / "append.lua"
    path.write_bytes(APPEND)
    return Script(path)


@pytest.fixture(scope="module")
def replicated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisCluster]:
    with RedisCluster(Path(tmp_path_factory.mktemp("replicated")), replicas=True) as cluster:
        yield cluster


@pytest.fixture
def safe(replicated: RedisCluster, connected: Callable[[Settings], Connection]) -> Connection:
    """A connection whose writes count when the replica of their node has them."""
    replicated.wait_whole()
    return connected(Settings(redis_url=replicated.url, redis_cluster=True, redis_replicas=1))


def sets(value: object, names: list[bytes] = NAMES) -> list[Command]:
    return [Command(name, ("SET", name, f"{value}-{name.decode()}")) for name in names]


def gets(names: list[bytes] = NAMES) -> list[Command]:
    return [Command(name, ("GET", name)) for name in names]


def values(value: object, names: list[bytes] = NAMES) -> list[bytes]:
    return [f"{value}-{name.decode()}".encode() for name in names]


def of(cluster: RedisCluster, node: Node) -> list[bytes]:
    return [name for name in NAMES if cluster.owner(name) is node]


def patiently(connection: Connection, commands: list[Command]) -> list[object]:
    """As a worker does it: the whole lot again until it is done."""

    def done() -> list[object] | None:
        try:
            return connection.execute(commands)
        except RedisError:
            return None

    found: list[object] = wait_for(done, "the lot is done")
    return found


def test_replies_come_in_the_order_of_the_commands(redis_cluster: RedisCluster, new_cluster_connection: New) -> None:
    connection = new_cluster_connection()
    assert {redis_cluster.owner(name).port for name in NAMES} == {node.port for node in redis_cluster.primaries}
    assert connection.execute(sets("a")) == [b"OK"] * len(NAMES)
    assert connection.execute(gets()) == values("a")
    assert connection.round_trips == 2
    assert connection.execute([]) == []


def test_all_nodes_work_at_the_same_time(redis_cluster: RedisCluster, new_cluster_connection: New) -> None:
    connection = new_cluster_connection()
    sleepers = [Command(of(redis_cluster, node)[0], ("DEBUG", "SLEEP", "0.5")) for node in redis_cluster.primaries]
    connection.execute(gets())
    began = time.monotonic()
    connection.execute(sleepers)
    assert time.monotonic() - began < 1.2


def test_what_has_no_key_goes_to_every_node(
    redis_cluster: RedisCluster, new_cluster_connection: New, append: Script
) -> None:
    connection = new_cluster_connection()
    assert connection.everywhere("PING") == [b"PONG"] * 3
    connection.register(append)
    for node in redis_cluster.primaries:
        assert node.ask("SCRIPT", "EXISTS", append.sha) == [1]
    assert connection.call("HSET", "some:hash", "a", 1) in (0, 1)
    assert connection.call("HGETALL", b"some:hash") == [b"a", b"1"]


def test_an_error_of_one_command_leaves_the_others_done(new_cluster_connection: New) -> None:
    connection = new_cluster_connection()
    bad = [*sets("b"), Command(NAMES[0], ("HGET", NAMES[0], "a")), *sets("c")]
    with pytest.raises(RedisError, match="WRONGTYPE"):
        connection.execute(bad)
    assert connection.execute(gets()) == values("c")


def test_slots_that_moved_are_followed(
    redis_cluster: RedisCluster, new_cluster_connection: New, append: Script
) -> None:
    connection = new_cluster_connection()
    connection.execute(sets("moved"))
    connection.register(append)
    source, target, _ = redis_cluster.primaries
    moving = of(redis_cluster, source)[:20]
    slots = sorted({redis_cluster.slot(name) for name in moving})
    target.ask("SCRIPT", "FLUSH")
    redis_cluster.migrate(slots, source, target)
    try:
        assert connection.execute([append.call([name], ["!"]) for name in NAMES]) == [v + b"!" for v in values("moved")]
        before = connection.round_trips
        assert connection.execute(gets()) == [v + b"!" for v in values("moved")]
        assert connection.round_trips == before + 1, "it knows by now where they are"
        assert {redis_cluster.owner(name).port for name in moving} == {target.port}
    finally:
        redis_cluster.migrate(slots, target, source)
    assert connection.execute(gets()) == [v + b"!" for v in values("moved")]


def test_keys_are_found_on_either_side_while_their_slots_move(
    redis_cluster: RedisCluster, new_cluster_connection: New, append: Script
) -> None:
    connection = new_cluster_connection()
    connection.register(append)
    connection.execute(sets("old"))
    source, target, _ = redis_cluster.primaries
    tags = of(redis_cluster, source)[:10]
    some = [b"{%s}:%d" % (tag, number) for tag in tags for number in range(6)]
    old, new = [n for n in some if n[-1:] < b"4"], [n for n in some if n[-1:] >= b"4"]
    connection.execute(sets("old", old))
    slots = sorted({redis_cluster.slot(tag) for tag in tags})

    def meanwhile() -> None:
        on_target = sum(redis_cluster.nodes[1].ask("CLUSTER", "COUNTKEYSINSLOT", slot) for slot in slots)
        assert 0 < on_target < len(old), "half of them are there"
        target.ask("SCRIPT", "FLUSH")
        connection.execute(sets("new", new))
        appended = connection.execute([append.call([name], ["!"]) for name in some])
        assert appended == [(b"old-" if name in old else b"new-") + name + b"!" for name in some]
        assert connection.execute(gets()) == values("old")

    redis_cluster.migrate(slots, source, target, meanwhile)
    redis_cluster.migrate(slots, target, source)
    found = dict(zip(some, connection.execute(gets(some)), strict=True))
    assert [found[name] for name in old] == [v + b"!" for v in values("old", old)]
    assert [found[name] for name in new] == [v + b"!" for v in values("new", new)]


def test_a_script_on_keys_that_are_apart_waits_until_they_are_together(
    redis_cluster: RedisCluster, new_cluster_connection: New
) -> None:
    connection = new_cluster_connection()
    connection.register(PUT_RECORDS)
    # So many buckets that no other test has keys in the slot, of which each second one is moved.
    layout = Layout("apart", "1", 20_000)
    store = RecordStore(layout)
    first = _stored(1)
    assert connection.execute([store.put([Put(RECORD, None, first, b"one")])]) == [[]]
    second = store.put([Put(RECORD, first, _stored(2), b"two")])
    slot = redis_cluster.slot(layout.records(RECORD))
    source = redis_cluster.owner_of(slot)
    target = next(node for node in redis_cluster.primaries if node is not source)

    def meanwhile() -> None:
        with pytest.raises(RedisError):
            connection.execute([second])

    redis_cluster.migrate([slot], source, target, meanwhile)
    assert connection.execute([second]) == [[]]
    assert connection.execute([store.get_document(RECORD)]) == [b"two"]
    redis_cluster.migrate([slot], target, source)


def test_nodes_that_forgot_their_scripts_are_given_them_again(
    redis_cluster: RedisCluster, new_cluster_connection: New, append: Script
) -> None:
    connection = new_cluster_connection()
    connection.register(append)
    connection.execute([Command(name, ("SET", name, "")) for name in NAMES])
    for node in redis_cluster.primaries[:2]:
        node.ask("SCRIPT", "FLUSH")
    assert connection.execute([append.call([name], ["x"]) for name in NAMES]) == [b"x"] * len(NAMES)


def test_what_may_have_been_executed_is_not_repeated(replicated: RedisCluster) -> None:
    """The node is stopped right behind the command, before it has answered."""
    connection = connect(Settings(redis_url=replicated.url, redis_cluster=True))
    node = replicated.owner(b"counter")
    connection.execute([Command(b"counter", ("SET", "counter", 0))])
    with pytest.raises(RedisError):
        connection.execute(
            [Command(b"counter", ("INCR", "counter")), Command(b"counter", ("SHUTDOWN", "FORCE", "NOW"))]
        )
    wait_for(lambda: not node.lives, "the node has stopped")
    node.start()
    replicated.wait_whole()
    assert patiently(connection, [Command(b"counter", ("GET", "counter"))]) == [b"1"]
    connection.close()


def test_a_replica_takes_over(replicated: RedisCluster, safe: Connection) -> None:
    safe.execute(sets("before"))
    dead = replicated.owner(NAMES[0])
    dead.kill()
    with pytest.raises(RedisError):
        safe.execute(sets("lost"))
    loose = connect(Settings(redis_url=replicated.url, redis_cluster=True))
    found = patiently(loose, gets())
    assert all(value in (b"before-" + name, b"lost-" + name) for value, name in zip(found, NAMES, strict=True))
    with pytest.raises(RedisError, match="0 of 1 replicas have acknowledged"):
        safe.execute(sets("alone"))
    dead.start()
    assert patiently(safe, sets("after")) == [b"OK"] * len(NAMES)
    assert not dead.is_primary
    assert loose.execute(gets()) == values("after")
    loose.close()


def test_a_replica_takes_over_in_good_order(replicated: RedisCluster, safe: Connection) -> None:
    """No command fails for it: what the old primary refuses goes to the new one."""
    safe.execute(sets("before"))
    old = replicated.owner(NAMES[0])
    replica = next(
        node for node in replicated.nodes if node.lives and not node.is_primary and _primary_of(node) == old.port
    )
    replica.ask("CLUSTER", "FAILOVER")
    wait_for(lambda: patiently(safe, sets("during")) and replica.is_primary, "the replica is primary")
    replicated.wait_whole()
    assert patiently(safe, sets("after")) == [b"OK"] * len(NAMES)
    assert safe.execute(gets()) == values("after")


def test_what_no_replica_has_does_not_count(replicated: RedisCluster, safe: Connection) -> None:
    """Neither what was written nor what was read: another one may have written it a moment ago."""
    loose = connect(Settings(redis_url=replicated.url, redis_cluster=True))
    safe.execute(sets("known"))
    node = replicated.owner(NAMES[0])
    replica = next(other for other in replicated.nodes if not other.is_primary and _primary_of(other) == node.port)
    mine = of(replicated, node)
    others = [name for name in NAMES if name not in mine]
    replica.freeze()
    try:
        loose.execute(sets("unsafe"))
        with pytest.raises(RedisError, match="0 of 1 replicas have acknowledged"):
            safe.execute(gets(mine))
        with pytest.raises(RedisError, match="0 of 1 replicas have acknowledged"):
            safe.execute(sets("mine", mine))
        assert safe.execute(gets(others)) == values("unsafe", others)
    finally:
        replica.thaw()
    assert patiently(safe, gets(mine)) == values("mine", mine)
    loose.close()


def test_a_node_that_is_away_and_has_no_replica_is_waited_for(tmp_path: Path) -> None:
    with RedisCluster(tmp_path) as cluster:
        connection = connect(Settings(redis_url=cluster.url, redis_cluster=True))
        connection.execute(sets("before"))
        away = cluster.nodes[0]
        away.kill()
        with pytest.raises(RedisError):
            connection.execute(sets("during"))
        wait_for(lambda: cluster.nodes[1].cluster_info()["cluster_state"] == "fail", "the cluster is down")
        with pytest.raises(RedisError):
            connection.execute(sets("during", of(cluster, cluster.nodes[1])))
        away.start()
        assert patiently(connection, sets("after")) == [b"OK"] * len(NAMES)
        connection.close()


def test_a_cluster_that_is_not_there_is_said_so() -> None:
    connection = connect(Settings(redis_url="redis://127.0.0.1:1", redis_cluster=True))
    with pytest.raises(RedisError, match=r"127\.0\.0\.1:1"):
        connection.execute(gets())


def test_a_node_taken_for_a_single_server_is_said_so(redis_cluster: RedisCluster) -> None:
    connection = connect(Settings(redis_url=redis_cluster.url))
    with pytest.raises(RedisError, match="STREAMS_REDIS_CLUSTER=true"):
        connection.execute(gets())
    connection.close()


def _stored(version: int) -> Stored:
    return Stored.of(RecordVersion.of(b"%d" % version, version=version, taken=version), b"features %d" % version)


def _primary_of(replica: Node) -> int:
    return int(replica.client.info("replication")["master_port"])
