from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import UndefinedError

from streams.serve.page import templates
from streams.serve.page.templates import duration, moment, number, part, percent, render, size, text


def test_numbers_are_grouped_and_unknown_ones_are_dashes() -> None:
    assert [number(1234567), number(0.256, 2), number(None)] == ["1,234,567", "0.26", "–"]
    assert [percent(0.1234), percent(0.0), percent(None)] == ["12.3 %", "0.0 %", "–"]


def test_time_spans_are_in_the_unit_that_suits_them() -> None:
    spans = (0.0, 0.035, 2.5, 35.0, 600.0, 10_000.0, 500_000.0)
    assert [duration(seconds) for seconds in spans] == ["0 s", "35 ms", "2.5 s", "35 s", "10 min", "3 h", "6 d"]
    assert duration(None) == "–"
    assert [size(5), size(1500), size(250_000), size(3_200_000), size(4e12)] == [
        "5 B", "1.5 kB", "250 kB", "3.2 MB", "4,000.0 GB",
    ]  # fmt: skip


def test_a_time_is_an_element_in_utc() -> None:
    at = datetime(2026, 11, 30, 13, 0, 5, tzinfo=timezone(timedelta(hours=1)))
    assert moment(at) == '<time datetime="2026-11-30T12:00:05.000Z">2026-11-30 12:00:05 UTC</time>'
    assert moment(at.timestamp()) == moment(at.astimezone(UTC))
    assert moment(None) == "–"


@given(st.text())
def test_text_of_strangers_is_text(value: str) -> None:
    shown = str(text(value))
    assert shown.startswith("<bdi>")
    inner = shown.removeprefix("<bdi>").removesuffix("</bdi>")
    assert not set(inner) & {"<", ">", '"', "\0", "\r", "\u202e", "\u2066"}
    shown.encode()


def test_text_is_cut_where_a_page_has_no_room() -> None:
    assert text("abcdef", 3) == '<bdi title="abcdef">abc…</bdi>'
    assert text("abc", 3) == "<bdi>abc</bdi>"
    assert text("\ud800<b>\0") == "<bdi>?&lt;b&gt;\u2400</bdi>"
    assert text(None) == "<bdi></bdi>"


def test_an_id_becomes_one_part_of_a_path() -> None:
    assert part("crossref:10.5555/a b") == "crossref:10.5555%2Fa%20b"


def test_a_value_that_a_template_lacks_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        render("error.html")


def test_no_template_marks_a_value_as_safe_or_has_a_style_or_a_handler_of_its_own() -> None:
    loader = templates._ENVIRONMENT.loader
    assert loader is not None
    for name in loader.list_templates():
        source, _, _ = loader.get_source(templates._ENVIRONMENT, name)
        for forbidden in (
            "|safe",
            "| safe",
            "autoescape false",
            " style=",
            "<style",
            " onclick=",
            " onload=",
            "http://",
            "https://",
        ):
            assert forbidden not in source, name
