"""Lines of the log: their fields, the level that a setting asks for, and what becomes of those that repeat."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from streams.local.services import Services
from streams.local.worker import WorkerProcess
from streams.settings import Settings
from streams.worker.log import RepeatLimit

_PROGRAM = """
import logging, sys
from streams.event_log import EventLog
from streams.settings import Settings
from streams.worker.log import configure_logging
configure_logging(Settings(log_level=sys.argv[1], log_format=sys.argv[2]), "w1")
for level in ("debug", "info", "warning", "error"):
    getattr(EventLog("streams.worker.app"), level)("thing_happened", "{thing} {level}", thing="kettle", level_=level, level=level)
    for name in ("streams.worker.app", "aiokafka", "faust.worker"):
        getattr(logging.getLogger(name), level)("%s", name)
try:
    raise ValueError("broken")
except ValueError as error:
    EventLog("streams.x").error("thing_failed", "it failed: {error!r}", error=error, key=b"k", cause=error)
"""


def lines_of(level: str, log_format: str) -> list[str]:
    command = [sys.executable, "-c", _PROGRAM, level, log_format]
    return subprocess.run(command, capture_output=True, text=True, check=True).stderr.splitlines()


@pytest.mark.parametrize(
    ("level", "events", "libraries", "framework"),
    [("debug", 4, 4, 4), ("info", 3, 2, 0), ("warning", 2, 2, 0), ("error", 1, 1, 0)],
)
def test_the_least_severe_line_is_of_the_level_set(level: str, events: int, libraries: int, framework: int) -> None:
    lines = [orjson.loads(line) for line in lines_of(level, "json")]
    assert sum(line["event"] == "thing_happened" for line in lines) == events
    said = {
        name: sum(line["logger"] == name and line["event"] == "library" for line in lines)
        for name in ("aiokafka", "streams.worker.app", "faust.worker")
    }
    # The pattern of all is one, so after the first of a level the others of that level are like it.
    assert said["aiokafka"] == min(libraries, 1)
    assert said["streams.worker.app"] == min(libraries, 1)
    assert said["faust.worker"] == min(framework, 1)


def check_line(line: dict[str, Any]) -> None:
    """Hold a line to what docs/operations.md promises of each."""
    assert list(line)[:6] == ["time", "level", "logger", "worker", "event", "message"]
    assert datetime.fromisoformat(line["time"]).utcoffset() == timedelta(0)
    assert line["time"].endswith("Z")
    assert line["level"] in ("debug", "info", "warning", "error", "critical")
    assert all(isinstance(line[name], str) and line[name] for name in ("logger", "worker", "event", "message"))


def test_json_has_one_object_a_line_with_the_fields() -> None:
    lines = [orjson.loads(line) for line in lines_of("info", "json")]
    for line in lines:
        check_line(line)
    happened, failed = lines[0], lines[-1]
    assert (happened["event"], happened["message"], happened["thing"]) == ("thing_happened", "kettle info", "kettle")
    assert abs(datetime.fromisoformat(happened["time"]) - datetime.now(UTC)) < timedelta(minutes=1)
    assert failed["message"] == "it failed: ValueError('broken')"
    assert failed["error"] == "broken"
    assert "Traceback" in failed["exception"]


def test_the_console_has_a_sentence_and_what_it_does_not_say() -> None:
    line = lines_of("info", "console")[0]
    assert " [info     ] kettle info [streams.worker.app] event=thing_happened " in line
    assert "worker=w1" in line
    assert "thing=" not in line


def record(name: str, message: str, *arguments: object) -> logging.LogRecord:
    return logging.LogRecord(name, logging.WARNING, "", 0, message, arguments, None)


def test_one_line_a_minute_is_written_of_those_that_are_alike_and_the_others_are_counted() -> None:
    now = [0.0]
    limit = RepeatLimit(clock=lambda: now[0])
    passed = [limit.filter(record("aiokafka", f"node {number} is away: %s", "why")) for number in range(40)]
    assert passed == [True] + [False] * 39
    assert limit.filter(record("aiokafka", "another line"))
    now[0] = 61.0
    next_one = record("aiokafka", "node 7 is away: %s", "why")
    assert limit.filter(next_one)
    assert vars(next_one)["left_out"] == 39
    assert not limit.filter(record("aiokafka", "node 7 is away: %s", "why"))
    assert limit.take_left_out() == 1
    assert limit.take_left_out() == 0


@pytest.mark.system
@pytest.mark.parametrize("level", ["info", "warning"])
def test_a_worker_says_what_it_does_from_start_to_end(
    tmp_path: Path, broker_settings: Callable[[], dict[str, Any]], level: str
) -> None:
    log = tmp_path / "worker.log"
    given = Settings(http_port=0, log_level=level, log_format="json", **broker_settings())
    with Services(given) as services, WorkerProcess(services.settings, log) as worker:
        worker.wait_ready()
    lines = [orjson.loads(line) for line in log.read_text().splitlines()]
    for line in lines:
        check_line(line)
    events = [line["event"] for line in lines]
    if level == "warning":
        assert events == []
        return
    wanted = ["worker_starting", "generation_opened", "partitions_assigned", "worker_ready", "worker_unready"]
    assert [event for event in wanted if event not in events] == []
    assert events[-1] == "worker_stopped"
    assert len({line["worker"] for line in lines}) == 1
    start = lines[0]
    assert {"version", "ruleset", "generation", "namespace", "redis", "kafka", "group", "topics"} <= set(start)
