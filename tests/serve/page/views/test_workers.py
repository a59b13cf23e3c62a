from __future__ import annotations

import msgspec

from streams.serve.page.views.workers import topic_rows, worker_rows
from streams.state.heartbeats import PartitionLag
from tests.state.test_heartbeats import ONE

TWO = msgspec.structs.replace(
    ONE,
    worker="two",
    ready=True,
    reasons=[],
    time=200.0,
    partitions=[PartitionLag("records.core", n, 9, n, float(n)) for n in (0, 1, 2, 5)],
)


def test_workers_that_are_not_ready_come_first() -> None:
    not_ready, ready = worker_rows([TWO, ONE])
    assert (not_ready.worker, not_ready.reasons) == ("one", ["redis: no answer"])
    assert (not_ready.waiting, not_ready.lag_seconds, not_ready.partitions) == (3, 1.5, [("records.arxiv", "0 to 1")])
    assert (ready.waiting, ready.lag_seconds, ready.partitions) == (8, 5.0, [("records.core", "0 to 2, 5")])
    assert worker_rows([]) == []


def test_topics_with_the_longest_lag_come_first_and_the_newest_heartbeat_has_a_partition() -> None:
    died = msgspec.structs.replace(
        TWO, worker="dead", time=1.0, partitions=[PartitionLag("records.core", 5, 1, 900, 9e9)]
    )
    core, arxiv = topic_rows([ONE, TWO, died])
    assert (core.topic, core.partitions, core.waiting, core.lag_seconds) == ("records.core", 4, 8, 5.0)
    assert core.places[-1] == (5, 9, 5, 5.0, "two")
    assert arxiv.places[0] == (0, None, 0, 0.0, "one")
