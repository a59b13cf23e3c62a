"""`streams match` as a command, on state that an engine has filled."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import orjson

from tests.cli.test_cli import Said
from tests.cli.test_lookup import run
from tests.query.test_lookup import OTHER, PAIR, TITLE

__all__ = ["run"]


def test_each_line_is_matched(run: Callable[..., Said], tmp_path: Path) -> None:
    file = tmp_path / "papers.jsonl"
    papers = [{"title": TITLE, "authors": PAIR}, {"title": "Lichens on basalt of the Faroe islands"}]
    file.write_bytes(b"\n".join(map(orjson.dumps, papers)))
    code, out, _ = run("match", "--json", file)
    assert code == 0
    same, new = map(orjson.loads, out.splitlines())
    assert same["clusters"][0]["joins"]
    assert same["clusters"][0]["cluster_id"] == same["cluster_id"]
    assert (new["cluster_id"], new["clusters"]) == ("", [])


def test_the_payload_of_a_source_is_matched_and_shown(run: Callable[..., Said], tmp_path: Path) -> None:
    file = tmp_path / "crossref.json"
    authors = [{"given": "Grace", "family": "Hopper"}]
    file.write_bytes(orjson.dumps({"DOI": "10.5555/bbb.2", "title": [OTHER], "author": authors}))
    code, out, _ = run("match", file, "--source", "crossref")
    assert code == 0
    assert "would be in cluster" in out
    assert "mine:3" in out


def test_what_cannot_be_read_is_1_and_the_rest_is_matched(run: Callable[..., Said], tmp_path: Path) -> None:
    file = tmp_path / "papers.jsonl"
    file.write_bytes(orjson.dumps({"id": "7"}) + b"\n" + orjson.dumps({"title": TITLE, "authors": PAIR}))
    code, out, _ = run("match", "--json", file)
    broken, same = map(orjson.loads, out.splitlines())
    assert (code, bool(broken["code"]), same["clusters"][0]["joins"]) == (1, True, True)


def test_an_unknown_source_is_wrong_usage(run: Callable[..., Said], tmp_path: Path) -> None:
    file = tmp_path / "papers.jsonl"
    file.write_bytes(b"{}")
    assert run("match", file, "--source", "nonsense")[0] == 2
