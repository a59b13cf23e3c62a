"""Payloads with their faults marked."""

from __future__ import annotations

import base64
from typing import Any

import orjson
import pytest

from streams.errors import PayloadError
from streams.serve.page.views.faults import Fault, PayloadView, payload_view
from streams.sources import parse


def marked(view: PayloadView) -> list[tuple[int, str]]:
    return [(line.number, line.marked) for line in view.lines if line.is_fault]


def refused(source: str, payload: bytes) -> list[Fault]:
    """The faults that the adapter of a source finds."""
    return [Fault(item.where, item.detail) for item in parse(source, payload, b"k") if isinstance(item, PayloadError)]


@pytest.mark.parametrize(
    ("text", "number", "mark"),
    [
        ('{"title": broken}', 1, "b"),
        ('{"title": "x",\n "year": }', 2, "}"),
        ('{"title": "x"', 1, '"'),
        ("[1, 2", 1, "2"),
        ("nothing of the kind", 1, "n"),
    ],
)
def test_a_text_that_is_no_json_is_marked_where_the_parser_stopped(text: str, number: int, mark: str) -> None:
    view = payload_view(text, "", refused("document", text.encode()))
    assert view.form == "text"
    assert [line for line, _ in marked(view)] == [number]
    assert marked(view)[0][1] == mark


def test_values_of_json_are_marked_by_their_paths() -> None:
    payload: list[Any] = [
        {"title": "One without an id"},
        {"source": "p", "id": "1", "title": "One that is good"},
        None,
    ]
    view = payload_view(orjson.dumps(payload).decode(), "", refused("document", orjson.dumps(payload)))
    assert view.form == "JSON"
    assert len(marked(view)) == 2
    assert marked(view)[1][1] == "null"
    deep = payload_view(
        '{"data":[{"doi":"x"}]}', "", [Fault("/data/0/doi", "no usable DOI"), Fault("/data/0/year", "")]
    )
    assert marked(deep) == [(3, "{"), (4, '"doi": "x"')]
    assert deep.missing == ("/data/0/year",)
    assert [line.before for line in deep.lines] == ["{", '  "data": [', "    ", "      ", "    }", "  ]", "}"]


def test_elements_of_xml_are_marked_by_their_paths() -> None:
    text = (
        '<feed xmlns="http://www.w3.org/2005/Atom">\n<entry><id>1</id></entry>\n<entry>\n<id>2</id>\n</entry>\n</feed>'
    )
    assert marked(payload_view(text, "", [Fault("/entry[2]/id", "")])) == [(4, "<id>2</id>")]
    gone = payload_view(text, "", [Fault("/entry[2]/title", "")])
    assert (marked(gone), gone.missing) == ([(3, "<entry>")], ("/entry[2]/title",))
    broken = payload_view("<a>\n<b></a>", "", refused("arxiv", b"<a>\n<b></a>"))
    assert (broken.form, [line for line, _ in marked(broken)]) == ("XML", [2])


def test_bytes_that_are_no_text_are_marked() -> None:
    view = payload_view("", base64.b64encode(b"{\xff\xfe").decode(), [])
    assert (view.form, marked(view)) == ("bytes", [(1, "\\xff")])


def test_of_a_large_payload_what_is_around_the_fault() -> None:
    items = orjson.dumps([{"id": n, "title": "x" * 5} for n in range(2_000)]).decode()
    view = payload_view(items, "", [Fault("/1500/title", "it is none")])
    assert len(view.lines) == 80
    assert view.left_out > 7_000
    assert view.lines[0].skipped == view.lines[0].number - 1
    assert [mark for _, mark in marked(view)] == ['"title": "xxxxx"']
    first = payload_view(items, "", [])
    assert (len(first.lines), first.lines[0].number, marked(first)) == (400, 1, [])
    line = '{"title": "' + "x" * 50_000 + '", broken'
    around = payload_view(line, "", refused("document", line.encode()))
    assert [mark for _, mark in marked(around)] == ["b"]
    assert sum(len(each.before + each.marked + each.after) for each in around.lines) < 700
    plain = payload_view("<a>" + "y" * 5_000 + "</a>", "", [])
    assert len(plain.lines[0].before) == 601


def test_an_empty_payload_has_a_line() -> None:
    view = payload_view("", "", [Fault("", "an empty value")])
    assert (len(view.lines), marked(view)) == (1, [])
