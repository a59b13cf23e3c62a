from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.errors import UsageError
from streams.harvest.checkpoints import Checkpoint
from streams.harvest.days import days_due, days_finished, days_pending, days_split
from streams.harvest.source import Options, Window
from streams.records.record import Record
from streams.records.version import RecordVersion, arrival
from streams.sources import parse

TODAY = date(2026, 11, 30)


def due(checkpoint: Checkpoint, options: Options) -> list[str]:
    return [window.name for window in days_due(checkpoint, options, TODAY)]


def days_of(names: list[str]) -> list[date]:
    found = []
    for name in names:
        since, until = (date.fromisoformat(day) for day in name.split("/"))
        found += [since + timedelta(n) for n in range((until - since).days + 1)]
    return found


def test_old_days_are_asked_for_by_the_week_and_recent_ones_alone() -> None:
    names = due(Checkpoint("x"), Options(since=date(2026, 11, 1)))
    assert names[:2] == ["2026-11-01/2026-11-07", "2026-11-08/2026-11-14"]
    assert names[-1] == "2026-11-30/2026-11-30"
    assert days_of(names) == [date(2026, 11, 1) + timedelta(n) for n in range(30)]


def test_it_continues_two_days_before_the_last_one() -> None:
    done = Checkpoint("x", since="2026-11-01", done="2026-11-28")
    expected = [f"2026-11-{day}/2026-11-{day}" for day in (26, 27, 28, 29, 30)]
    assert due(done, Options()) == expected
    assert due(done, Options(since=date(2026, 11, 1))) == expected, "the same command resumes"
    assert due(done, Options(since=date(2026, 11, 15))) == expected
    assert due(done, Options(since=date(2026, 11, 1), again=True))[0].startswith("2026-11-01/")
    assert due(done, Options(again=True))[0].startswith("2026-11-01/")
    assert due(done, Options(since=date(2026, 10, 31)))[0].startswith("2026-10-31/"), "earlier days were not harvested"
    assert due(Checkpoint("x", since="2026-11-30", done="2026-11-30"), Options()) == ["2026-11-30/2026-11-30"]


def test_days_to_come_are_not_asked_for() -> None:
    assert due(Checkpoint("x"), Options(since=TODAY, until=date(2027, 1, 1))) == ["2026-11-30/2026-11-30"]
    with pytest.raises(UsageError, match="x was not harvested before: say by --from DAY"):
        due(Checkpoint("x"), Options())


def test_what_failed_is_asked_for_first() -> None:
    done = Checkpoint("x", since="2026-11-01", done="2026-11-30", pending=("2026-11-03/2026-11-05",))
    assert due(done, Options())[0] == "2026-11-03/2026-11-05"
    rest = days_finished(done, Window("2026-11-04/2026-11-04", "2026-11-04", "2026-11-04"))
    assert rest.pending == ("2026-11-03/2026-11-03", "2026-11-05/2026-11-05")
    assert rest.done == "2026-11-30"


@settings(max_examples=15)
@given(st.dates(date(2026, 1, 1), TODAY), st.randoms(use_true_random=False))
def test_every_day_is_harvested_or_pending_whatever_fails_and_wherever_it_ends(
    since: date, random: st.DataObject
) -> None:
    """A run that is killed, windows that fail, and windows that are split: at the end each day was harvested."""
    chance = random.random  # type: ignore[attr-defined]
    checkpoint, harvested = Checkpoint("x"), set[date]()
    options = Options(since=since)
    for run in range(25):
        queue = list(days_due(checkpoint, options, TODAY))
        last = run == 24
        while queue:
            window = queue.pop(0)
            if not last and chance() < 0.05:
                break
            if not last and chance() < 0.2:
                if parts := days_split(window):
                    queue = [*parts, *queue]
                else:
                    checkpoint = days_pending(checkpoint, window)
                continue
            harvested.update(days_of([window.name]))
            checkpoint = days_finished(checkpoint, window)
        if checkpoint.done:
            known = harvested | set(days_of(list(checkpoint.pending)))
            first, done = date.fromisoformat(checkpoint.since), date.fromisoformat(checkpoint.done)
            assert known >= {first + timedelta(n) for n in range((done - first).days + 1)}
            assert first == since
    assert checkpoint.pending == ()
    assert harvested == {since + timedelta(n) for n in range((TODAY - since).days + 1)}


@pytest.mark.parametrize(
    ("adapter", "older", "newer"),
    [
        ("arxiv", {"versions": [{"version": "v1"}]}, {"versions": [{"version": "v1"}, {"version": "v2"}]}),
        ("crossref", {"deposited": {"timestamp": 1_790_000_000_000}}, {"deposited": {"timestamp": 1_790_100_000_000}}),
        ("openalex", {"updated_date": "2026-11-03T00:00:00"}, {"updated_date": "2026-11-04T00:00:00"}),
    ],
)
def test_a_late_batch_of_days_changes_nothing(adapter: str, older: dict[str, Any], newer: dict[str, Any]) -> None:
    """On the embedded broker one may arrive after the newer payload of another harvester: the version decides, not the arrival."""
    ids = {
        "arxiv": {"id": "2401.00001"},
        "crossref": {"DOI": "10.5555/a"},
        "openalex": {"id": "https://openalex.org/W1"},
    }

    def version(payload: dict[str, Any], arrived: int) -> RecordVersion:
        title = ["T"] if adapter == "crossref" else "T"
        (record,) = parse(adapter, orjson.dumps({**ids[adapter], "title": title, **payload}))
        assert isinstance(record, Record)
        return RecordVersion.of(repr(record).encode(), version=record.version, updated=record.updated, taken=arrived)

    stored = version(newer, arrival(1_000, 1))
    late = version(older, arrival(2_000, 2))
    assert late.digest != stored.digest
    assert not late.supersedes(stored)
    assert stored.supersedes(late)
