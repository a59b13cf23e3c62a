from __future__ import annotations

import pytest

from streams.harvest.checkpoints import Checkpoint, State
from streams.harvest.diagnosis import STALE_SECONDS, check_harvests

NOW = 1_800_000_000.0
DONE = Checkpoint("arxiv", "2026-11-01", "2026-11-28")


@pytest.mark.parametrize(
    ("state", "status", "advice"),
    [
        (State("arxiv", "ended", success=NOW, time=NOW, checkpoint=DONE), "ok", ""),
        (State("arxiv", "ended", success=NOW - 10 * STALE_SECONDS, time=NOW, checkpoint=DONE), "ok", ""),
        (State("arxiv", "waiting", follows=True, success=NOW, time=NOW, checkpoint=DONE), "ok", ""),
        (State("arxiv", "failed", "503", follows=True, success=NOW, time=NOW, checkpoint=DONE), "warn", "its log"),
        (State("arxiv", "working", success=NOW, time=NOW - 301, checkpoint=DONE), "warn", "start it again"),
        (State("arxiv", "working", follows=True, success=0, time=NOW, checkpoint=DONE), "warn", "a day and a half"),
        (State("arxiv", "ended", "stopped", follows=True, success=NOW, time=NOW), "warn", "it was stopped"),
    ],
)
def test_a_feed_that_is_not_harvested_is_a_warning(state: State, status: str, advice: str) -> None:
    (found,) = check_harvests([state], NOW)
    assert (found.check, found.status) == ("harvest arxiv", status)
    assert advice in found.advice
    assert ("2026-11-28" if state.checkpoint else "nothing yet") in found.found
    assert "last success" in found.found


def test_windows_that_failed_are_said() -> None:
    checkpoint = Checkpoint("arxiv", "2026-11-01", "2026-11-28", pending=("2026-11-03/2026-11-03",))
    (found,) = check_harvests([State("arxiv", "waiting", success=NOW, time=NOW, checkpoint=checkpoint)], NOW)
    assert found.status == "warn"
    assert "1 windows failed" in found.found
