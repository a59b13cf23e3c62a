"""Markdown tables and numbers as the report writes them."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from scores import Interval

__all__ = ["filled", "interval", "percent", "table"]

WIDTH = 120


def table(head: list[str], rows: Iterable[Iterable[object]]) -> str:
    """Return a Markdown table, its columns padded so that a terminal shows it well too."""
    cells = [head, *[[str(cell) for cell in row] for row in rows]]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in cells
    ]
    return "\n".join([lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]])


def interval(value: float, bounds: Interval) -> str:
    """Return a score with its interval."""
    return f"{value:.4f} ({bounds.low:.3f}–{bounds.high:.3f})"


def percent(part: float, whole: float) -> str:
    """Return a share, a dash where there is no whole."""
    return f"{part / whole:.1%}" if whole else "–"


def filled(part: str) -> str:
    """Return a part of a page with its running text in lines of one width; headings, tables, lists and links stay."""
    if part.startswith(("#", "|", "-", "![")):
        return part
    return textwrap.fill(part, WIDTH, break_long_words=False, break_on_hyphens=False)
