"""The fields that warnings name: a fixed set, which the adapters keep to."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from streams.records.record import Record
from streams.sources import SOURCES, parse
from streams.sources.fields import FIELDS, unread
from streams.sources.record_builder import RecordBuilder

ADAPTERS = [
    path for path in (Path(__file__).parents[2] / "streams" / "sources").glob("*.py") if path.name != "fields.py"
]
TAKES_FIELD = {"warn": 0, "identify": 2, "relate": 3, "from_items": 2} | dict.fromkeys(
    ("text", "texts", "mapping", "items", "date", "timestamp", "identify_dois", "link"), 1
)


def literals() -> Iterator[str]:
    """The fields that adapters name in so many words."""
    for path in ADAPTERS:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                for argument in node.args[TAKES_FIELD.get(name, 99) :][:1]:
                    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                        yield argument.value


def malformed() -> Iterator[dict[str, Any]]:
    """Payloads in which every field that may be named is of a wrong type: alone, and inside what it is a part of."""
    identity = {
        "id": "2101.00001", "DOI": "10.5555/x", "doi": "10.5555/x", "ident": "aaaaaaaaaaaaarceaaaaaaaaam",
        "paper_url": "https://paperswithcode.com/paper/x", "title": "Tides of small lakes", "paperId": "0" * 40,
        "source": "lakes",
    }  # fmt: skip
    for wrong in (True, -1, "\0", {"a": 1}, [[1]]):
        yield {field.partition(".")[0]: wrong for field in FIELDS} | identity
        nested: dict[str, Any] = {}
        for field in FIELDS:
            outer, dot, inner = field.partition(".")
            if dot:
                nested.setdefault(outer, {})[inner] = wrong
        yield {**nested, "oa_locations": [nested["oa_locations"]], **identity}


def test_no_adapter_names_another_field_and_each_is_named_by_one() -> None:
    assert set(literals()) <= FIELDS
    text = "".join(path.read_text(encoding="utf-8") for path in ADAPTERS)
    assert [field for field in FIELDS if f'"{field}"' not in text and f'"{field.rpartition(".")[2]}"' not in text] == []


@pytest.mark.parametrize("source", SOURCES)
def test_what_is_named_of_malformed_payloads_is_of_the_set(source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    named: set[str] = set()
    monkeypatch.setattr(RecordBuilder, "warn", lambda _self, field, _what: named.add(field))
    for payload in malformed():
        parse(source, orjson.dumps(payload))
    assert named
    assert named <= FIELDS


def test_a_field_counts_once_a_record_whatever_is_wrong_with_it() -> None:
    document = {
        "id": "1",
        "title": "Tides of small lakes",
        "doi": "ten",
        "authors": [{"name": 1}, {"name": []}],
        "year": "soon",
    }
    (record,) = parse("document", orjson.dumps(document | {"identifiers": [{"scheme": "pmid", "value": "x"}, 3]}))
    assert isinstance(record, Record)
    assert len(record.warnings) > len(unread(record.warnings))
    assert set(unread(record.warnings)) == {"doi", "year", "identifiers"}
    assert unread(()) == ()
