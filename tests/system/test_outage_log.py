"""The log of a worker over an outage of the broker: few lines, each of them JSON, with the reason and the end."""

from __future__ import annotations

import time

import pytest

from tests.brokers import AnyBroker
from tests.system.probed_worker import ProbedWorker
from tests.system.processes import wait_for
from tests.worker.test_log import check_line

pytestmark = pytest.mark.system

_AWAY_SECONDS = 26.0
_MOST_LINES = 30


@pytest.mark.long
def test_kafka_away_is_few_lines(probed: ProbedWorker, own_broker: AnyBroker) -> None:
    with probed.streams.start("worker"):
        wait_for(lambda: "worker_ready" in probed.events(), "the log says that it is ready")
        before = len(probed.streams.output().splitlines())
        own_broker.kill()
        began = time.monotonic()
        probed.wait_unready("kafka: ")
        wait_for(lambda: time.monotonic() - began > _AWAY_SECONDS, "the outage ends")
        written = probed.streams.output().splitlines()[before:]
        own_broker.start()
        probed.wait_ready()
        wait_for(lambda: probed.events().count("worker_ready") >= 2, "the log says that it is ready again")
        wait_for(lambda: any(map(_counts_left_out, probed.log())), "what was left out is counted")
    assert len(written) < _MOST_LINES, "\n".join(written)
    lines = probed.log()
    assert len(lines) == len(probed.streams.output().splitlines()), "each line is JSON"
    for line in lines:
        check_line(line)
    unready = next(line for line in lines if line["event"] == "worker_unready" and line["level"] == "warning")
    assert "kafka" in unready["checks"]


def _counts_left_out(line: dict[str, object]) -> bool:
    return bool(line.get("left_out")) or line["event"] == "library_lines_left_out"
