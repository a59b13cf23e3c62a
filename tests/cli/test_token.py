"""`streams token`, as a command: what it prints, where it writes, and what its exit codes are."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from streams.cli import main
from streams.serve.tokens import TokenReader


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["streams", "token", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


def test_a_token_is_shown_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ["--data-dir", str(tmp_path)]
    assert run(monkeypatch, "create", "ada", "--scope", "curate", *where) == 0
    token = capsys.readouterr().out.strip()
    found = TokenReader(tmp_path / "tokens").find(token)
    assert found is not None
    assert (found.name, found.scope) == ("ada", "curate")
    assert run(monkeypatch, "list", "--json", *where) == 0
    assert json.loads(capsys.readouterr().out) == [{"name": "ada", "scope": "curate"}]
    assert run(monkeypatch, "list", *where) == 0
    assert capsys.readouterr().out.split() == ["name", "scope", "ada", "curate"]
    assert run(monkeypatch, "revoke", "ada", *where) == 0
    assert run(monkeypatch, "revoke", "ada", *where) == 2
    assert "there is no token named ada" in capsys.readouterr().err
    assert run(monkeypatch, "create", "ada", "--scope", "all", *where) == 2
    assert TokenReader(tmp_path / "tokens").find(token) is None


def test_the_file_of_the_settings_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STREAMS_SERVE_TOKENS_FILE", str(tmp_path / "mine"))
    assert run(monkeypatch, "create", "ada") == 0
    token = capsys.readouterr().out.strip()
    assert token not in (tmp_path / "mine").read_text()
    assert len(TokenReader(tmp_path / "mine")) == 1
