from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from streams.harvest.checkpoints import State as Harvest
from streams.serve.background import Reading
from streams.serve.page.views.overview import (
    HEAT_STEPS,
    State,
    decision_rows,
    figures,
    overlap_table,
    size_rows,
    states,
    summary,
)
from streams.serve.page.views.reason_words import words_of
from streams.state.heartbeats import Heartbeat
from streams.subscriptions.decision_tail import Fallen
from streams.totals.history import Point
from streams.totals.read import Overlap, SizeCount, SourceCount, Totals
from tests.state.test_heartbeats import ONE

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
ANSWERED = Reading(NOW.timestamp() - 5)
TOTALS = Totals(
    time=NOW,
    age_seconds=1.0,
    complete=True,
    missing_events=0,
    offsets={0: 1},
    behind=0,
    records=1300,
    clusters=800,
    duplicates=500,
    sources=[SourceCount("arxiv", 300, 290), SourceCount("core", 10, 10), SourceCount("crossref", 990, 700)],
    sizes=[SizeCount(1, 1, 600), SizeCount(2, 2, 0), SizeCount(3, 9, 200), SizeCount(10, None, 0)],
    overlap=[Overlap("arxiv", "arxiv", 2), Overlap("arxiv", "crossref", 145), Overlap("core", "crossref", 10)],
    events={"created": 900},
    repeated_events=0,
    dead_letters=None,
    review=None,
)


def test_a_figure_is_the_last_point_and_the_hour_before_it() -> None:
    points = [Point(3000.0 + 10 * n, float(n), 0.5, 70.0, None, 0.0, 12.0) for n in range(61)]
    rate, share, lag, latency, errors, reviews = figures(points)
    assert (rate.now, rate.time, rate.least, rate.most) == (60.0, 3600.0, 0.0, 60.0)
    assert [(part.time, part.least, part.most) for part in rate.parts] == [
        (3600.0, 60.0, 60.0),
        (3300.0, 30.0, 59.0),
        (3000.0, 0.0, 29.0),
    ]
    assert (lag.level, share.level, errors.level) == ("warn", "", "")
    assert (reviews.now, reviews.path) == (12.0, "/review")
    assert (latency.now, latency.most, latency.lines) == (None, None, [])
    (line,) = rate.lines
    assert line.split()[0] == "300,78.0"
    assert line.split()[-1] == "360,4.0"


def test_a_hole_parts_the_line_and_no_point_is_no_figure() -> None:
    points = [Point(10.0 * n, None if n == 2 else 1.0, None, None, None, None, None) for n in range(5)]
    assert [len(line.split()) for line in figures(points)[0].lines] == [2, 2]
    assert [(each.now, each.time, each.parts) for each in figures([])] == [(None, None, [])] * 6


def test_the_overlap_is_shaded_by_the_share_of_the_smaller_source() -> None:
    table = overlap_table(TOTALS)
    assert table.sources == ["crossref", "arxiv", "core"]
    assert [[cell.clusters for cell in row.cells] for row in table.rows] == [[0, 145, 10], [145, 2, 0], [10, 0, 0]]
    assert table.rows[0].cells[2].heat == HEAT_STEPS
    assert table.rows[0].cells[1].share == 0.5
    assert table.rows[1].cells[1].heat == 1, "few are not none"
    assert table.left_out == 0
    many = msgspec.structs.replace(TOTALS, sources=[SourceCount(f"s{n:02}", n, n) for n in range(40)], overlap=[])
    assert (len(overlap_table(many).rows), overlap_table(many).left_out) == (14, 26)


def test_sizes_end_with_the_largest_that_there_is() -> None:
    assert [(row.name, row.clusters, row.share) for row in size_rows(TOTALS)] == [
        ("1", 600, 0.75),
        ("2", 0, 0.0),
        ("3 to 9", 200, 0.25),
    ]
    big = msgspec.structs.replace(TOTALS, sizes=[SizeCount(1000, None, 1)], clusters=1)
    assert size_rows(big)[0].name == "1,000 or more"


