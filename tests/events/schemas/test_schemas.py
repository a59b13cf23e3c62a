"""Every schema is a schema, and describes every field, as docs/events.md does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from streams import events
from streams.events.schemas import NAMES, schema

DOCS = Path(__file__).parents[3] / "docs" / "events.md"


@pytest.mark.parametrize("name", NAMES)
def test_every_schema_is_one_and_names_itself(name: str) -> None:
    found = schema(name)
    Draft202012Validator.check_schema(found)
    assert found["$id"] == f"urn:streams:schema:{name}"
    assert found["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_no_schema_is_left_out_of_the_list() -> None:
    folder = Path(events.__file__).parent / "schemas"
    assert sorted(path.stem for path in folder.glob("*.json")) == sorted(NAMES)


def properties(node: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(node, dict):
        if isinstance(named := node.get("properties"), dict):
            yield from named.items()
        for key, value in node.items():
            if key not in ("if", "then", "else", "allOf"):
                yield from properties(value)
    elif isinstance(node, list):
        for value in node:
            yield from properties(value)


@pytest.mark.parametrize("name", NAMES)
def test_every_field_is_described_in_the_schema_and_in_the_docs(name: str) -> None:
    text = re.sub(r"```.*?```", "", DOCS.read_text(encoding="utf-8"), flags=re.DOTALL)
    explained = set(re.findall(r"`([^`\n]+)`", text))
    for field, rule in properties(schema(name)):
        assert field in explained, f"docs/events.md does not say what `{field}` is"
        assert rule.get("description"), f"{name}.json does not say what {field} is"
