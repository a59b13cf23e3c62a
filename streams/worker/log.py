"""The log of a worker: lines on standard error, from the level on that `STREAMS_LOG_LEVEL` sets."""

from __future__ import annotations

import logging

__all__ = ["configure_logging"]

_FORMAT = "%(asctime)s %(levelname)s %(message)s"
_FRAMEWORK = ("faust", "mode")
"""Loggers that say with tracebacks what `worker/process.py` reports in one line."""


def configure_logging(level: str) -> None:
    """Write lines of Streams from `level` on, and those of libraries from warnings on.

    Libraries log each of their steps as information, so theirs is written only at the level `debug`; so is all that
    Faust logs.
    """
    wanted = logging.getLevelNamesMapping()[level.upper()]
    everything = wanted <= logging.DEBUG
    logging.basicConfig(format=_FORMAT, level=wanted if everything else max(wanted, logging.WARNING))
    logging.getLogger("streams").setLevel(wanted)
    for name in _FRAMEWORK:
        logging.getLogger(name).setLevel(logging.DEBUG if everything else logging.CRITICAL)