def shown(
    workers: Sequence[Heartbeat] = (),
    totals: Totals | None = TOTALS,
    *,
    redis: Reading = ANSWERED,
    broker: Reading = ANSWERED,
    harvests: Sequence[Harvest] = (),
    harvest: Reading = ANSWERED,
    later: float = 0.0,
) -> list[State]:
    """The states a while after NOW."""
    return states(workers, harvests, harvest, redis, broker, totals, NOW.timestamp() + later)


def test_each_state_says_what_is_wrong_and_when_it_was_seen() -> None:
    ready = msgspec.structs.replace(ONE, ready=True, reasons=[])
    fine = shown([ready])
    assert [(each.name, each.level, each.word) for each in fine] == [
        ("Workers", "good", "1 ready"),
        ("Harvesters", "", "none"),
        ("Redis", "good", "answers"),
        ("Broker", "good", "answers"),
        ("Totals", "good", "current"),
    ]
    assert all(each.time for each in fine)
    assert summary(fine, 3.0) == "All parts work. Records come in."
    assert shown([ONE, ready])[0][1:4] == ("warn", "1 of 2 ready", "redis: no answer")
    assert shown()[0].word == "none"


def test_while_redis_and_kafka_are_away_nothing_old_is_shown_as_new() -> None:
    seen = NOW.timestamp() - 60
    found = shown([ONE], redis=Reading(seen, "refused"), broker=Reading(seen, "no broker"),
                  harvest=Reading(seen, "no broker"), later=60)  # fmt: skip
    assert [(each.name, each.level, each.word, each.detail) for each in found] == [
        ("Workers", "warn", "unknown", "Redis has their heartbeats"),
        ("Harvesters", "warn", "unknown", "Kafka has their states"),
        ("Redis", "bad", "away", "refused"),
        ("Broker", "bad", "away", "no broker"),
        ("Totals", "warn", "stale", "no process keeps them at the moment"),
    ]
    assert [each.time for each in found[:4]] == [seen] * 4
    assert summary(found, None).startswith("Workers: unknown, Harvesters: unknown, Redis: away, Broker: away")
    never = shown(totals=None, redis=Reading(), broker=Reading())
    assert [(each.word, each.time) for each in never[2:]] == [("away", None), ("away", None), ("none yet", None)]
    assert shown(later=3600)[3][1:4] == ("bad", "away", "it was not read lately")


def test_harvesters_are_named_where_one_needs_a_look() -> None:
    now = NOW.timestamp()
    fine = [Harvest("arxiv", "waiting", follows=True, success=now - 60), Harvest("crossref", "ended", success=now)]
    assert shown(harvests=fine)[1][1:4] == ("good", "2 as they should be", "")
    failed = Harvest("openalex", "failed", "503", time=now)
    assert shown(harvests=[*fine, failed])[1][1:4] == ("warn", "1 of 3 stale or failed", "openalex")


def test_totals_that_miss_events_or_are_behind_say_so() -> None:
    short = msgspec.structs.replace(TOTALS, complete=False)
    assert shown(totals=short)[4].word == "too small"
    behind = msgspec.structs.replace(TOTALS, behind=1200)
    assert shown(totals=behind)[4].word == "1,200 events behind"


def test_decisions_are_rows_with_words_the_newest_first() -> None:
    fallen = [
        Fallen(1, 5.0, "a:1", "b:1", "duplicate", 0.99, ("title_similar", "title_alone", "title_extra"), "", "Corals"),
        Fallen(2, 6.0, "a:2", "b:2", "review", 0.5, (), "", ""),
        Fallen(3, 7.0, "a:3", "b:3", "related", 0.0, (), "part_of", ""),
    ]
    rows = decision_rows(fallen)
    assert [(row.number, row.word, row.level) for row in rows] == [
        (3, "part of", ""),
        (2, "doubtful", "warn"),
        (1, "same", "good"),
    ]
    assert [row.why for row in rows] == ["", "", f"{words_of('title_similar')} · {words_of('title_alone')}"]
