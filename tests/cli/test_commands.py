"""Exit codes and messages of the command line, without servers: 0 done, 1 failed, 2 wrong usage."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from streams.cli.commands import app

COMMANDS = (
    "compare",
    "correct",
    "demo",
    "doctor",
    "evaluate",
    "explain",
    "harvest",
    "history",
    "run",
    "send",
    "tail",
    "up",
    "verify",
    "worker",
)
Said = tuple[int, str, str]


def test_the_list_of_commands_is_whole() -> None:
    names = {command.name or command.callback.__name__ for command in app.registered_commands if command.callback}
    assert set(COMMANDS) <= names | {group.name for group in app.registered_groups}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_teaches_its_use(say: Callable[..., Said], command: str) -> None:
    code, out, _ = say(command, "--help")
    assert code == 0
    assert "Usage:" in out
    assert len(out) > 200


@pytest.mark.parametrize("command", ["list", "show", "retry", "drop"])
def test_what_can_be_done_with_dead_letters_teaches_its_use(say: Callable[..., Said], command: str) -> None:
    code, out, _ = say("dead-letter", command, "--help")
    assert code == 0
    assert "Usage:" in out
    assert command in say("dead-letter", "--help")[1]


def test_without_a_command_it_shows_them_all(say: Callable[..., Said]) -> None:
    code, out, err = say()
    assert code == 2
    assert all(command in out + err for command in COMMANDS)


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (["nonsense"], "nonsense"),
        (["run", "file"], "--out"),
        (["run", "--out", "d"], "FILE"),
        (["send", "x.jsonl"], "--source"),
        (
            ["tail", "everything"],
            "decisions, events, clusters, review or dead-letter|decisions, events, clusters, review, dead-letter",
        ),
        (["tail", "-n", "0"], "-n"),
        (["explain"], "RECORD"),
        (["demo", "--fast"], "--fast"),
        (["dead-letter", "show"], "ORIGIN"),
        (["dead-letter", "list", "--limit", "0"], "--limit"),
        (["verify", "--wait", "-1"], "--wait"),
        (["verify", "--most", "-1"], "--most"),
        (["rebuild", "--drop", ""], "--drop"),
    ],
)
def test_wrong_usage_is_2_and_says_what(say: Callable[..., Said], arguments: list[str], names: str) -> None:
    code, out, err = say(*arguments)
    assert code == 2
    assert any(name in out + err for name in names.split("|"))
    assert "Traceback" not in err


@pytest.mark.parametrize("missing", ["kafka_url", "redis_url"])
def test_a_worker_without_its_servers_says_which_setting_names_them(say: Callable[..., Said], missing: str) -> None:
    given = {"kafka_url": "localhost:1", "redis_url": "redis://localhost:1"}
    del given[missing]
    code, _, err = say("worker", **given)
    assert code == 2
    assert f"STREAMS_{missing.upper()}" in err


@pytest.mark.parametrize(
    "command", [["tail"], ["verify"], ["explain", "a:1"], ["dead-letter", "list"], ["send", "--source", "arxiv", "-"]]
)
def test_where_nothing_runs_it_says_how_to_start_it(
    say: Callable[..., Said], command: list[str], tmp_path: Path
) -> None:
    code, _, err = say(*command, "--data-dir", tmp_path)
    assert code == 2
    assert "streams up" in err


@pytest.mark.parametrize(("command", "means"), [(["explain", "a:1"], 1), (["verify"], 3)])
def test_a_redis_that_is_not_there_is_named(say: Callable[..., Said], command: list[str], means: int) -> None:
    code, _, err = say(*command, kafka_url="127.0.0.1:1", redis_url="redis://127.0.0.1:1")
    assert code == means
    assert "127.0.0.1:1" in err
    assert "Traceback" not in err


def test_a_broker_that_is_not_there_is_1_and_named(say: Callable[..., Said]) -> None:
    code, _, err = say("tail", kafka_url="127.0.0.1:1", redis_url="redis://127.0.0.1:1")
    assert code == 1
    assert "127.0.0.1:1" in err
    assert "Unclosed" not in err


@pytest.mark.system
def test_a_file_that_cannot_be_read_or_an_unknown_source_is_2(say: Callable[..., Said], tmp_path: Path) -> None:
    code, _, err = say("run", "--out", tmp_path / "out", tmp_path / "missing.jsonl")
    assert code == 2
    assert "missing.jsonl cannot be read" in err
    code, _, err = say("run", "--out", tmp_path / "out", "--source", "nature", tmp_path / "missing.jsonl")
    assert code == 2
    assert "unknown source 'nature'" in err
    assert "semantic_scholar" in err
