"""Moments for tests of webhooks."""

from __future__ import annotations

from datetime import UTC, datetime

__all__ = ["moment"]


def moment(seconds: float) -> datetime:
    """A Unix time in UTC."""
    return datetime.fromtimestamp(seconds, UTC)
