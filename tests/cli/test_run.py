"""What people see of a bounded run when it is done."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from streams.cli.run import _summary


def summary(unread: dict[str, dict[str, int]]) -> list[str]:
    counts: dict[str, Any] = dict.fromkeys(("records", "clusters", "duplicates", "review", "dead_letters"), 1)
    timing = {"seconds": 1.0, "records_per_second": 1.0, "latency_ms": {"p50": 1.0, "p99": 1.0}}
    return _summary({**counts, **timing, "unread_fields": unread}, Path("out")).splitlines()


def test_a_feed_that_was_read_whole_has_no_line_about_fields() -> None:
    assert len(summary({})) == 3


@pytest.mark.parametrize(
    ("unread", "line"),
    [
        ({"core": {"doi": 1}}, "1 field could not be read as given: doi of core (1)."),
        (
            {"core": {"doi": 2, "title": 1}, "arxiv": {"doi": 2, "abstract": 7}},
            "12 fields could not be read as given: abstract of arxiv (7), doi of arxiv (2), doi of core (2), title of core (1).",
        ),
        (
            {"lakes": {f"f{n}": 10 - n for n in range(7)}},
            "49 fields could not be read as given: f0 of lakes (10), f1 of lakes (9), f2 of lakes (8), f3 of lakes (7), "
            "f4 of lakes (6) and 2 more kinds, see summary.json.",
        ),
    ],
)
def test_fields_that_could_not_be_read_have_one_line_the_most_frequent_first(
    unread: dict[str, dict[str, int]], line: str
) -> None:
    shown = summary(unread)
    assert len(shown) == 4
    assert shown[1] == line
