"""Write a line each time that a worker becomes ready or ceases to be, with the reason."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from streams.event_log import EventLog
from streams.ops.health import Health, HealthReport

__all__ = ["ReadinessLog"]

log = EventLog(__name__)

_LOOK_SECONDS = 0.5
_ORDINARY = ("no partitions assigned yet", "stopping", "has not answered yet")
"""Reasons of each start, rebalance and stop: no cause for a warning."""


class ReadinessLog:
    """Compares the readiness of a worker with that of before. Use from one event loop."""

    def __init__(self, health: Health, on_ready: Callable[[], None] = lambda: None) -> None:
        """Take `on_ready`, which is called each time that the worker becomes ready."""
        self._health = health
        self._on_ready = on_ready
        self._ready = False
        self._failing: tuple[str, ...] = ()

    async def keep(self) -> None:
        """Look twice a second, until this task is cancelled."""
        while True:
            self.look()
            await asyncio.sleep(_LOOK_SECONDS)

    def look(self) -> None:
        """Write a line where the readiness, or which checks fail, is not as it was at the last call."""
        report = self._health.ready()
        failing = tuple(check.name for check in report.checks if not check.ok)
        if report.ok and not self._ready:
            reason = next(check.reason for check in report.checks if check.name == "kafka")
            log.info("worker_ready", "this worker is ready: {reason}", reason=reason)
            self._on_ready()
        elif failing != self._failing:
            self._write_unready(report, failing)
        self._ready, self._failing = report.ok, failing

    def _write_unready(self, report: HealthReport, failing: tuple[str, ...]) -> None:
        ordinary = all(check.ok or check.reason in _ORDINARY for check in report.checks)
        write = log.info if ordinary else log.warning
        reason = "; ".join(f"{check.name}: {check.reason}" for check in report.checks if not check.ok)
        write("worker_unready", "this worker is not ready: {reason}", reason=reason, checks=",".join(failing))
