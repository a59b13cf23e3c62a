"""The bench: it measures what is there, by the rules of the product."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from itertools import combinations
from pathlib import Path
from typing import Any

import orjson
import pytest

from streams.matching.features import extract
from streams.testing import generate

BENCH = Path(__file__).parents[2] / "bench"


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scripts of the bench import each other as modules beside them."""
    monkeypatch.syspath_prepend(str(BENCH))


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(BENCH / "evaluate.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=240)


def write(path: Path, rows: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(b"\n".join(map(orjson.dumps, rows))))


def labelled(folder: Path) -> None:
    """Sets of the labelled forms, made of generated works."""
    made = {m.record_id: m for m in generate(5, 60) if m.live and m.event == "new"}
    lot = list(made.values())
    write(folder / "stroke" / "feed.jsonl.gz", [m.document for m in lot])
    write(folder / "stroke" / "gold.jsonl.gz", [{"record": m.record_id, "cluster": m.work} for m in lot])
    pairs = [
        {"pair": f"p{n}", "a": a.document, "b": b.document, "label": "duplicate" if a.work == b.work else "distinct"}
        for n, (a, b) in enumerate(combinations(lot[:40], 2))
    ]
    write(folder / "archive_pairs" / "pairs.jsonl.gz", pairs)


def test_the_sets_of_our_own_are_always_measured_and_absent_ones_named(tmp_path: Path) -> None:
    done = run("--data", str(tmp_path), "--works", "300", "--json")
    scores = {row["set"]: row for row in json.loads(done.stdout)}
    assert set(scores) == {"generated", "demo"}
    # Far below what is measured (docs/evaluation.md): this test is of the bench, not of the rules.
    assert all(float(row["F1"]) > 0.85 and float(row["blocking recall"]) > 0.9 for row in scores.values())
    assert "dblp_scholar: not here, passed over" in done.stderr


def test_the_report_has_scores_held_out_scores_order_and_errors(tmp_path: Path) -> None:
    labelled(tmp_path / "data")
    docs = tmp_path / "docs"
    names = ["stroke", "archive_pairs", "demo"]
    run("--data", str(tmp_path / "data"), "--seeds", "2", "--write", "--docs", str(docs), "--sets", *names)
    text = (docs / "evaluation.md").read_text()
    for head in ("What was asked", "Held out", "Order of arrival", "What each kind of key adds", "Errors by category"):
        assert f"\n## {head}\n" in text
    assert text.count("one partition over 2 orders") == len(names)
    pytest.importorskip("matplotlib")
    assert sorted(path.name for path in (docs / "plots").iterdir()) == ["precision-recall.svg", "reliability.svg"]


def test_no_text_of_labelled_data_is_written(tmp_path: Path) -> None:
    labelled(tmp_path / "data")
    docs = tmp_path / "docs"
    run("--data", str(tmp_path / "data"), "--seeds", "0", "--write", "--docs", str(docs), "--sets", "stroke")
    text = (docs / "evaluation.md").read_text()
    titles = {m.document["title"] for m in generate(5, 60) if m.document.get("title")}
    assert not [title for title in titles if len(title) > 15 and title in text]


@pytest.mark.usefixtures("bench")
def test_a_full_key_keeps_the_smallest_ids() -> None:
    from sets import generated_set
    from world import KEY_CAP, World

    record = next(iter(generated_set(1).records.values()))
    copies = {f"s:{number}": extract(record) for number in range(KEY_CAP + 10)}
    world = World(copies)
    everybody = range(len(copies))
    met = world.arrive(everybody)
    assert not any(a >= KEY_CAP and b >= KEY_CAP for a, b in met), "the largest ids found only those that are kept"
    backwards = world.arrive(reversed(everybody))
    assert (KEY_CAP, KEY_CAP + 1) in backwards, "they were met while the key still had room"
    assert world.full_keys() == len(set(world.keys[0]))


@pytest.mark.usefixtures("bench")
def test_the_engine_and_the_simulation_agree(valkey: Any) -> None:
    from order import measure
    from sets import demo_set

    found = measure("demo", demo_set().records, 3, 2, valkey.url)
    assert (found.partitions, found.moved) == (1, 0)
    assert found.engine == (2, 1, 0)
