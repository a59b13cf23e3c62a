"""Helpers of all commands: check the servers, open the state, print safely."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.text import Text

from streams.errors import ForeignStateError, SettingsError
from streams.settings import PREFIX, Settings
from streams.state.connection import Connection, connect, connect_to_read
from streams.state.generation import current_generation
from streams.state.identity import IdentityStore
from streams.worker.identity import inspect_identity
from streams.worker.older_copy import refuse_older_copy

__all__ = ["changing_line", "configured", "console", "open_state", "printable", "refuse_foreign"]


_PLAIN_WIDTH = 10_000
"""Columns where the output is no terminal: more than any line has, so that ids are not wrapped and can be searched for."""


def configured(settings: Settings) -> Settings:
    """Return the settings if they name both servers. Raises SettingsError otherwise."""
    for field, example in (("kafka_url", "host:9092"), ("redis_url", "redis://host:6379/0")):
        if not getattr(settings, field):
            raise SettingsError(
                PREFIX + field.upper(), "is not set", f"{example} (or use `streams up`, which brings its own)"
            )
    return settings


@contextmanager
def open_state(settings: Settings, *, to_read: bool = False) -> Iterator[tuple[Settings, Connection]]:
    """Open a connection to Redis, and yield it with the settings of the generation in force; `to_read` waits for no replica."""
    connection = connect_to_read(settings) if to_read else connect(settings)
    try:
        yield current_generation(settings, connection), connection
    finally:
        connection.close()


def refuse_foreign(settings: Settings) -> None:
    """Raise ForeignStateError where Redis and the topics are not of one state. Raises OlderCopyError, ServiceError."""
    connection = connect(settings)
    try:
        if reason := asyncio.run(inspect_identity(settings, connection)).reason:
            raise ForeignStateError(reason)
        store = IdentityStore(settings, connection)
        asyncio.run(refuse_older_copy(store.settings, store.positions()))
    finally:
        connection.close()


def printable(text: str) -> str:
    """Return the text with control characters escaped, so that a payload cannot change the terminal."""
    return "".join(c if c.isprintable() or c in "\n\t" else c.encode("unicode_escape").decode() for c in text)


class _Console(Console):
    """A console for texts from payloads, such as titles and reasons: brackets in them are no markup."""

    def render_str(self, text: str, **given: Any) -> Text:
        return super().render_str(printable(text), **given)


def console(*, stderr: bool = False) -> Console:
    """Return a console that respects NO_COLOR, writes no colours outside a terminal, and interprets no markup in texts."""
    stream = sys.stderr if stderr else sys.stdout
    watched = stream.isatty()
    return _Console(
        stderr=stderr,
        markup=False,
        highlight=False,
        no_color="NO_COLOR" in os.environ or not watched,
        width=None if watched else _PLAIN_WIDTH,
    )


@contextmanager
def changing_line() -> Iterator[Callable[[str], None]]:
    """Yield a function that shows progress: a line that changes on a terminal, nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda _line: None
        return
    with console(stderr=True).status("") as shown:
        yield shown.update
