"""A process that restarts is the same process with the same command, and begins anew."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PROGRAM = """
import os, sys
from streams.worker.restart import restart

lives = open(sys.argv[1], "a+")
print(os.getpid(), os.environ["MINE"], file=lives, flush=True)
lives.seek(0)
if len(lives.readlines()) < 3:
    restart()
"""


def test_it_begins_anew_with_the_same_number_command_and_environment(tmp_path: Path) -> None:
    lives = tmp_path / "lives"
    command = [sys.executable, "-c", PROGRAM, str(lives)]
    process = subprocess.Popen(command, env={**os.environ, "MINE": "kept"}, cwd=Path(__file__).parents[2])
    assert process.wait(timeout=60) == 0
    assert lives.read_text().splitlines() == [f"{process.pid} kept"] * 3
