"""Generate the tables of docs/operations.md from the code, so that they cannot contradict it.

    python -m streams.cli.reference docs/operations.md

This writes them between the markers `<!-- NAME -->` and `<!-- /NAME -->` of the file.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from prometheus_client import Metric
from pydantic.fields import FieldInfo

from streams.harvest.metrics import HarvestMetrics
from streams.ops.metrics import Metrics
from streams.settings import PREFIX, Settings
from streams.verification.differences import MEANINGS

__all__ = ["differences_table", "filled", "harvest_metrics_table", "metrics_table", "settings_table"]

_BOUNDS = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}


def settings_table() -> str:
    """Return a Markdown table of all settings, with default, values and meaning."""
    rows = [
        (f"`{PREFIX}{name.upper()}`", _default(field.default), _values(field), field.description or "")
        for name, field in Settings.model_fields.items()
    ]
    return _table(("variable", "default", "values", "meaning"), rows)


def metrics_table() -> str:
    """Return a Markdown table of all metrics, with kind, labels and meaning."""
    rows = [
        (f"`{info.name}`", info.kind, ", ".join(info.labels), info.meaning)
        for info in sorted(Metrics().described, key=lambda info: info.name)
    ]
    return _table(("name", "kind", "labels", "meaning"), rows)


def harvest_metrics_table() -> str:
    """Return a Markdown table of the metrics of `streams harvest`."""
    rows = [
        (
            f"`{family.name}{'_total' if family.type == 'counter' else ''}`",
            family.type,
            _labels(family),
            family.documentation,
        )
        for family in HarvestMetrics("x").registry.collect()
        if not family.name.startswith("streams_harvest_process")
    ]
    return _table(("name", "kind", "labels", "meaning"), sorted(rows))


def differences_table() -> str:
    """Return a Markdown table of all differences that `streams verify` reports, with meaning and what to do."""
    rows = [(f"`{code}`", meaning.what, meaning.do) for code, meaning in MEANINGS.items()]
    return _table(("code", "what it means", "what to do"), rows)


def filled(text: str) -> str:
    """Return `text` with the tables between its markers replaced. Raises ValueError when a marker is missing."""
    tables = {
        "settings": settings_table(),
        "metrics": metrics_table(),
        "harvest-metrics": harvest_metrics_table(),
        "differences": differences_table(),
    }
    for name, table in tables.items():
        pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        if not pattern.search(text):
            raise ValueError(f"no markers <!-- {name} --> and <!-- /{name} -->")
        text = pattern.sub(lambda found, table=table: f"{found[1]}{table}{found[2]}", text)  # type: ignore[misc]
    return text


def _labels(family: Metric) -> str:
    return ", ".join(sorted({label for sample in family.samples for label in sample.labels}))


def _default(value: Any) -> str:
    if not str(value):
        return "(empty)"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _values(field: FieldInfo) -> str:
    if get_origin(field.annotation) is Literal:
        return ", ".join(f"`{value}`" for value in get_args(field.annotation) if value)
    if field.annotation is bool:
        return "`true`, `false`"
    bounds = [
        f"{sign} {getattr(rule, name)}"
        for rule in field.metadata
        for name, sign in _BOUNDS.items()
        if hasattr(rule, name)
    ]
    kind = "whole number" if field.annotation is int else "number" if field.annotation is float else "text"
    return " ".join([kind, " and ".join(bounds)]).strip()


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(filled(path.read_text(encoding="utf-8")), encoding="utf-8")
