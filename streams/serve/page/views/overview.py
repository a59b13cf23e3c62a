"""What the overview shows: six figures with their last hour, totals, overlap of sources, cluster sizes, states, decisions."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

from streams.harvest.checkpoints import State as HarvestState
from streams.harvest.diagnosis import check_harvests
from streams.serve.background import Reading
from streams.serve.page.views.reason_words import words_of
from streams.state.heartbeats import Heartbeat
from streams.subscriptions.decision_tail import Fallen
from streams.totals.history import Point
from streams.totals.read import Totals

__all__ = [
    "HEAT_STEPS", "Cell", "DecisionRow", "Figure", "OverlapTable", "Part", "Row", "SizeRow", "State", "decision_rows", "figures",
    "overlap_table", "size_rows", "states", "summary",
]  # fmt: skip

HEAT_STEPS = 8
"""Shades of the overlap table, beside that of an empty cell."""
_TABLE_SECONDS = 300
_STALE_SECONDS = 15.0
_STALE_BROKER_SECONDS = 60.0
"""It is asked every five seconds where nothing comes, and an answer may take ten."""
_MOST_SOURCES = 14
_MOST_REASONS = 2
_STALE_TOTALS_SECONDS = 30.0


class Part(NamedTuple):
    """Some minutes of a figure: when they begin, and the least, the mean and the greatest value; None where nothing is known."""

    time: float
    least: float | None
    mean: float | None
    most: float | None


class Figure(NamedTuple):
    """A number of now with its last hour.

    `key` is its name in the page, `path` the page that says more, `unit` is behind the number, `kind` says how a value is written:
    `number`, `percent`, `duration`.
    `lines` draw it: the points of polylines in a box of 360 by 80. `parts` say the same in numbers, as its alternative.
    """

    key: str
    name: str
    help: str
    unit: str
    kind: str
    now: float | None
    time: float | None
    lines: Sequence[str]
    least: float | None
    most: float | None
    parts: Sequence[Part]
    level: str = ""
    path: str = ""


def figures(points: Sequence[Point]) -> list[Figure]:
    """Return the six figures of the points of the last hour."""
    return [
        _figure(points, "rate", "Records in", "messages handled, all workers", "a second", "number", 1),
        _figure(points, "duplicates", "Duplicates", "share of the pairs decided", "", "percent", 2),
        _figure(points, "lag", "Lag", "age of the oldest message that waits", "", "duration", 3, (60.0, 900.0)),
        _figure(points, "latency", "Latency p99", "from the broker's append to the decision", "", "duration", 4, (2.0, 30.0)),
        _figure(points, "errors", "Dead letters", "messages that could not be read", "a second", "number", 5, (0.001, 1.0),
                path="/dead-letters"),
        _figure(points, "reviews", "Open reviews", "pairs that wait for a person", "", "number", 6, path="/review"),
    ]  # fmt: skip


def _figure(
    points: Sequence[Point],
    key: str,
    name: str,
    help_: str,
    unit: str,
    kind: str,
    field: int,
    levels: tuple[float, float] | None = None,
    path: str = "",
) -> Figure:
    values = [(point.time, point[field]) for point in points]
    known = [value for _, value in values if value is not None]
    now = values[-1][1] if values else None
    return Figure(
        key, name, help_, unit, kind, now, points[-1].time if points else None, _lines(values),
        min(known, default=None), max(known, default=None), _parts(values), _level(now, levels), path,
    )  # fmt: skip


def _level(value: float | None, levels: tuple[float, float] | None) -> str:
    if value is None or levels is None or value < levels[0]:
        return ""
    return "warn" if value < levels[1] else "bad"


def _lines(values: Sequence[tuple[float, float | None]]) -> list[str]:
    """Return lines through the values, one for each time without a hole, drawn from 0 to the greatest one."""
    known = [value for _, value in values if value is not None]
    if len(known) < 2:
        return []
    top, end = max(known) or 1.0, values[-1][0]
    found = []
    for is_known, some in groupby(values, lambda each: each[1] is not None):
        if is_known:
            line = [f"{360 - (end - at) / 10:.0f},{78 - 74 * (value or 0.0) / top:.1f}" for at, value in some]
            found.append(" ".join(line))
    return found


def _parts(values: Sequence[tuple[float, float | None]]) -> list[Part]:
    """Return the values in steps of five minutes, the newest first."""
    found = []
    for start, some in groupby(values, lambda value: value[0] // _TABLE_SECONDS * _TABLE_SECONDS):
        known = [value for _, value in some if value is not None]
        mean = sum(known) / len(known) if known else None
        found.append(Part(start, min(known, default=None), mean, max(known, default=None)))
    return found[::-1]


class Cell(NamedTuple):
    """Clusters with records of two sources; `heat` is the shade, 0 for none; `share` of the smaller source's clusters."""

    clusters: int
    share: float
    heat: int


