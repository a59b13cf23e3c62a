from __future__ import annotations

from pathlib import Path

import pytest

from streams.cli.reference import filled, metrics_table, settings_table
from streams.ops.metrics import Metrics
from streams.settings import PREFIX, Settings

OPERATIONS = Path(__file__).parents[2] / "docs" / "operations.md"


def test_the_tables_of_the_documentation_are_current() -> None:
    text = OPERATIONS.read_text(encoding="utf-8")
    assert filled(text) == text, "run: python -m streams.cli.reference docs/operations.md"


def test_every_setting_and_metric_has_a_row_with_a_meaning() -> None:
    for name in Settings.model_fields:
        assert f"| `{PREFIX}{name.upper()}` | " in settings_table()
    for info in Metrics().described:
        assert f"| `{info.name}` | {info.kind} | " in metrics_table()
    rows = (settings_table() + metrics_table()).splitlines()
    assert all(row.split(" | ")[-1].removesuffix(" |").strip() for row in rows)


def test_limits_and_choices_are_told() -> None:
    rows = {row.split("`")[1]: row for row in settings_table().splitlines()[2:]}
    assert "whole number ≥ 0 and ≤ 65535" in rows["STREAMS_HTTP_PORT"]
    assert "number ≥ 0 and ≤ 10" in rows["STREAMS_BATCH_SECONDS"]
    assert "`keep`, `drop`" in rows["STREAMS_ABSTRACTS"]
    assert "| `false` | `true`, `false` |" in rows["STREAMS_REDIS_CLUSTER"]
    assert "| (empty) | text |" in rows["STREAMS_KAFKA_URL"]


def test_a_file_without_markers_is_refused() -> None:
    with pytest.raises(ValueError, match="<!-- settings -->"):
        filled("no markers")
