"""What the page of subscriptions shows: who listens over SSE, and which consumer groups read the topics of Streams."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from streams.subscriptions.filters import Filter
from streams.subscriptions.hub import Listener

__all__ = ["ListenerRow", "listener_rows"]


class ListenerRow(NamedTuple):
    """A subscriber over SSE: its name or address, since when, what it wants in words, and how many events it has not taken yet."""

    name: str
    since: float
    wants: str
    behind: int
    is_catching_up: bool


def listener_rows(listeners: Sequence[Listener]) -> list[ListenerRow]:
    """Return a row for each, those furthest behind first."""
    rows = [
        ListenerRow(each.name, each.since, _words(each.wanted), each.behind, each.is_catching_up) for each in listeners
    ]
    return sorted(rows, key=lambda row: -row.behind)


def _words(wanted: Filter) -> str:
    parts = [
        f"{name} {', '.join(sorted(values)[:5])}{' …' if len(values) > 5 else ''}"
        for name, values in (
            ("types", wanted.types), ("sources", wanted.sources), ("clusters", wanted.clusters), ("papers", wanted.identifiers),
        )
        if values
    ]  # fmt: skip
    if wanted.corrections_only:
        parts.append("corrections")
    return "; ".join(parts) or "everything"
