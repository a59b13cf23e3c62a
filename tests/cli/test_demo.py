"""What `streams demo --page` refuses; tests/system/test_commands_live.py runs it."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from streams.cli import demo as module
from streams.cli.commands import app
from streams.errors import UsageError


def test_the_page_needs_its_extra_and_servers_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STREAMS_REDIS_URL", "redis://127.0.0.1:1")
    refused = CliRunner().invoke(app, ["demo", "--page"]).exception
    assert isinstance(refused, UsageError)
    assert "STREAMS_REDIS_URL" in str(refused)
    monkeypatch.setattr(module, "can_serve", lambda: False)
    without = CliRunner().invoke(app, ["demo", "--page"]).exception
    assert isinstance(without, UsageError)
    assert "streams-dedup[serve]" in str(without)


def test_what_comes_next_is_called_as_the_demo_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    program = tmp_path / ".venv/bin/streams"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", "/nowhere")
    called = module._called
    assert called(".venv/bin/streams") == called(str(program)) == ".venv/bin/streams"
    assert called("/opt/elsewhere/bin/streams") == "/opt/elsewhere/bin/streams"
    assert called("/opt/streams/__main__.py") == "streams"
    monkeypatch.setenv("PATH", str(program.parent))
    assert called(str(program)) == "streams"
