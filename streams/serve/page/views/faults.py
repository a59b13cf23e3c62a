"""Shows the payload of a dead letter in numbered lines, with the places of its faults marked. Pure.

A fault is at a path in the payload (`/entry[3]/id`), or at a character that the parser names in the detail. JSON is shown with a
line for each value, anything else as it is. Only lines around the faults of a large payload are shown, as many as a page has room
for.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import msgspec
from lxml import etree
from msgspec import structs

from streams.serve.page.views.page_bytes import MOST_PAYLOAD_BYTES, page_bytes

__all__ = ["Fault", "PayloadLine", "PayloadView", "payload_view"]

_MOST_LINES = 400
_MOST_CHARACTERS = 600
"""Of a line: a payload in one line is shown around its fault."""
_LINE_BYTES = 150
"""Of the table's own in a page, for each line."""
_AROUND = 40
_AT_CHARACTER = re.compile(r"\(char (\d+)\)|line (\d+),? column (\d+)")
_BAD_BYTE = re.compile(r"\\x[0-9a-f]{2}")
_STEP = re.compile(r"([^/\[\]]+)(?:\[(\d+)\])?")


class Fault(NamedTuple):
    """Where a fault is: a path in the payload, empty for all of it, and what the parser said."""

    where: str
    detail: str


class PayloadLine(msgspec.Struct, frozen=True):
    """A line: `before`, `marked` and `after` are its text; `is_fault`: a fault is in it. `skipped` lines are left out before it."""

    number: int
    before: str
    marked: str
    after: str
    is_fault: bool
    skipped: int = 0


class PayloadView(msgspec.Struct, frozen=True, kw_only=True):
    """A payload. `form` is JSON, XML, text or bytes; `missing` are the ends of paths that the payload does not have."""

    form: str
    lines: tuple[PayloadLine, ...]
    missing: tuple[str, ...]
    left_out: int


class _Line(NamedTuple):
    text: str
    path: str = ""
    start: int = -1
    end: int = -1


def payload_view(payload: str, payload_base64: str, faults: Sequence[Fault]) -> PayloadView:
    """Return the lines of a payload, `payload_base64` where it is no UTF-8, with its faults marked."""
    if payload_base64:
        text = base64.b64decode(payload_base64).decode("utf-8", "backslashreplace")
        found = _BAD_BYTE.search(text)
        lines = _lines(text, found.span() if found else None)
        return _view("bytes", lines, {at for at, line in enumerate(lines) if line.start >= 0}, ())
    if payload.lstrip().startswith(("{", "[")):
        try:
            value = json.loads(payload)
        except (ValueError, RecursionError):
            return _at_character("text", payload, faults)
        return _json_view(value, faults)
    if payload.lstrip("\ufeff \t\r\n").startswith("<"):
        return _xml_view(payload, faults)
    return _at_character("text", payload, faults)


def _json_view(value: Any, faults: Sequence[Fault]) -> PayloadView:
    lines = list(_printed(value))
    paths = [line.path for line in lines]
    marked: set[int] = set()
    missing: list[str] = []
    for fault in faults:
        path = fault.where
        while path and path not in paths:
            path = path.rpartition("/")[0]
        if path:
            marked.add(paths.index(path))
        if path != fault.where:
            missing.append(fault.where)
    return _view("JSON", lines, marked, missing)


def _printed(value: Any, path: str = "", label: str = "", depth: int = 0, end: str = "") -> Iterator[_Line]:
    """Yield the lines of a JSON value, each with the path of the value that begins there."""
    indent = "  " * depth + label
    if isinstance(value, dict) and value:
        yield _Line(indent + "{", path)
        for place, (name, member) in enumerate(value.items(), 1):
            comma = "," if place < len(value) else ""
            yield from _printed(member, f"{path}/{name}", f"{_dumped(name)}: ", depth + 1, comma)
        yield _Line("  " * depth + "}" + end)
    elif isinstance(value, list) and value:
        yield _Line(indent + "[", path)
        for place, member in enumerate(value):
            comma = "," if place + 1 < len(value) else ""
            yield from _printed(member, f"{path}/{place}", "", depth + 1, comma)
        yield _Line("  " * depth + "]" + end)
    else:
        yield _Line(indent + _dumped(value) + end, path)


