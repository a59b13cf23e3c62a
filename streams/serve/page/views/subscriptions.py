"""What the page of subscriptions shows: who listens over SSE, and the endpoints of webhooks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from streams.subscriptions.filters import Filter
from streams.subscriptions.subscription import Listener
from streams.webhooks.states import EndpointState

__all__ = ["EndpointRow", "ListenerRow", "endpoint_rows", "listener_rows"]

_TONES = {"sending": "good", "retrying": "warn", "waiting": "warn", "off": "bad", "disabled": ""}


class ListenerRow(NamedTuple):
    """A subscriber over SSE: its name or address, since when, what it wants in words, and how many events it has not taken yet."""

    name: str
    since: float
    wants: str
    behind: int
    is_catching_up: bool


class EndpointRow(NamedTuple):
    """An endpoint of webhooks; `since` is when its state of failing or off began, 0 where it is none of these."""

    name: str
    origin: str
    status: str
    tone: str
    reason: str
    since: float
    lag_seconds: float
    lag: int | None
    taken: int
    failed: int
    parked: int
    last_taken: float
    can_be_enabled: bool


def endpoint_rows(states: Sequence[EndpointState]) -> list[EndpointRow]:
    """Return a row for each endpoint, those that are off or failing first."""
    rows = [
        EndpointRow(
            each.name, each.origin, each.status, _TONES.get(each.status, ""), each.reason,
            each.off_since or each.failing_since, each.lag_seconds, each.lag, each.taken, each.failed, each.parked,
            each.last_taken, each.status in ("off", "retrying"),
        )
        for each in states
    ]  # fmt: skip
    return sorted(rows, key=lambda row: (not row.since, row.name))


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
