"""Generate the pages of the API from its own description, so that they cannot contradict it.

    python -m streams.serve.reference docs/reference

This writes api.md, of the OpenAPI description and the docstrings of its types, and problems.md, of problem_codes.py.
"""

from __future__ import annotations

import inspect
import json
import re
import sys
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any

import msgspec

from streams.serve.app import create_app
from streams.serve.problem_codes import CODES
from streams.serve.problems import MEDIA_TYPE
from streams.serve.resources import Resources
from streams.settings import Settings

__all__ = ["api_page", "description", "pages", "problems_page"]

_MADE = "<!-- Made by `python -m streams.serve.reference docs/reference`; a test compares. -->\n"
_API = """# API

{made}
The paths of `streams serve`, from its own OpenAPI 3.1 description, which a running service answers at `/api/v1/openapi.json`.
How to serve it and who may use it: [Serve the API](../how-to/serve.md). A first hour with it: [the tutorial](../tutorials/api.md).

Bodies and answers are JSON, but for the stream of events. Errors are [problem documents](problems.md). Fields that are not known
are ignored in requests, and a client ignores those it does not know in answers.

Beside these paths are `/reconcile` ([OpenRefine](../how-to/openrefine.md)) and, for probes and Prometheus, `/healthz`, `/readyz`
and `/metrics`.
"""
_PROBLEMS = """# Problems

{made}
Every error of `streams serve` is a problem document (RFC 9457, `application/problem+json`):

| field | meaning |
| --- | --- |
| `type` | the address of a paragraph of this page |
| `title` | the name of the status |
| `status` | the HTTP status |
| `detail` | what is wrong with this request, for people |
| `code` | what is wrong, for programs; codes are stable |
| `errors` | the wrong fields of a request, each with a `message` |
| `merged_into` | the cluster that has the records of one that was merged away |
| `conflicts` | the ids of the corrections that a new one contradicts |

An answer about one name or document of many (`POST /api/v1/lookup`, `POST /api/v1/match`) has the same codes in its `code`, or that
of a payload which cannot be read, as in [dead letters](../operations.md#dead-letters).
"""


def description() -> dict[str, Any]:
    """Return the OpenAPI description of the API, as clients get it. Nothing is connected to."""
    settings = Settings.model_validate({"redis_url": "redis://127.0.0.1:1"})
    app = create_app(Resources(settings))
    return json.loads(msgspec.json.encode(app.openapi_schema.to_schema()))  # type: ignore[no-any-return]


def pages() -> dict[str, str]:
    """Return the text of each page by its file name."""
    return {"api.md": api_page(description()), "problems.md": problems_page()}


def api_page(described: Mapping[str, Any]) -> str:
    """Return the page of an OpenAPI description: its paths by their tags, then its types."""
    operations = [
        (path, method.upper(), operation)
        for path, item in described["paths"].items()
        for method, operation in item.items()
    ]
    parts = [_API.format(made=_MADE)]
    for tag in dict.fromkeys(operation["tags"][0] for _, _, operation in operations):
        parts.append(f"## {tag.capitalize()}\n")
        parts += [_operation(*each) for each in operations if each[2]["tags"][0] == tag]
    parts.append(f"## Problem codes\n\nAny path may answer with 400, 401, 403, 429, 500 and 503.\n\n{_codes()}")
    docstrings = _docstrings()
    parts.append("## Types\n")
    parts += [
        _type(name, schema, docstrings.get(name, ""))
        for name, schema in sorted(described["components"]["schemas"].items())
    ]
    return "\n".join(parts)


def problems_page() -> str:
    """Return the page of all codes, a paragraph each."""
    parts = [_PROBLEMS.format(made=_MADE)]
    for code, meaning in CODES.items():
        statuses = ", ".join(f"{status} {HTTPStatus(status).phrase}" for status in meaning.statuses)
        parts.append(f"## {code}\n\n{statuses}. {meaning.what}\n\n*What to do:* {meaning.do}\n")
    return "\n".join(parts)


