"""Events of modules, as a program sees them that has configured nothing, or the standard library's logging."""

from __future__ import annotations

import logging

import pytest

from streams.event_log import EventLog


def test_an_event_is_a_sentence_with_a_name_and_fields(caplog: pytest.LogCaptureFixture) -> None:
    log = EventLog("streams.test")
    log.warning("partition_rewound", "{topic}:{partition}: 100 % rewound", topic="records.x", partition=3)
    written = caplog.records[0]
    assert written.getMessage() == "records.x:3: 100 % rewound"
    assert vars(written)["event"] == "partition_rewound"
    assert vars(written)["fields"] == {"topic": "records.x", "partition": 3}


def test_a_cause_is_a_traceback(caplog: pytest.LogCaptureFixture) -> None:
    log = EventLog("streams.test")
    for write in (log.warning, log.error, log.critical):
        write("failed", "failed", cause=ValueError("broken"))
    assert [written.exc_info[0] for written in caplog.records if written.exc_info] == [ValueError] * 3


def test_what_is_below_the_level_is_not_put_together(caplog: pytest.LogCaptureFixture) -> None:
    class Costly:
        def __format__(self, _spec: str) -> str:
            raise AssertionError("nothing is written")

    log = EventLog("streams.test")
    with caplog.at_level(logging.WARNING, "streams.test"):
        log.debug("step", "{value}", value=Costly())
        log.info("step", "{value}", value=Costly())
    assert caplog.records == []
