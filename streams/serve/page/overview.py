"""`/`: what happens now and in the last hour; `/overview/live` keeps an open page current.

All that is shown is in the memory of the process (`streams/serve/background.py`), so the page is made at once, also while Redis is
away, and says then how old it is.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Iterator
from typing import Any

import msgspec
from litestar import Request, Response, Router, get
from litestar.di import NamedDependency
from litestar.response import Stream

from streams.serve.background import Reading
from streams.serve.page.events import KEEP_ALIVE, frame, stream
from streams.serve.page.templates import fragment, page, render
from streams.serve.page.views import overview as views
from streams.serve.resources import Resources
from streams.totals.history import Point

__all__ = ["router"]

_STEP_SECONDS = 2.0
_QUIET_SECONDS = 10.0
_ROWS = 40
_FIRST_ROWS_SECONDS = 0.15
_FIRST_POINT_SECONDS = 60.0


@get("/", operation_id="pageOverview")
async def overview(request: Request[Any, Any, Any], resources: NamedDependency[Resources]) -> Response[str]:
    """Show the overview."""
    with resources.decisions.watch():
        if not resources.decisions.rows:
            await resources.decisions.changed(_FIRST_ROWS_SECONDS)
    return page(request, "overview.html", **_shown(resources), rows=_rows(resources))


@get("/overview/decisions", operation_id="pageDecisions")
async def decisions(resources: NamedDependency[Resources]) -> Response[str]:
    """Show the last decisions, for a page that was paused."""
    return fragment("parts/decisions.html", rows=_rows(resources))


@get("/overview/live", operation_id="pageOverviewLive")
async def live(resources: NamedDependency[Resources]) -> Stream:
    """Send what changes on the overview."""
    return stream(_frames(resources))


async def _frames(resources: Resources) -> AsyncGenerator[bytes, None]:
    """Yield what changes: rows as they come, numbers every two seconds, points of the charts every ten."""
    tail, history = resources.decisions, resources.background.history
    with tail.watch():
        yield b"retry: 1000\n\n" + frame(_columns(resources), "history")
        shown, left_out, due, said, said_at = 0, tail.left_out, 0.0, "", 0.0
        last, known = history.last(), ""
        while True:
            now = time.monotonic()
            if now >= due:
                due = now + _STEP_SECONDS
                values = _shown(resources)
                found = render("parts/live.html", **values)
                yield frame(found) if found != known else KEEP_ALIVE
                known = found
                if values["summary"] != said and now - said_at >= _QUIET_SECONDS:
                    said, said_at = values["summary"], now
                    yield frame(said, "summary")
            if (point := history.last()) is not None and point is not last:
                last = point
                yield frame(msgspec.json.encode(point).decode(), "point")
            if rows := tail.after(shown):
                missed, left_out = tail.left_out - left_out, tail.left_out
                # At first the whole table, also in place of the rows of a process before this one.
                seen = views.decision_rows(rows) if shown else _rows(resources)
                yield frame(render("parts/live-rows.html", rows=seen, left_out=missed, is_first=not shown))
                shown = rows[-1].number
            await tail.changed(max(due - time.monotonic(), 0.05))


def _shown(resources: Resources) -> dict[str, Any]:
    """Return what both the page and its updates show."""
    background, now = resources.background, time.time()
    figures = views.figures(background.history.points() or list(_first(resources, now)))
    harvests = background.harvests
    states = views.states(
        background.heartbeats.latest(),
        harvests.states(),
        Reading(harvests.answered, harvests.problem),
        background.reading,
        Reading(resources.hub.answered, resources.hub.problem),
        background.totals,
        now,
    )
    totals = background.totals
    return {
        "figures": figures,
        "states": states,
        "away": {each.name: each for each in states if each.level == "bad" and each.name in ("Redis", "Broker")},
        "totals": totals,
        "overlap": views.overlap_table(totals) if totals else None,
        "sizes": views.size_rows(totals) if totals else [],
        "summary": views.summary(states, figures[0].now),
    }


def _first(resources: Resources, now: float) -> Iterator[Point]:
    """Yield the only point there is in the first ten seconds."""
    if resources.background.reading.time:
        yield resources.background.point(now, _FIRST_POINT_SECONDS)


def _rows(resources: Resources) -> list[views.DecisionRow]:
    return views.decision_rows(list(resources.decisions.rows)[-_ROWS:])


def _columns(resources: Resources) -> str:
    """Return the points of the last hour, a list for each field, as JSON."""
    points = resources.background.history.points()
    return msgspec.json.encode([list(column) for column in zip(*points, strict=True)]).decode()


router = Router("/", route_handlers=[overview, decisions, live])
