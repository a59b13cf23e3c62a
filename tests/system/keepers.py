"""A process that keeps the totals, to be killed, and the check of what it has kept."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from streams.settings import PREFIX, Settings
from streams.state.connection import connect
from streams.totals.count import count_totals
from streams.totals.read import Totals, read_totals
from streams.totals.snapshot import Snapshot, TotalsStore
from tests.system.processes import wait_for
from tests.totals.test_fold import same

__all__ = ["LEASE_SECONDS", "KeeperProcess", "checked_totals"]

LEASE_SECONDS = 1.5
_WRITE_SECONDS = 0.2
_PROGRAM = f"""
import asyncio
from streams.settings import load_settings
from streams.totals.keeper import Keeper
print("it runs", flush=True)
asyncio.run(Keeper(load_settings(), {_WRITE_SECONDS}, {LEASE_SECONDS}).run())
"""


class KeeperProcess:
    """Runs `Keeper` as `streams serve` does, with a short lease. Use as `with`."""

    def __init__(self, settings: Settings, log: Path) -> None:
        plain = {
            name: value.get_secret_value() if isinstance(value, SecretStr) else str(value)
            for name, value in settings.model_dump().items()
        }
        clean = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
        self._environment = clean | {PREFIX + name.upper(): value for name, value in plain.items()}
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> KeeperProcess:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        with self._log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _PROGRAM], env=self._environment, stdout=output, stderr=output
            )

    def kill(self) -> None:
        """SIGKILL: nothing is written or given back."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def runs(self) -> bool:
        """Whether the last one that was started got so far as to ask for the lease."""
        return b"it runs" in self._log.read_bytes()


def checked_totals(settings: Settings, report: Mapping[str, Any]) -> Totals:
    """The totals once they include all that is published now; they must be what a direct count finds, and what verify reports."""
    connection = connect(settings)
    store = TotalsStore(settings.namespace, connection)
    counts = asyncio.run(count_totals(settings, connection))
    assert counts.included == []

    def reached() -> Snapshot | None:
        found = store.read()
        if found and all(found.positions.get(number, 0) >= offset for number, offset in counts.positions.items()):
            return found
        return None

    found = wait_for(reached, "all is counted")
    assert same(found.counters, counts.counters)
    assert found.counters.events == counts.counters.events
    totals = read_totals(settings, connection)
    connection.close()
    assert totals is not None
    assert (totals.records, totals.clusters) == (report["records"], report["clusters"])
    assert totals.records == report["records_in_clusters"]
    assert sum(totals.events.values()) == report["events"]
    assert (totals.repeated_events, totals.complete) == (report["events_repeated"], True)
    assert totals.dead_letters is not None
    assert sum(each.dead_letters for each in totals.dead_letters) == report["dead_letters"]
    return totals
