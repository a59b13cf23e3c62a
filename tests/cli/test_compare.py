"""`streams compare`: one line out for each pair in, and a table for people."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import orjson
import pytest
import typer
from typer.testing import CliRunner

from streams.cli.compare import compare, compare_lines
from streams.errors import UsageError
from streams.matching.decide import decide
from streams.matching.decision import Decision
from streams.matching.feature_values import Features
from streams.matching.ruleset import Rules
from streams.synthetic import labelled_pairs

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
    assert set(lines[0]) == set(lines[1]) == {"decision", "score", "reasons", "ruleset", "meets"}
    assert [line["meets"] for line in lines] == [True, False]
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
    assert [line["meets"] for line in lines] == [False] * 4 + [True]
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
    assert (shown["decision"], shown["meets"]) == ("duplicate", True)
    assert "warnings" not in shown
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
    a = write(tmp_path / "a.json", [PAPER])
    for number, (broken, said) in enumerate(
        [
            ({"id": "neither title nor identifier"}, "no_identity"),
            ({**PAPER, "source": "two words"}, "no_identity.*json/source"),
            ({**PAPER, "deleted": True}, "a delete"),
            ([], "not_a_paper"),
            ("text", "not_a_paper"),
        ]
    ):
        b = tmp_path / f"b{number}.json"
        b.write_text(json.dumps(broken))
        with pytest.raises(UsageError, match=said) as refused:
            CliRunner().invoke(app, [a, str(b)], catch_exceptions=False)
        assert str(b) in str(refused.value)
    (tmp_path / "c.json").write_text("{")
    with pytest.raises(UsageError, match=r"c\.json: not_json"):
        CliRunner().invoke(app, [str(tmp_path / "c.json"), a], catch_exceptions=False)


def bare(document: dict[str, Any], *kept: str) -> dict[str, Any]:
    """A document without id and source, but for what is kept."""
    return {name: value for name, value in document.items() if name not in ("id", "source") or name in kept}


def decided(tmp_path: Path, *rows: Any) -> list[dict[str, Any]]:
    return [json.loads(line) for line in run("--pairs", write(tmp_path / "pairs.jsonl", list(rows))).splitlines()]


def test_documents_of_a_pair_need_no_id(tmp_path: Path) -> None:
    for kept in ((), ("source",), ("id",)):
        full, without, empty, null = decided(
            tmp_path,
            {"a": PAPER, "b": COPY},
            {"a": bare(PAPER, *kept), "b": bare(COPY, *kept)},
            {"a": bare(PAPER, *kept), "b": {"id": " ", **bare(COPY, *kept)}},
            {"a": {"id": None, **bare(PAPER, *kept)}, "b": bare(COPY, *kept)},
        )
        assert full["decision"] == without["decision"] == "duplicate"
        assert without == empty == null
    a, b = write(tmp_path / "a.json", [bare(PAPER, "source")]), write(tmp_path / "b.json", [COPY])
    heads = run(a, b).splitlines()[:2]
    assert heads == [f"a: {PAPER['title']}", f"b: semantic_scholar:1  {COPY['title']}"]
    (zero,) = decided(tmp_path, {"a": {**PAPER, "id": 0}, "b": COPY})
    assert "error" not in zero, "a number is an id"


@pytest.mark.parametrize("without", [{}, {"source": ""}, {"source": None}, {"source": " "}])
def test_documents_without_a_source_are_of_two_feeds(without: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[tuple[str, str]] = []

    def seen(a: Features, b: Features, rules: Rules) -> Decision:
        taken.append((a.source, b.source))
        return decide(a, b, rules)

    monkeypatch.setattr("streams.cli.compare.decide", seen)
    pairs = [
        ({}, {}),
        ({"source": "b"}, {}),
        ({}, {"source": "a"}),
        ({}, {"source": "lakes"}),
        ({"source": "x"}, {"source": "x"}),
    ]
    rows = [{side: bare(PAPER) | without | given for side, given in zip("ab", pair, strict=True)} for pair in pairs]
    assert all("error" not in row for row in compare_lines(map(orjson.dumps, rows)))
    assert taken == [("a", "b"), ("b", "bb"), ("aa", "a"), ("a", "lakes"), ("x", "x")]


SHORT = {
    "title": "Stability of periodic travelling waves in thin films",
    "authors": ["Mara Olsen", "Ivo Petrov"],
    "year": 2011,
}


def test_it_says_when_a_feed_would_never_compare_the_two(tmp_path: Path) -> None:
    never = "so a feed never compares them"
    a, other = write(tmp_path / "a.json", [PAPER]), write(tmp_path / "other.json", [OTHER])
    copy = write(tmp_path / "copy.json", [COPY])
    assert never not in run(a, copy)
    assert f"The two share no blocking key, {never}." in run(a, other)
    assert json.loads(run(a, other, "--json"))["meets"] is False
    begins = {
        **SHORT,
        "title": "Stability of periodic travelling waves on rough ground",
        "authors": ["Q. Zhao"],
        "year": 1980,
    }
    b, c = write(tmp_path / "b.json", [SHORT]), write(tmp_path / "c.json", [begins])
    assert f"The two share only blocking keys that also need an author in common or close years, {never}." in run(b, c)


BROKEN = {**COPY, "doi": "see the journal", "year": "soon"}


def test_fields_that_could_not_be_read_are_shown_under_their_document(tmp_path: Path) -> None:
    a, b = write(tmp_path / "a.json", [PAPER]), write(tmp_path / "b.json", [BROKEN])
    lines = run(a, b).splitlines()
    assert [line[:2] for line in lines[:2]] == ["a:", "b:"], "nothing under the one that was read whole"
    assert lines[2].strip() == (
        "doi: could not be read as given (not a usable doi); year: could not be read as given (not a date)"
    )
    assert "could not be read" not in run(a, a)


def test_fields_that_could_not_be_read_are_named_in_the_row_of_a_pair(tmp_path: Path) -> None:
    whole, one, both = decided(
        tmp_path, {"a": PAPER, "b": COPY}, {"a": PAPER, "b": BROKEN}, {"a": {**PAPER, "year": True}, "b": BROKEN}
    )
    assert "warnings" not in whole
    assert one["warnings"] == {"a": [], "b": ["doi: not a usable doi", "year: not a date"]}
    assert both["warnings"]["a"] == ["year: expected a date, found bool"]