def _operation(path: str, method: str, operation: Mapping[str, Any]) -> str:
    parts = [f"### {method} {path}\n", f"**{operation['summary']}.** {_paragraphs(operation['description'])}\n"]
    if parameters := operation.get("parameters"):
        rows = [
            (
                f"`{each['name']}`",
                each["in"],
                _shape(each["schema"]),
                "required" if each["required"] else _default(each["schema"]),
                each.get("description", "").replace("\n", " "),
            )
            for each in parameters
        ]
        parts.append(_table(("parameter", "in", "type", "default", "meaning"), rows))
    if body := operation.get("requestBody"):
        parts.append(f"Body: {_content(body)}\n")
    answers = [
        (f"{status}", _content(answer) or "nothing", _meaning(int(status), answer["description"]))
        for status, answer in sorted(operation["responses"].items())
        if not _is_problem(answer)
    ]
    parts.append(_table(("status", "answer", "meaning"), answers))
    problems = sorted(status for status, answer in operation["responses"].items() if _is_problem(answer))
    parts.append(f"[Problems](#problem-codes): {', '.join(problems)}\n")
    return "\n".join(parts)


def _meaning(status: int, text: str) -> str:
    return "" if text == HTTPStatus(status).description else text


def _is_problem(answer: Mapping[str, Any]) -> bool:
    return MEDIA_TYPE in answer.get("content", {})


def _codes() -> str:
    rows = [
        (str(status), f"[`{code}`](problems.md#{code})", meaning.what)
        for code, meaning in CODES.items()
        for status in meaning.statuses
    ]
    return _table(("status", "code", "meaning"), sorted(rows, key=lambda row: int(row[0])))


def _content(part: Mapping[str, Any]) -> str:
    """Return the types of a body or an answer, each with its media type."""
    return ", ".join(
        _shape(content.get("schema", {})) + ("" if kind == "application/json" else f" (`{kind}`)")
        for kind, content in part.get("content", {}).items()
    )


def _type(name: str, schema: Mapping[str, Any], docstring: str) -> str:
    required = schema.get("required", ())
    rows = [
        (f"`{field}`", _shape(each), "required" if field in required else _default(each))
        for field, each in schema.get("properties", {}).items()
    ]
    table = _table(("field", "type", "default"), rows) if rows else f"{_shape(schema)}\n"
    return f"### {name}\n\n{docstring}\n\n{table}" if docstring else f"### {name}\n\n{table}"


def _docstrings() -> dict[str, str]:
    """Return the docstrings of all structs of Streams by their names; of names that two structs share none."""
    found: dict[str, list[str]] = {}
    waiting = list(msgspec.Struct.__subclasses__())
    while waiting:
        each = waiting.pop()
        waiting += each.__subclasses__()
        if each.__module__.startswith("streams."):
            found.setdefault(each.__name__, []).append(_paragraphs(inspect.cleandoc(each.__doc__ or "")))
    return {name: texts[0] for name, texts in found.items() if len(texts) == 1}


_BOUNDS = {
    "minimum": "≥ {}", "maximum": "≤ {}", "minLength": "{} characters or more", "maxLength": "at most {} characters",
    "maxItems": "at most {}",
}  # fmt: skip


def _shape(schema: Mapping[str, Any]) -> str:
    """Return a JSON Schema in words, with links to the types that it names."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "oneOf" in schema:
        kinds = " or ".join(_shape(each) for each in schema["oneOf"] if each.get("type") != "null")
    elif "enum" in schema:
        kinds = ", ".join(f"`{value}`" for value in schema["enum"] if value != "")
    elif "const" in schema:
        kinds = f"`{json.dumps(schema['const'])}`"
    elif schema.get("type") == "array":
        kinds = f"list of {_shape(schema.get('items', {}))}"
    else:
        kinds = schema.get("format") or schema.get("type", "any value")
    bounds = [text.format(f"{schema[name]:g}") for name, text in _BOUNDS.items() if name in schema]
    return ", ".join([kinds, *bounds])


def _default(schema: Mapping[str, Any]) -> str:
    return f"`{json.dumps(schema['default'])}`" if "default" in schema else ""


def _paragraphs(text: str) -> str:
    """Return a text with one line a paragraph, as a docstring's lines are broken where the code wants it."""
    return re.sub(r"(?<!\n)\n(?![\n|*-])", " ", text)


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    used = [column for column, _ in enumerate(head) if any(row[column] for row in rows)]
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join("| " + " | ".join(line[column].replace("|", "\\|") for column in used) + " |\n" for line in lines)


if __name__ == "__main__":
    for name, text in pages().items():
        Path(sys.argv[1], name).write_text(text, encoding="utf-8")
