"""What `streams demo --page` refuses; tests/system/test_commands_live.py runs it."""

from __future__ import annotations

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
