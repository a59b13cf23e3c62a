"""`streams evaluate`: the numbers people and programs read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from streams.cli.evaluate import evaluate
from streams.errors import UsageError

app = typer.Typer()
app.command()(evaluate)

CLUSTERS = [
    {"cluster_id": "c1", "revision": 1, "records": ["s:1", "t:2"], "document": {}},
    {"cluster_id": "c2", "revision": 1, "records": ["s:3"], "document": {}},
]


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    rows: dict[str, list[dict[str, Any]]] = {
        "clusters": CLUSTERS,
        "gold": [{"record": "s:1", "cluster": "A"}, {"record": "t:2", "cluster": 1}, {"record": "s:3", "cluster": 1}],
        "cross": [{"a": "s:1", "b": "t:2"}, {"a": "s:3", "b": "t:9"}],
        "pairs": [
            {"a": {"source": "s", "id": "1"}, "b": {"source": "t", "id": "2"}, "label": "duplicate"},
            {"a": {"source": "s", "id": "1"}, "b": {"source": "s", "id": "3"}, "label": "distinct"},
            {"a": {"source": "s", "id": "3"}, "b": {"source": "t", "id": "2"}, "label": "unsure"},
        ],
        "decisions": [{"a": "t:2", "b": "s:1", "decision": "duplicate", "score": 1, "reasons": [], "ruleset": "x"}],
        "lines": [{"decision": "duplicate"}, {"decision": "review"}, {"decision": "distinct"}],
    }
    for name, content in rows.items():
        (tmp_path / name).write_text("".join(json.dumps(row) + "\n" for row in content))
    return {name: str(tmp_path / name) for name in rows}


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


def test_clusters_against_gold(files: dict[str, str]) -> None:
    arguments = ("--clusters", files["clusters"], "--gold", files["gold"])
    scores = json.loads(run(*arguments, "--json"))
    assert scores["pairs"] == {"precision": 0, "recall": 0, "f1": 0, "correct": 0, "predicted": 1, "gold": 1}
    assert scores["over_merged"] == [[["s:1"], ["t:2"]]]
    assert scores["under_merged"] == [[["s:3"], ["t:2"]]]
    shown = run(*arguments)
    for expected in ("precision", "B-cubed", "over-merged", "under-merged", "s:1  |  t:2"):
        assert expected in shown
    assert "\x1b" not in shown


def test_clusters_against_pairs_across_sources(files: dict[str, str]) -> None:
    scores = json.loads(run("--clusters", files["clusters"], "--gold", files["cross"], "--json"))
    assert (scores["pairs"]["precision"], scores["pairs"]["recall"]) == (1, 0.5)
    assert scores["missed"] == [["s:3", "t:9"]]
    assert "missed" in run("--clusters", files["clusters"], "--gold", files["cross"])


def test_decisions_against_labelled_pairs_by_record_id(files: dict[str, str]) -> None:
    scores = json.loads(run("--decisions", files["decisions"], "--pairs", files["pairs"], "--json"))
    assert (scores["pairs"]["f1"], scores["total"], scores["unsure"]) == (1, 2, 1)


def test_lines_of_compare_against_labelled_pairs_in_order(files: dict[str, str]) -> None:
    arguments = ("--decisions", files["lines"], "--pairs", files["pairs"])
    scores = json.loads(run(*arguments, "--json"))
    assert (scores["pairs"]["f1"], scores["review"], scores["review_share"]) == (1, 1, 0.5)
    assert "left for review: 1 (50.0%)" in run(*arguments)


def test_what_does_not_align_is_refused(files: dict[str, str], tmp_path: Path) -> None:
    short = tmp_path / "short"
    short.write_text('{"decision": "duplicate"}\n')
    with pytest.raises(UsageError, match="1 decisions for 3 pairs"):
        run("--decisions", str(short), "--pairs", files["pairs"])


@pytest.mark.parametrize(
    "options", [(), ("clusters",), ("clusters", "pairs"), ("clusters", "gold", "decisions", "pairs")]
)
def test_options_go_in_twos(files: dict[str, str], options: tuple[str, ...]) -> None:
    arguments = [part for name in options for part in (f"--{name}", files[name])]
    with pytest.raises(UsageError, match="--clusters with --gold"):
        run(*arguments)


def test_a_file_of_another_kind_is_refused(files: dict[str, str]) -> None:
    with pytest.raises(UsageError, match='has no "records"'):
        run("--clusters", files["lines"], "--gold", files["gold"])