class Row(NamedTuple):
    """A source with its records, its clusters, and a cell for each source."""

    source: str
    records: int
    clusters: int
    cells: Sequence[Cell]


class OverlapTable(NamedTuple):
    """Sources by sources, those with the most records; `left_out` counts the others."""

    sources: Sequence[str]
    rows: Sequence[Row]
    left_out: int


def overlap_table(totals: Totals) -> OverlapTable:
    """Return how the sources overlap, the largest sources first."""
    largest = sorted(totals.sources, key=lambda each: (-each.records, each.source))
    shown = largest[:_MOST_SOURCES]
    clusters_of = {each.source: each.clusters for each in totals.sources}
    counts = {pair: each.clusters for each in totals.overlap for pair in ((each.a, each.b), (each.b, each.a))}

    def cell(a: str, b: str) -> Cell:
        count = counts.get((a, b), 0)
        of = min(clusters_of[a], clusters_of[b])
        share = min(count / of, 1.0) if of else 0.0
        return Cell(count, share, max(1, round(share * HEAT_STEPS)) if count else 0)

    sources = [each.source for each in shown]
    rows = [Row(each.source, each.records, each.clusters, [cell(each.source, b) for b in sources]) for each in shown]
    return OverlapTable(sources, rows, len(largest) - len(shown))


class SizeRow(NamedTuple):
    """Clusters of a class of sizes, such as `3 to 4`, and their share of all clusters."""

    name: str
    clusters: int
    share: float


def size_rows(totals: Totals) -> list[SizeRow]:
    """Return the classes of cluster sizes up to the largest one that has clusters."""
    last = max((number for number, each in enumerate(totals.sizes) if each.clusters), default=-1)
    found = []
    for each in totals.sizes[: last + 1]:
        if each.most is None:
            name = f"{each.least:,} or more"
        else:
            name = f"{each.least:,}" if each.most == each.least else f"{each.least:,} to {each.most:,}"
        found.append(SizeRow(name, each.clusters, each.clusters / totals.clusters if totals.clusters else 0.0))
    return found


class State(NamedTuple):
    """A part of the system: `level` is `good`, `warn`, `bad` or empty where it is none of these.

    `word` says it, `detail` why; `time` is when it was seen, None for never; `path` is the page that says more.
    """

    name: str
    level: str
    word: str
    detail: str
    time: float | None
    path: str = ""


def states(
    workers: Sequence[Heartbeat],
    harvests: Sequence[HarvestState],
    harvest: Reading,
    redis: Reading,
    broker: Reading,
    totals: Totals | None,
    now: float,
) -> list[State]:
    """Return the states of workers, harvesters, Redis, the broker and the totals. The readings say when each was last asked."""
    is_fresh = not redis.problem and now - redis.time < _STALE_SECONDS
    return [
        _of_workers(workers, redis.time, is_fresh=is_fresh),
        _of_harvesters(harvests, harvest, now),
        State("Redis", "good", "answers", "", redis.time)
        if is_fresh
        else State("Redis", "bad", "away", redis.problem or "it was not read lately", redis.time or None),
        _of_broker(broker, now),
        _of_totals(totals, now),
    ]


