from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.sources.dates import partial_date, timestamp


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("2021", "2021"),
        ("2021-11", "2021-11"),
        ("2021-11-24", "2021-11-24"),
        ("2021-1-5", "2021-01-05"),
        ("2021-11-24 18:59:58+00:00", "2021-11-24"),
        ("2021-11-24T18:59:58.123Z", "2021-11-24"),
        ("2021-02-29", "2021-02"),
        ("2020-02-29", "2020-02-29"),
        ("2021-13-01", "2021"),
        ("2021-00-00", "2021"),
        ("2020/1/5", "2020-01-05"),
        ("20200105", "2020-01-05"),
        ("Mon, 2 Apr 2007 19:18:42 GMT", "2007-04-02"),
        ("1 Jan 2020", "2020-01-01"),
        ("1st January 2020", "2020-01-01"),
        ("Jan 1, 2020", "2020-01-01"),
        ("January 2020", "2020-01"),
        ("2020 Jan 5", "2020-01-05"),
        ("05/01/2020", "2020"),
        ("2011-05-01/2012-06-01", "2011-05-01"),
        ("2011/2012", "2011"),
        ("Spring 2020", "2020"),
        ("c1998", "1998"),
        ("9999-01-01", ""),
        ("0000-00-00", ""),
        ("", ""),
        ("in press", ""),
        ("20200", ""),
    ],
)
def test_partial_dates(text: str, date: str) -> None:
    assert partial_date(text) == date


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("2024-01-02T03:04:05Z", "2024-01-02T03:04:05Z"),
        ("2024-01-02 03:04:05", "2024-01-02T03:04:05Z"),
        ("2024-01-02T03:04:05.999999", "2024-01-02T03:04:05Z"),
        ("2024-01-02T03:04:05+02:00", "2024-01-02T01:04:05Z"),
        ("2024-01-02", "2024-01-02T00:00:00Z"),
        ("Tue, 02 Jan 2024 03:04:05 GMT", "2024-01-02T03:04:05Z"),
        (1497458251000, "2017-06-14T16:37:31Z"),
        (1497458251, "2017-06-14T16:37:31Z"),
        (10**30, ""),
        ("2024-01-02T99:04:05Z", "2024-01-02T00:00:00Z"),
        ("2024", ""),
        ("deprecated", ""),
    ],
)
def test_timestamps(value: str | int, moment: str) -> None:
    assert timestamp(value) == moment


@given(st.text(max_size=40) | st.integers())
def test_nothing_raises(value: str | int) -> None:
    moment = timestamp(value)
    assert moment == "" or len(moment) == 20
    date = partial_date(str(value))
    assert partial_date(date) == date
