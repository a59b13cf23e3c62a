"""Schemas stay what readers of the last release expect: that this is checked, and that the check fails."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from streams.events.schemas import NAMES, schema
from tests.events.schemas.compatibility import breaks, closed

RELEASED = Path(__file__).parent / "released" / "0.2.0"
READ_BY_STREAMS = {"correction", "document"}
REPORTS = {"summary", "verification"}

Schema = dict[str, Any]


def released(name: str) -> Schema:
    found: Schema = json.loads((RELEASED / f"{name}.json").read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize("name", sorted(path.stem for path in RELEASED.glob("*.json")))
def test_readers_of_the_last_release_read_what_is_published_now(name: str) -> None:
    assert list(breaks(released(name), schema(name), is_kept=name not in REPORTS)) == []


def test_every_released_schema_is_still_there() -> None:
    assert {path.stem for path in RELEASED.glob("*.json")} <= set(NAMES)


def objects(node: Any) -> list[Schema]:
    """Return the parts of a schema that describe an object, without what is conditional."""
    if isinstance(node, list):
        return [each for item in node for each in objects(item)]
    if not isinstance(node, dict):
        return []
    inside = [
        each for key, value in node.items() if key not in ("if", "then", "else", "allOf") for each in objects(value)
    ]
    return [node, *inside] if isinstance(node.get("properties"), dict) and node.get("type") == "object" else inside


@pytest.mark.parametrize("name", sorted(set(NAMES) - READ_BY_STREAMS))
def test_readers_ignore_fields_that_they_do_not_know(name: str) -> None:
    assert objects(schema(name))
    assert not any(each.get("additionalProperties") is False for each in objects(schema(name)))
    assert all("additionalProperties" in each for each in objects(closed(schema(name))))


def remove(found: Schema) -> None:
    del found["properties"]["after"]


def require(found: Schema) -> None:
    found["required"].append("merged_from")


def no_longer_require(found: Schema) -> None:
    found["required"].remove("causes")


def narrow_type(found: Schema) -> None:
    found["properties"]["after"]["items"]["type"] = "integer"


def narrow_values(found: Schema) -> None:
    found["properties"]["type"]["enum"].remove("split")


def narrow_pattern(found: Schema) -> None:
    found["properties"]["cluster_id"]["pattern"] = "^c$"


def narrow_length(found: Schema) -> None:
    found["properties"]["causes"]["minItems"] = 1


def narrow_inside(found: Schema) -> None:
    del found["properties"]["relations"]["items"]["properties"]["other"]


def widen(found: Schema) -> None:
    found["properties"]["revision"]["type"] = ["integer", "string"]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (remove, "/after: removed"),
        (require, "/merged_from: newly required"),
        (no_longer_require, "/causes: required no more"),
        (narrow_type, "/after/items: type narrowed"),
        (narrow_values, "/type: values narrowed, without split"),
        (narrow_pattern, "/cluster_id: pattern"),
        (narrow_length, "/causes: minItems narrowed to 1"),
        (narrow_inside, "/relations/items/other: removed"),
        (widen, "/revision: type widened by string"),
    ],
)
def test_a_change_that_breaks_readers_is_named(change: Callable[[Schema], None], named: str) -> None:
    changed = copy.deepcopy(schema("event"))
    change(changed)
    found = list(breaks(released("event"), changed))
    assert len(found) == 1
    assert found[0].startswith(named)


def test_new_fields_and_new_values_break_nothing() -> None:
    changed = copy.deepcopy(schema("event"))
    changed["properties"]["surprise"] = {"type": "string"}
    changed["properties"]["type"]["enum"].append("renamed")
    assert list(breaks(released("event"), changed)) == []
