"""The background tasks of a worker: one list, one monitor, one end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from streams.event_log import EventLog

__all__ = ["SideTasks"]

log = EventLog(__name__)


class SideTasks:
    """Runs tasks beside the batches. Use from one event loop."""

    def __init__(self, on_failure: Callable[[str], None]) -> None:
        """Take `on_failure`, which is called with a sentence where a task ends that should run until the worker ends."""
        self._on_failure = on_failure
        self._tasks: dict[asyncio.Task[Any], bool] = {}

    def keep(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        """Run a task until `cancel`; that it ends before, with an error or without, is a failure of the worker."""
        self._begin(name, work, lasting=True)

    def once(self, name: str, work: Coroutine[Any, Any, Any]) -> None:
        """Run a task that ends by itself; its error is logged, and the worker works on."""
        self._begin(name, work, lasting=False)

    def is_running(self, name: str) -> bool:
        """Return whether a task of this name is under way."""
        return any(task.get_name() == name for task in self._tasks)

    def cancel(self) -> None:
        """Cancel all tasks."""
        for task in self._tasks:
            task.cancel()

    def _begin(self, name: str, work: Coroutine[Any, Any, Any], *, lasting: bool) -> None:
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks[task] = lasting
        task.add_done_callback(self._monitor)

    def _monitor(self, task: asyncio.Task[Any]) -> None:
        lasting = self._tasks.pop(task)
        if task.cancelled():
            return
        error = task.exception()
        if error is not None:
            log.error("task_failed", "{task} failed: {error!r}", task=task.get_name(), error=error, cause=error)
        if lasting:
            self._on_failure(f"{task.get_name()} ended: {error!r}" if error else f"{task.get_name()} ended")
