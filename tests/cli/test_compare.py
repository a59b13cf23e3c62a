"""`streams compare`: one line out for each pair in, and a table for people."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from streams.cli.compare import compare
from streams.errors import UsageError
from streams.testing import labelled_pairs

PAPER = {
    "source": "arxiv",
    "id": "1810.04805",
    "title": "BERT: Pre-training of Deep Bidirectional Transformers for Language Understanding",
    "authors": ["Jacob Devlin", "Ming-Wei Chang", "Kenton Lee", "Kristina Toutanova"],
    "year": 2018,
    "arxiv_id": "1810.04805",
}
COPY = PAPER | {"source": "semantic_scholar", "id": "1", "authors": PAPER["authors"][:3], "arxiv_id": ""}  # type: ignore[index]
OTHER = {
    "source": "crossref",
    "id": "10.5555/x",
    "title": "Soil fungi after fire",
    "authors": ["A. Nobody"],
    "year": 1990,
}

app = typer.Typer()
app.command()(compare)


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


def write(path: Path, rows: list[Any]) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def test_one_line_for_each_pair_in_order(tmp_path: Path) -> None:
    pairs = write(tmp_path / "pairs.jsonl", [{"a": PAPER, "b": COPY, "label": "ignored"}, {"a": PAPER, "b": OTHER}])
    lines = [json.loads(line) for line in run("--pairs", pairs).splitlines()]
    assert [line["decision"] for line in lines] == ["duplicate", "distinct"]
    assert set(lines[0]) == {"decision", "score", "reasons", "ruleset"}
    assert lines[0]["reasons"]
    assert 0 <= lines[1]["score"] < lines[0]["score"] <= 1


def test_packed_files_and_standard_input_give_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = Path(write(tmp_path / "pairs.jsonl", list(labelled_pairs(2, 30))))
    plain = run("--pairs", str(pairs))
    packed = tmp_path / "pairs.jsonl.gz"
    packed.write_bytes(gzip.compress(pairs.read_bytes()))
    assert run("--pairs", str(packed)) == plain
    result = CliRunner().invoke(app, ["--pairs", "-"], input=pairs.read_bytes(), catch_exceptions=False)
    assert result.stdout == plain


def test_the_order_of_a_pair_does_not_matter(tmp_path: Path) -> None:
    rows = list(labelled_pairs(3, 60))
    turned = [{"a": row["b"], "b": row["a"]} for row in rows]
    assert run("--pairs", write(tmp_path / "a", rows)) == run("--pairs", write(tmp_path / "b", turned))


def test_a_pair_that_cannot_be_read_keeps_its_line(tmp_path: Path) -> None:
    path = tmp_path / "pairs.jsonl"
    broken = [b"{", b"[]", b'{"a": {}}', b'{"a": {"id": "1", "title": "T"}, "b": {"id": "2", "deleted": true}}']
    good = json.dumps({"a": PAPER, "b": COPY}).encode()
    path.write_bytes(b"\n".join([*broken, b"", good]) + b"\n")
    result = CliRunner().invoke(app, ["--pairs", str(path)], catch_exceptions=False)
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [line["decision"] for line in lines] == ["distinct"] * 4 + ["duplicate"]
    assert all(line["error"] and line["score"] == 0 and line["reasons"] == ["unreadable"] for line in lines[:4])
    assert "error" not in lines[4]
    assert "4 pairs could not be read" in result.stderr


def test_two_documents_are_shown_as_a_waterfall(tmp_path: Path) -> None:
    a, b = write(tmp_path / "a.json", [PAPER]), write(tmp_path / "b.json", [COPY])
    shown = run(a, b)
    for expected in (
        "title",
        "authors",
        "year",
        "before looking",
        "bits",
        "sum",
        "duplicate",
        "score",
        "reasons:",
        "█",
    ):
        assert expected in shown
    assert "\x1b" not in shown


def test_two_documents_as_json_add_up(tmp_path: Path) -> None:
    a, b = write(tmp_path / "a.json", [PAPER]), write(tmp_path / "b.json", [COPY])
    shown = json.loads(run(a, b, "--json"))
    assert shown["decision"] == "duplicate"
    assert {row["field"] for row in shown["comparisons"]} >= {"title", "authors", "year"}
    assert shown["prior"] + sum(row["weight"] for row in shown["comparisons"]) > 0


def test_the_preprint_policy_is_a_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    published = COPY | {
        "source": "crossref",
        "id": "10.5555/b",
        "doi": "10.5555/b",
        "journal": "J",
        "type": "journal-article",
    }
    pairs = write(tmp_path / "pairs.jsonl", [{"a": PAPER, "b": published}])
    assert json.loads(run("--pairs", pairs))["decision"] == "duplicate"
    monkeypatch.setenv("STREAMS_PREPRINTS", "separate")
    assert json.loads(run("--pairs", pairs))["decision"] != "duplicate"


@pytest.mark.parametrize(
    "arguments", [(), ("a.json",), ("a.json", "b.json", "--pairs", "p"), ("none-a.json", "none-b.json")]
)
def test_wrong_use_is_a_usage_error(arguments: tuple[str, ...]) -> None:
    with pytest.raises(UsageError):
        CliRunner().invoke(app, list(arguments), catch_exceptions=False)


def test_a_file_that_is_no_document_is_a_usage_error(tmp_path: Path) -> None:
    a = write(tmp_path / "a.json", [{"title": "no id"}])
    with pytest.raises(UsageError, match="no_identity"):
        CliRunner().invoke(app, [a, a], catch_exceptions=False)
