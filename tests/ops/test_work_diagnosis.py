"""What `streams doctor` says of the work under way."""

from __future__ import annotations

import pytest

from streams.ops.work_diagnosis import WorkFacts, check_work
from streams.state.heartbeats import Heartbeat, PartitionLag


def heartbeat(worker: str, *, reasons: tuple[str, ...] = (), messages: int = 0, seconds: float = 0.0) -> Heartbeat:
    return Heartbeat(
        worker,
        "host:6066",
        "0.2.0",
        "2026.3",
        "1",
        time=100.0,
        started=1.0,
        ready=not reasons,
        reasons=list(reasons),
        messages=10,
        decided=3,
        duplicates=1,
        latency_bounds=[],
        latency_counts=[],
        partitions=[PartitionLag("records.arxiv", 0, 5, messages, seconds), PartitionLag("records.core", 0, 5, 0, 0.0)],
    )


NOTHING = WorkFacts((), 0, None, is_begun=False)


@pytest.mark.parametrize(
    ("facts", "check", "status", "found"),
    [
        pytest.param(NOTHING, "workers", "ok", "none in the last", id="before the first start"),
        pytest.param(NOTHING._replace(is_begun=True), "workers", "warn", "none in the last", id="nobody works"),
        pytest.param(NOTHING._replace(workers=[heartbeat("a")]), "workers", "ok", "1 of 1 ready", id="one is ready"),
        pytest.param(
            NOTHING._replace(workers=[heartbeat("a"), heartbeat("b", reasons=("redis: full",))]),
            "workers",
            "warn",
            "1 of 2 ready; b: redis: full",
            id="one waits",
        ),
        pytest.param(NOTHING._replace(workers=[heartbeat("a")]), "lag", "ok", "nothing waits", id="no lag"),
        pytest.param(
            NOTHING._replace(
                workers=[heartbeat("a", messages=1200, seconds=30), heartbeat("b", messages=34, seconds=2)]
            ),
            "lag",
            "ok",
            "1,234 messages wait, the oldest for 30 s",
            id="some lag",
        ),
        pytest.param(
            NOTHING._replace(workers=[heartbeat("a", messages=1, seconds=901)]),
            "lag",
            "warn",
            "for 901 s",
            id="an old lag",
        ),
        pytest.param(NOTHING, "unpublished events", "ok", "none", id="none pending"),
        pytest.param(NOTHING._replace(pending_events=7), "unpublished events", "warn", "7", id="and nobody publishes"),
        pytest.param(
            NOTHING._replace(pending_events=7, workers=[heartbeat("a")]), "unpublished events", "ok", "7", id="soon"
        ),
        pytest.param(NOTHING, "dead letters", "ok", "not counted", id="nobody counts"),
        pytest.param(NOTHING._replace(dead_letters={"core": 0}), "dead letters", "ok", "none", id="no letters"),
        pytest.param(
            NOTHING._replace(dead_letters={"core": 2, "arxiv": 1000}),
            "dead letters",
            "warn",
            "arxiv 1,000, core 2",
            id="letters by source",
        ),
    ],
)
def test_each_finding_says_what_there_is(facts: WorkFacts, check: str, status: str, found: str) -> None:
    (finding,) = (each for each in check_work(facts) if each.check == check)
    assert finding.status == status
    assert found in finding.found
    assert bool(finding.advice) == (status != "ok")


def test_where_nobody_works_no_lag_is_known() -> None:
    assert [finding.check for finding in check_work(NOTHING)] == ["workers", "unpublished events", "dead letters"]
