"""Compare two versions of a JSON Schema as a reader of messages does, who has the older one; and close one for a writer's tests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

__all__ = ["breaks", "closed"]

_Schema = dict[str, Any]
_LOWER, _UPPER = ("minimum", "minLength", "minItems"), ("maximum", "maxLength", "maxItems")
_CONDITIONS = ("if", "then", "else", "allOf")


def breaks(old: _Schema, new: _Schema, path: str = "", *, is_kept: bool = True) -> Iterator[str]:
    """Yield how messages of one version may contradict the schema, or what a reader relies on, of the other.

    Fields may be added, values of an enumeration too. What is conditional (`if`, `allOf`) is not compared. `is_kept`: whether
    older messages are still read under the new schema, as those in a topic are.
    """
    yield from _fields(old, new, path, is_kept)
    yield from _values(old, new, path)
    for name, rule in old.get("properties", {}).items():
        if isinstance(after := new.get("properties", {}).get(name), dict) and isinstance(rule, dict):
            yield from breaks(rule, after, f"{path}/{name}", is_kept=is_kept)
    for key in ("items", "additionalProperties"):
        if isinstance(old.get(key), dict) and isinstance(new.get(key), dict):
            yield from breaks(old[key], new[key], f"{path}/{key}", is_kept=is_kept)


def _fields(old: _Schema, new: _Schema, path: str, is_kept: bool) -> Iterator[str]:
    for name in sorted(old.get("properties", {}).keys() - new.get("properties", {}).keys()):
        yield f"{path}/{name}: removed"
    required, was_required = set(new.get("required", ())), set(old.get("required", ()))
    for name in sorted(required - was_required if is_kept else ()):
        yield f"{path}/{name}: newly required, and older messages do not have it"
    for name in sorted(was_required - required):
        yield f"{path}/{name}: required no more, and readers rely on it"


def _values(old: _Schema, new: _Schema, path: str) -> Iterator[str]:
    if missing := _types(old) - _types(new):
        yield f"{path}: type narrowed, without {', '.join(sorted(missing))}"
    elif added := _types(new) - _types(old):
        yield f"{path}: type widened by {', '.join(sorted(added))}, which readers do not expect"
    if "enum" in new and (missing := set(map(str, old.get("enum", ["any value"]))) - set(map(str, new["enum"]))):
        yield f"{path}: values narrowed, without {', '.join(sorted(missing))}"
    for key in ("pattern", "format", "const", "$ref"):
        if old.get(key) != new.get(key):
            yield f"{path}: {key} {old.get(key)!r} became {new.get(key)!r}"
    for key in _LOWER:
        if new.get(key, 0) > old.get(key, 0):
            yield f"{path}: {key} narrowed to {new[key]}"
    for key in _UPPER:
        if key in new and new[key] < old.get(key, float("inf")):
            yield f"{path}: {key} narrowed to {new[key]}"


def closed(node: Any) -> Any:
    """Return a schema that refuses fields which it does not name: Streams publishes no others."""
    if isinstance(node, list):
        return [closed(each) for each in node]
    if not isinstance(node, dict):
        return node
    made = {key: value if key in _CONDITIONS else closed(value) for key, value in node.items()}
    if isinstance(made.get("properties"), dict) and "additionalProperties" not in made and made.get("type") == "object":
        made["additionalProperties"] = False
    return made


def _types(schema: _Schema) -> set[str]:
    found = schema.get("type", [])
    return {found} if isinstance(found, str) else set(found)
