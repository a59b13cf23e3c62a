"""Write log lines as events: a stable name for programs, a sentence for people, and the values in it as fields.

    log = EventLog(__name__)
    log.warning("partition_rewound", "{topic}:{partition}: rewound to {position}", topic=topic, partition=3, position=17)

Lines pass through the standard library, so a program that configures nothing gets the sentences. `streams/worker/log.py`
writes the fields as well, for people or as JSON.
"""

from __future__ import annotations

import logging

__all__ = ["EventLog"]


class EventLog:
    """Writes the events of one module. `event` is in snake case, `message` a format string of the fields.

    Fields are ids, numbers and words that JSON can hold. Names that each line has are not for them: time, level, logger,
    worker, event, message.
    """

    def __init__(self, name: str) -> None:
        """Take the name of the logger: that of the module."""
        self._log = logging.getLogger(name)

    def debug(self, event: str, message: str, /, **fields: object) -> None:
        """Write a step of normal work."""
        self._write(logging.DEBUG, event, message, fields)

    def info(self, event: str, message: str, /, **fields: object) -> None:
        """Write a change in the life of a worker that is as it should be."""
        self._write(logging.INFO, event, message, fields)

    def warning(self, event: str, message: str, /, *, cause: BaseException | None = None, **fields: object) -> None:
        """Write what a person may have to look at; `cause` adds a traceback."""
        self._write(logging.WARNING, event, message, fields, cause)

    def error(self, event: str, message: str, /, *, cause: BaseException | None = None, **fields: object) -> None:
        """Write what a person has to look at; `cause` adds a traceback."""
        self._write(logging.ERROR, event, message, fields, cause)

    def critical(self, event: str, message: str, /, *, cause: BaseException | None = None, **fields: object) -> None:
        """Write why the program ends; `cause` adds a traceback."""
        self._write(logging.CRITICAL, event, message, fields, cause)

    def _write(
        self, level: int, event: str, message: str, fields: dict[str, object], cause: BaseException | None = None
    ) -> None:
        if self._log.isEnabledFor(level):
            text = message.format(**fields)
            self._log.log(level, text, exc_info=cause, extra={"event": event, "fields": fields})
