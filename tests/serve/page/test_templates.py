from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import UndefinedError

from streams.serve.page import templates
from streams.serve.page.templates import (
    duration,
    moment,
    number,
    part,
    percent,
    record_id,
    render,
    signed,
    size,
    text,
    web,
)


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


def test_a_record_id_is_text_with_its_source_first() -> None:
    assert record_id("arxiv:1706.03762") == '<bdi class="id"><strong>arxiv</strong>:1706.03762</bdi>'
    assert record_id("evil:<b>") == '<bdi class="id"><strong>evil</strong>:&lt;b&gt;</bdi>'
    assert record_id("mine:abcdef", 7) == '<bdi class="id" title="mine:abcdef"><strong>mine</strong>:ab…</bdi>'


def test_bits_have_a_sign() -> None:
    assert (signed(6.25), signed(-2), signed(0)) == ("+6.2", "\N{MINUS SIGN}2.0", "+0.0")


def test_a_link_leads_only_to_the_web() -> None:
    address = "https://doi.org/10.1000/x"
    assert (
        web("10.1000/x", address)
        == f'<a class="out" href="{address}" rel="noopener noreferrer external"><bdi>10.1000/x</bdi></a>'
    )
    for other in ("javascript:alert(1)", "data:text/html,x", "//evil.example", ""):
        assert web("<b>", other) == "<bdi>&lt;b&gt;</bdi>"
    assert "&#34;" in web("x", 'https://a"onclick=b')