def _of_broker(broker: Reading, now: float) -> State:
    if not broker.problem and now - broker.time < _STALE_BROKER_SECONDS:
        return State("Broker", "good", "answers", "", broker.time)
    return State("Broker", "bad", "away", broker.problem or "it was not read lately", broker.time or None)


def _of_harvesters(harvests: Sequence[HarvestState], harvest: Reading, now: float) -> State:
    path, time = "/workers#harvesters", harvest.time or None
    if harvest.problem:
        return State("Harvesters", "warn", "unknown", "Kafka has their states", time, path)
    if not harvests:
        return State("Harvesters", "", "none", "", time, path)
    wrong = [each for each in check_harvests(harvests, now) if each.status != "ok"]
    if wrong:
        return State(
            "Harvesters",
            "warn",
            f"{len(wrong)} of {len(harvests)} stale or failed",
            wrong[0].check.removeprefix("harvest "),
            time,
            path,
        )
    return State("Harvesters", "good", f"{len(harvests)} as they should be", "", time, path)


def _of_workers(workers: Sequence[Heartbeat], read: float, *, is_fresh: bool) -> State:
    ready = sum(each.ready for each in workers)
    path = "/workers"
    if not is_fresh:
        return State("Workers", "warn", "unknown", "Redis has their heartbeats", read or None, path)
    if not workers:
        return State("Workers", "bad", "none", "no heartbeat in the last 15 seconds", read, path)
    if ready < len(workers):
        first = next(each for each in workers if not each.ready)
        return State("Workers", "warn", f"{ready} of {len(workers)} ready", "; ".join(first.reasons), read, path)
    return State("Workers", "good", f"{ready} ready", "", read, path)


def _of_totals(totals: Totals | None, now: float) -> State:
    if totals is None:
        return State("Totals", "warn", "none yet", "they are counted seconds after the start", None)
    written = totals.time.timestamp()
    if now - written > _STALE_TOTALS_SECONDS:
        return State("Totals", "warn", "stale", "no process keeps them at the moment", written)
    if not totals.complete:
        lost = "events were deleted before they were counted: streams totals --count"
        return State("Totals", "warn", "too small", lost, written)
    if totals.behind:
        return State("Totals", "good", f"{totals.behind:,} events behind", "", written)
    return State("Totals", "good", "current", "", written)


class DecisionRow(NamedTuple):
    """A decision as a row: `word` for people, `level` of its badge, `score` from 0 to 1, `why` its first reasons in words."""

    number: int
    time: float
    title: str
    a: str
    b: str
    word: str
    level: str
    score: float
    why: str


_WORDS = {"duplicate": ("same", "good"), "review": ("doubtful", "warn"), "related": ("related", "")}


def decision_rows(fallen: Sequence[Fallen]) -> list[DecisionRow]:
    """Return decisions as rows, the newest first."""
    found = []
    for each in reversed(fallen):
        word, level = _WORDS.get(each.decision, (each.decision, ""))
        if each.relation:
            word = each.relation.replace("_", " ")
        found.append(
            DecisionRow(each.number, each.time, each.title, each.a, each.b, word, level, each.score, _why(each.reasons))
        )
    return found


def _why(reasons: Sequence[str]) -> str:
    return " · ".join(dict.fromkeys(map(words_of, reasons[:_MOST_REASONS])))


def summary(shown: Sequence[State], rate: float | None) -> str:
    """Return the page in one line, for a screen reader: what is wrong, else that nothing is; and whether records come in."""
    wrong = [f"{each.name}: {each.word}" for each in shown if each.level in ("warn", "bad")]
    flow = "Records come in." if rate else "No records come in."
    return f"{', '.join(wrong) or 'All parts work'}. {flow}"
