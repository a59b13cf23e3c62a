"""`streams serve`: what it refuses; tests/serve/test_process.py runs it."""

from __future__ import annotations

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
