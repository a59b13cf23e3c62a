"""A replica takes over that has not heard of a merge: what ADR 14 is about, on a real Redis Cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from streams.engine.engine import Engine
from streams.engine.messages import Incoming
from streams.errors import RedisError
from streams.events import Outgoing
from streams.records.stored import id_of
from streams.settings import Settings
from streams.state.connection import Connection
from streams.state.layout import Layout
from tests.engine.worlds import CONTENTS, check, correction, drain, handle, message, stored_partition
from tests.redis_cluster import RedisCluster
from tests.system.processes import wait_for

SURVIVOR, MOVED, MEMBER = CONTENTS[6], CONTENTS[0], CONTENTS[0]


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[RedisCluster]:
    with RedisCluster(tmp_path, replicas=True) as made:
        yield made


@pytest.fixture
def settings(cluster: RedisCluster) -> Settings:
    return Settings(redis_url=cluster.url, redis_cluster=True, buckets=16)


@pytest.fixture
def new(settings: Settings, connected: Callable[[Settings], Connection]) -> Callable[[int], Connection]:
    return lambda replicas: connected(settings.model_copy(update={"redis_replicas": replicas}))


class Merge:
    """Two groups on two nodes; the first is to take over the second, which has a member that the message does not name."""

    def __init__(self, cluster: RedisCluster, settings: Settings) -> None:
        layout = Layout(settings.namespace, settings.generation, settings.buckets)
        names = ((f"s:{a}", f"t:{b}") for a in range(50) for b in range(50))
        self.survivor, self.moved = next(
            (a, b)
            for a, b in names
            if id_of(a) < id_of(b)
            and cluster.owner(layout.groups(id_of(a))) is not cluster.owner(layout.groups(id_of(b)))
        )
        self.node = cluster.owner(layout.groups(id_of(self.survivor)))
        contents = {self.survivor: SURVIVOR, self.moved: MOVED, "u:member": MEMBER}
        self.log = [message(name, content, 1000 + n, n) for n, (name, content) in enumerate(contents.items())]
        self.message: list[Incoming] = [correction("k1", "same", self.survivor, self.moved, offset=0)]
        self.published: list[Outgoing] = []

    def begin(self, engine: Engine) -> None:
        for item in self.log:  # one after the other, so that the second group lives under the record we think
            handle(engine, [item], self.published.extend)
        assert sorted(map(len, stored_partition(engine).values())) == [1, 2]

    def fail_over(self, cluster: RedisCluster) -> None:
        self.node.kill()
        cluster.wait_failover()
        self.node.start()
        cluster.wait_whole()


def test_the_survivor_is_on_the_replica_before_anything_points_to_it(
    cluster: RedisCluster, settings: Settings, new: Callable[[int], Connection]
) -> None:
    merge, engine = Merge(cluster, settings), Engine(settings, new(1))
    merge.begin(engine)
    merge.node.cut_off_replicas()
    with pytest.raises(RedisError, match="0 of 1 replicas have acknowledged"):
        handle(engine, merge.message, merge.published.extend)
    merge.fail_over(cluster)

    def again() -> bool:
        try:
            handle(engine, merge.message, merge.published.extend)
            drain(engine, merge.published.extend)
        except RedisError:
            return False
        return True

    wait_for(again, "the worker goes on")
    assert sorted(map(len, stored_partition(engine).values())) == [3]
    check(engine, merge.published, [*merge.log, *merge.message])


def test_without_waiting_a_member_would_be_lost(
    cluster: RedisCluster, settings: Settings, new: Callable[[int], Connection]
) -> None:
    """The other side of it, so that the test above cannot pass for another reason."""
    merge, engine = Merge(cluster, settings), Engine(settings, new(0))
    merge.begin(engine)
    merge.node.cut_off_replicas()
    handle(engine, merge.message, merge.published.extend)
    assert sorted(map(len, stored_partition(engine).values())) == [3]
    merge.fail_over(cluster)
    later = Engine(settings, new(0))
    handle(later, merge.message, merge.published.extend)
    assert "u:member" not in {record for members in stored_partition(later).values() for record in members}
