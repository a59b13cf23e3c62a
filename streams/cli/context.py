"""What commands share: which servers they talk to, and how they print."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.text import Text

from streams.errors import SettingsError
from streams.settings import PREFIX, Settings
from streams.state.connection import Connection, connect
from streams.state.generation import current_generation

__all__ = ["configured", "console", "open_state", "printable"]


_PLAIN_WIDTH = 10_000
"""Columns where the output is no terminal: more than any line takes, for whoever searches it wants ids in one piece."""


def configured(settings: Settings) -> Settings:
    """The settings, if they name both servers. Raises SettingsError otherwise."""
    for field, example in (("kafka_url", "host:9092"), ("redis_url", "redis://host:6379/0")):
        if not getattr(settings, field):
            raise SettingsError(
                PREFIX + field.upper(), "is not set", f"{example} (or use `streams up`, which brings its own)"
            )
    return settings


@contextmanager
def open_state(settings: Settings) -> Iterator[tuple[Settings, Connection]]:
    """A connection, and the settings with the generation in force."""
    connection = connect(settings)
    try:
        yield current_generation(settings, connection), connection
    finally:
        connection.close()


def printable(text: str) -> str:
    """A text that does nothing to the terminal it is printed on."""
    return "".join(c if c.isprintable() or c in "\n\t" else c.encode("unicode_escape").decode() for c in text)


class _Console(Console):
    """Prints texts of others, titles and reasons for instance: brackets in them are no markup."""

    def render_str(self, text: str, **given: Any) -> Text:
        return super().render_str(printable(text), **given)


def console(*, stderr: bool = False) -> Console:
    """A console that respects NO_COLOR, writes plainly where nobody watches, and takes no text for more than a text."""
    stream = sys.stderr if stderr else sys.stdout
    watched = stream.isatty()
    return _Console(
        stderr=stderr,
        markup=False,
        highlight=False,
        no_color="NO_COLOR" in os.environ or not watched,
        width=None if watched else _PLAIN_WIDTH,
    )
