from __future__ import annotations

import msgspec

from streams.harvest.checkpoints import Checkpoint, State
from streams.serve.page.views.workers import harvester_rows, topic_rows, worker_rows
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


def test_feeds_that_failed_come_first() -> None:
    done = Checkpoint("arxiv", "2026-11-01", "2026-11-28", pending=("2026-11-03/2026-11-04",), newest="2026-11-27")
    rows = harvester_rows(
        [State("arxiv", "waiting", checkpoint=done, records=7), State("crossref", "failed", "503", time=9.0)]
    )
    assert [(row.feed, row.tone, row.done, row.pending) for row in rows] == [
        ("crossref", "bad", "", 0),
        ("arxiv", "good", "2026-11-28", 1),
    ]
