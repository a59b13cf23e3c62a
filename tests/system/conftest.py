from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from brokers import KAFKA_SESSION_SECONDS
from processes import Streams
from reports import Report

from streams.local.broker import SESSION_SECONDS

_TOLD = pytest.StashKey[list[tuple[str, Report]]]()


@pytest.fixture
def streams(tmp_path: Path, broker_settings: Callable[[], dict[str, Any]]) -> Callable[..., Streams]:
    """Make a `Streams` with settings of the test's own, on the broker under test."""

    def make(**settings: object) -> Streams:
        return Streams(tmp_path, **(broker_settings() | settings))

    return make


@pytest.fixture(scope="session")
def session_seconds(broker_kind: str) -> float:
    """The shortest session of a worker that the broker under test grants."""
    return {"tansu": SESSION_SECONDS, "kafka": KAFKA_SESSION_SECONDS}[broker_kind]


@pytest.fixture
def tell(pytestconfig: pytest.Config) -> Callable[[str, Report], None]:
    """Note what a scenario came to, for the table that is printed at the end."""
    told = pytestconfig.stash.setdefault(_TOLD, [])
    return lambda scenario, report: told.append((scenario, report))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """The scenarios of this run as the rows of docs/reliability.md."""
    if told := config.stash.get(_TOLD, []):
        terminalreporter.section(f"reliability, on {config.getoption('--broker')}")
        for line in Report.table(told):
            terminalreporter.write_line(line)
