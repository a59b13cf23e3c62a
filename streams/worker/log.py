"""The log of a worker: one line an event on standard error, for people or as JSON.

Each line has time, level, logger, worker, event and message, and the fields of the event. Lines of libraries pass through
the same formatter, as the event `library`; of those that repeat, one a minute is written, with the number left out.
"""

from __future__ import annotations

import logging
import re
import sys
import threading
import time
from collections.abc import Callable, MutableMapping
from typing import Any

import orjson
import structlog
from structlog.typing import Processor

from streams.settings import Settings

__all__ = ["RepeatLimit", "configure_logging"]

_FRAMEWORK = ("faust", "mode")
"""Loggers that say with tracebacks what `worker/process.py` reports in one line."""
_LIBRARY = "library"
_REPEAT_SECONDS = 60.0
_MOST_PATTERNS = 1000
_VARYING = re.compile(r"0x[0-9a-f]+|\d+")


class RepeatLimit(logging.Filter):
    """Passes one in a minute of the lines of libraries that differ in numbers alone; events of Streams pass always."""

    def __init__(
        self,
        least: int = logging.WARNING,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take the `least` level of lines of libraries.

        Faust also writes in the name of the modules of Streams that extend its classes.
        """
        super().__init__()
        self._least = least
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: dict[
            tuple[str, str], tuple[float, int]
        ] = {}  # pattern -> when it was written, lines left out since

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether to write a line; one that is written carries the number left out before it."""
        if hasattr(record, "event"):
            return True
        if record.levelno < self._least:
            return False
        key, now = (record.name, _VARYING.sub("#", str(record.msg))), self._clock()
        with self._lock:
            since, left_out = self._seen.get(key, (now - _REPEAT_SECONDS, 0))
            passes = now - since >= _REPEAT_SECONDS
            self._seen[key] = (now, 0) if passes else (since, left_out + 1)
            if len(self._seen) > _MOST_PATTERNS:
                self._seen.pop(next(iter(self._seen)))
        if passes and left_out:
            record.left_out = left_out
        return passes

    def take_left_out(self) -> int:
        """Return how many lines were left out and not reported yet, and report them with this."""
        with self._lock:
            count = sum(left_out for _, left_out in self._seen.values())
            self._seen = {key: (since, 0) for key, (since, _) in self._seen.items()}
        return count


def configure_logging(settings: Settings, worker: str) -> RepeatLimit:
    """Write lines of Streams from the level of the settings on, and those of libraries from warnings on.

    Libraries log each of their steps as information, so theirs is written only at the level `debug`; so is all that
    Faust logs. `worker` is the id that each line has. Returns the limit on repeated lines of libraries.
    """
    wanted = logging.getLevelNamesMapping()[settings.log_level.upper()]
    everything = wanted <= logging.DEBUG
    handler = logging.StreamHandler(sys.stderr)
    limit = RepeatLimit(logging.DEBUG if everything else logging.WARNING)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processors=_processors(settings.log_format, worker)))
    handler.addFilter(limit)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(wanted if everything else max(wanted, logging.WARNING))
    logging.getLogger("streams").setLevel(wanted)
    for name in _FRAMEWORK:
        logging.getLogger(name).setLevel(logging.DEBUG if everything else logging.CRITICAL)
    return limit


def _processors(log_format: str, worker: str) -> list[Processor]:
    def describe(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        record: logging.LogRecord = line["_record"]
        fields: dict[str, object] = getattr(record, "fields", {})
        if left_out := getattr(record, "left_out", 0):
            fields = {"left_out": left_out}
        own = {
            "time": line["time"],
            "level": record.levelname.lower(),
            "logger": record.name,
            "worker": worker,
            "event": getattr(record, "event", _LIBRARY),
            "message": line["event"],
        }
        own_first = own | fields | own  # in this order a person can read JSON as well
        return own_first | ({"exc_info": line["exc_info"]} if "exc_info" in line else {})

    stamp = structlog.processors.TimeStamper(fmt="iso", utc=True, key="time")
    if log_format == "json":
        return [stamp, describe, structlog.processors.format_exc_info, _json]
    console = structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(),
        timestamp_key="time",
        event_key="message",
        pad_event_to=0,
        exception_formatter=structlog.dev.plain_traceback,
    )
    return [stamp, describe, _stripped, console]


def _stripped(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Leave out fields that a sentence has already: a person reads the sentence."""
    message = str(line["message"])
    return {
        name: value
        for name, value in line.items()
        if name in ("time", "level", "logger", "worker", "event", "message", "exc_info") or str(value) not in message
    }


def _json(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> str:
    return orjson.dumps(dict(line), default=str, option=orjson.OPT_NON_STR_KEYS).decode()
