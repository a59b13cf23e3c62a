"""`streams lookup` as a command, on state that an engine has filled."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable

import orjson
import pytest

from streams.settings import Settings
from streams.state.connection import Connection
from tests.cli.test_cli import Said
from tests.query.conftest import Library
from tests.query.test_lookup import OTHER, PAIR, TITLE


@pytest.fixture
def run(
    generation: Settings, new_connection: Callable[[], Connection], say: Callable[..., Said]
) -> Callable[..., Said]:
    library = Library(generation, new_connection(), new_connection())
    library.send("mine:1", title=TITLE, authors=PAIR, year=2015, doi="10.5555/aaa.1")
    library.send("mine:2", title=TITLE, authors=PAIR, year=2015, pmid="31452104")
    library.send("mine:3", title=OTHER, authors=["Grace Hopper"], year=2015)
    settings = {"redis_url": generation.redis_url, "generation": generation.generation, "buckets": generation.buckets}
    return lambda *words: say(*words, **settings, kafka_url="unused:9092")


def test_clusters_are_printed_with_their_records(run: Callable[..., Said]) -> None:
    code, out, _ = run("lookup", "https://doi.org/10.5555/AAA.1", "mine:3")
    assert code == 0
    assert TITLE in out
    assert OTHER in out
    assert "mine:1, mine:2" in out


def test_json_has_one_line_for_each_and_what_is_unknown_is_1(run: Callable[..., Said]) -> None:
    code, out, _ = run("lookup", "--json", "pmid:31452104", "10.5555/none", "nonsense")
    assert code == 1
    found, unknown, malformed = map(orjson.loads, out.splitlines())
    assert found["clusters"][0]["records"] == ["mine:1", "mine:2"]
    assert found["records"] == [{"record": "mine:2", "cluster_id": found["clusters"][0]["cluster_id"]}]
    assert (unknown["code"], malformed["code"]) == ("unknown_identifier", "malformed")


def test_lines_of_standard_input_are_looked_up(run: Callable[..., Said], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("mine:1\n\nmine:3\n"))
    code, out, _ = run("lookup", "--json", "-")
    assert (code, [orjson.loads(line)["asked"] for line in out.splitlines()]) == (0, ["mine:1", "mine:3"])


def test_what_is_not_found_is_said_on_standard_error(run: Callable[..., Said]) -> None:
    code, out, err = run("lookup", "mine:9")
    assert (code, out) == (1, "")
    assert "no record 'mine:9' is known" in err


def test_an_empty_text_is_wrong_usage(run: Callable[..., Said]) -> None:
    assert run("lookup", " ")[0] == 2
