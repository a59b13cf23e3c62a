"""Ports are reserved among processes."""

from __future__ import annotations

import subprocess
import sys

import pytest

from streams.local import ports
from streams.local.broker import free_port

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="nothing is held on other systems")


def test_a_port_is_held_against_this_process_and_others() -> None:
    port = free_port()
    assert not ports.reserve(port)
    script = f"from streams.local.ports import reserve; print(reserve({port}), reserve({free_port() + 40_000}))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"], "another port is to be had"


def test_a_port_is_given_up_after_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    monkeypatch.setattr(ports, "_HELD_SECONDS", -1.0)
    assert ports.reserve(port)
