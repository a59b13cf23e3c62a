"""Check the states of harvesters, for `streams doctor`. Pure: states in, findings out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from streams.harvest.checkpoints import State
from streams.ops.diagnosis import Finding

__all__ = ["STALE_SECONDS", "check_harvests"]

STALE_SECONDS = 36 * 3600.0
"""Seconds without a pass that harvested all that was due, after which a feed is stale; the alert has the same."""
_SILENT_SECONDS = 300.0


def check_harvests(states: Iterable[State], now: float) -> Iterator[Finding]:
    """Yield a finding for each feed; `now` is Unix time in seconds. One that failed, is stale or fell silent is a warning."""
    for state in states:
        checkpoint = state.checkpoint
        until = (checkpoint.done or checkpoint.target) if checkpoint is not None else ""
        shown = f"{until or 'nothing yet'}; {state.state}: {state.detail}; last success {_when(state.success)}"
        pending = f"; {len(checkpoint.pending)} windows failed" if checkpoint is not None and checkpoint.pending else ""
        if state.state == "failed":
            advice = "see its log; docs/runbooks/StreamsHarvestStale.md says more"
        elif state.state == "working" and now - state.time > _SILENT_SECONDS:
            advice = "it has said nothing for five minutes: is it still running? start it again, it resumes"
        elif state.follows and state.state == "ended":
            advice = "it was stopped: start it again, it resumes"
        elif state.follows and now - state.success > STALE_SECONDS:
            advice = "nothing for a day and a half: see its log; docs/runbooks/StreamsHarvestStale.md says more"
        else:
            advice = ""
        yield Finding(f"harvest {state.feed}", "warn" if advice or pending else "ok", shown + pending, advice)


def _when(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d %H:%M} UTC" if moment else "never"
