"""Where a subscriber keeps its position: an interface for stores of its own, and a file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Protocol, runtime_checkable

from streams.events.positions import BEGINNING

__all__ = ["Checkpoint", "FileCheckpoint"]


@runtime_checkable
class Checkpoint(Protocol):
    """Keeps the position of one subscriber.

    A subscription that starts at a checkpoint saves to it. A program that keeps what it makes of events in a database needs none:
    it stores `event.position` in the transaction of the event, and starts at the stored text.
    """

    def load(self) -> str:
        """Return the stored position; where there is none, `beginning` or `now`."""

    def save(self, position: str) -> None:
        """Store a position, in place of the last one."""


class FileCheckpoint:
    """Keeps a position in a file, which is replaced as a whole: a crash leaves the old position or the new one.

    Positions are of one feed: use a file for each Kafka or server, and for each subscriber.
    """

    def __init__(self, path: str | os.PathLike[str], *, first: str = BEGINNING) -> None:
        """Use the file at `path`; while there is none, start at `first`: `beginning`, `now` or a position."""
        self._path = Path(path)
        self._first = first

    def load(self) -> str:
        """Return the position in the file, `first` where there is none. Raises OSError where it cannot be read."""
        try:
            return self._path.read_text(encoding="utf-8", errors="replace").strip() or self._first
        except FileNotFoundError:
            return self._first

    def save(self, position: str) -> None:
        """Write the position beside the file, then rename it. Raises OSError."""
        beside = self._path.with_name(f"{self._path.name}.new")
        with beside.open("w", encoding="utf-8") as file:
            file.write(position + "\n")
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._path)