def _dumped(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _xml_view(payload: str, faults: Sequence[Fault]) -> PayloadView:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, recover=False, huge_tree=False)
    try:
        root = etree.fromstring(payload.encode(), parser)
    except (etree.XMLSyntaxError, ValueError):
        return _at_character("XML", payload, faults)
    lines = _lines(payload, None)
    marked: set[int] = set()
    missing: list[str] = []
    for fault in faults:
        element, is_whole = _element(root, fault.where)
        if element is not None and element is not root and element.sourceline:
            marked.add(min(element.sourceline, len(lines)) - 1)
        if not is_whole:
            missing.append(fault.where)
    return _view("XML", lines, marked, missing)


def _element(root: Any, where: str) -> tuple[Any, bool]:
    """Return the deepest element of a path that there is, and whether that is the whole path; names are without namespaces."""
    here = root
    for step in filter(None, where.split("/")):
        match = _STEP.fullmatch(step)
        if match is None:
            return here, False
        children = [child for child in here if isinstance(child.tag, str) and etree.QName(child).localname == match[1]]
        place = int(match[2] or 1) - 1
        if place >= len(children):
            return here, False
        here = children[place]
    return here, True


def _at_character(form: str, payload: str, faults: Sequence[Fault]) -> PayloadView:
    for fault in faults:
        if (found := _AT_CHARACTER.search(fault.detail)) is not None:
            start = int(found[1]) if found[1] else _offset(payload, int(found[2]), int(found[3]))
            start = max(0, min(start, len(payload) - 1))
            lines = _lines(payload, (start, start + 1))
            return _view(form, lines, {at for at, line in enumerate(lines) if line.start >= 0}, ())
    return _view(form, _lines(payload, None), set(), ())


def _offset(text: str, line: int, column: int) -> int:
    before = text.split("\n")[: max(line - 1, 0)]
    return sum(len(each) + 1 for each in before) + max(column - 1, 0)


def _lines(text: str, span: tuple[int, int] | None) -> list[_Line]:
    """Return the lines of a text, with the span of characters in the one that has it."""
    found: list[_Line] = []
    begin = 0
    for line in text.split("\n"):
        is_in = span is not None and begin <= span[0] <= begin + len(line)
        start, end = (span[0] - begin, span[1] - begin) if is_in and span else (-1, -1)
        found.append(_Line(line, "", start, end))
        begin += len(line) + 1
    return found


def _view(form: str, lines: Sequence[_Line], marked: set[int], missing: Sequence[str]) -> PayloadView:
    made: list[PayloadLine] = []
    last = -1
    for line in _fitting([_line(lines[at], at, is_fault=at in marked) for at in _chosen(len(lines), marked)]):
        made.append(structs.replace(line, skipped=line.number - 2 - last))
        last = line.number - 1
    left_out = len(lines) - len(made)
    return PayloadView(form=form, lines=tuple(made), missing=tuple(dict.fromkeys(missing)), left_out=left_out)


def _fitting(lines: Sequence[PayloadLine]) -> Sequence[PayloadLine]:
    """Return the lines that a page has room for, in their order: those nearest to a fault, or the first ones."""
    faults = [line.number for line in lines if line.is_fault] or [0]
    found: list[PayloadLine] = []
    room = MOST_PAYLOAD_BYTES
    for line in sorted(lines, key=lambda line: min(abs(line.number - fault) for fault in faults)):
        room -= _LINE_BYTES + page_bytes(line.before + line.marked + line.after)
        if room < 0:
            break
        found.append(line)
    return sorted(found, key=lambda line: line.number)


def _chosen(count: int, marked: set[int]) -> list[int]:
    """Return the places of the lines that are shown: all of a few, else those around the faults, or the first ones."""
    if count <= _MOST_LINES:
        return list(range(count))
    near = {at for fault in sorted(marked) for at in range(max(fault - _AROUND, 0), min(fault + _AROUND, count))}
    return sorted(near)[:_MOST_LINES] if near else list(range(_MOST_LINES))


def _line(line: _Line, at: int, *, is_fault: bool) -> PayloadLine:
    text, start, end = line.text, line.start, line.end
    if start < 0 and is_fault:  # all of the line but its indentation
        start, end = len(text) - len(text.lstrip()), len(text)
    if start < 0:
        start = end = len(text)
    before, marked, after = text[:start], text[start:end], text[end:]
    if len(text) > _MOST_CHARACTERS:
        half = _MOST_CHARACTERS // 2
        is_alone = not is_fault
        before = before[:_MOST_CHARACTERS] + "…" if is_alone else ("…" if len(before) > half else "") + before[-half:]
        marked, after = (_cut(marked, half), _cut(after, half))
    if is_fault and not marked:  # the fault is that the text ends
        marked = "⏎"
    return PayloadLine(at + 1, before, marked, after, is_fault)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[:most] + "…"
