"""An extension of griffe: examples, drawings and paths in docstrings appear on the site as they do in the code."""

from __future__ import annotations

from typing import Any

import griffe

_DRAWING = frozenset("├└│─▶")


class AsWritten(griffe.Extension):
    """Put examples (`>>>`) and drawings of docstrings into code blocks; Markdown would run their lines together."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Rewrite the docstring of an object that was loaded."""
        if obj.docstring is not None:
            obj.docstring.value = as_written(obj.docstring.value)


def as_written(docstring: str) -> str:
    """Return a docstring with its examples and drawings in fences; paragraphs are parted by blank lines."""
    return "\n\n".join(_fenced(paragraph) for paragraph in docstring.split("\n\n"))


def _fenced(paragraph: str) -> str:
    lines = paragraph.strip("\n").split("\n")
    begin = next((number for number, line in enumerate(lines) if line.startswith(">>> ")), None)
    if begin is not None:
        return "\n".join([*lines[:begin], "", "```pycon", *lines[begin:], "```"])
    if len(lines) > 1 and any(line[:1] in _DRAWING for line in lines):
        return "\n".join(["```text", *lines, "```"])
    return paragraph
