"""`streams serve`: what it refuses; tests/serve/test_process.py runs it."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from streams.cli import serve as module
from streams.cli.commands import app
from streams.errors import SettingsError, UsageError


def test_without_servers_or_the_extra_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STREAMS_REDIS_URL", "redis://127.0.0.1:1")
    refused = CliRunner().invoke(app, ["serve"]).exception
    assert isinstance(refused, SettingsError)
    assert refused.setting == "STREAMS_KAFKA_URL"
    monkeypatch.setattr(module, "can_serve", lambda: False)
    without = CliRunner().invoke(app, ["serve"]).exception
    assert isinstance(without, UsageError)
    assert "streams-dedup[serve]" in str(without)


def test_a_malformed_file_of_webhooks_ends_it_before_it_serves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "webhooks.toml"
    file.write_text('[[endpoint]]\nname = "a"\nurl = "ftp://a.example.org"\n')
    monkeypatch.setenv("STREAMS_KAFKA_URL", "127.0.0.1:1")
    monkeypatch.setenv("STREAMS_REDIS_URL", "redis://127.0.0.1:1")
    monkeypatch.setenv("STREAMS_WEBHOOKS_FILE", str(file))
    done = CliRunner().invoke(app, ["serve"])
    assert isinstance(done.exception, SettingsError)
    assert str(done.exception).startswith(f"STREAMS_WEBHOOKS_FILE: line 3 of {file}: ")
    assert "API on" not in done.output
