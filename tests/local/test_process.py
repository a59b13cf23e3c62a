"""Supervision of one child process, on real processes."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from streams.errors import EmbeddedError
from streams.local.process import Child, wait_until

Until = Callable[[Callable[[], bool], str], None]
Runs = Callable[[int], bool]
STUBBORN = """
import signal, sys, pathlib
signal.signal(signal.SIGTERM, lambda *_: pathlib.Path(sys.argv[1]).touch())
pathlib.Path(sys.argv[2]).touch()
while True:
    signal.pause()
"""


def sleeper(folder: Path) -> Child:
    return Child("sleeper", ["sleep", "600"], folder / "log")


def test_a_stopped_child_leaves_neither_server_nor_guard(tmp_path: Path, runs: Runs) -> None:
    child = sleeper(tmp_path)
    child.start()
    guard = os.getpgid(child.pid)
    assert child.poll() is None
    assert runs(child.pid)
    child.stop()
    assert child.poll() == "signal 15"
    assert not runs(child.pid)
    assert not runs(guard)
    child.stop()  # again: nothing to do


def test_child_and_parent_do_not_share_a_session(tmp_path: Path) -> None:
    child = sleeper(tmp_path)
    child.start()
    try:
        assert os.getsid(child.pid) != os.getsid(0)
        assert os.getpgid(child.pid) != os.getpgid(0)
    finally:
        child.stop()


def test_a_child_deaf_to_sigterm_is_killed_after_its_grace(tmp_path: Path, until: Until, runs: Runs) -> None:
    heard, ready = tmp_path / "heard", tmp_path / "ready"
    child = Child("stubborn", [sys.executable, "-c", STUBBORN, str(heard), str(ready)], tmp_path / "log", grace=0.3)
    child.start()
    until(ready.exists, "the child ignores SIGTERM")
    before = time.monotonic()
    child.stop()
    assert heard.exists()
    assert 0.3 <= time.monotonic() - before < 5
    assert not runs(child.pid)
    assert child.poll() == "signal 9"


def test_the_death_of_a_child_is_noticed_with_its_last_words(tmp_path: Path, until: Until) -> None:
    child = Child("talker", ["sh", "-c", "echo no room on the disk; exit 3"], tmp_path / "log")
    child.start()
    until(lambda: child.poll() is not None, "the end of the child")
    assert child.poll() == "exit code 3"
    with pytest.raises(EmbeddedError, match=r"talker does not run any more \(exit code 3\); it last said:\n  no room"):
        child.check()


def test_a_program_that_does_not_exist_is_an_error_with_its_name(tmp_path: Path) -> None:
    child = Child("ghost", ["/nonexistent/ghost"], tmp_path / "log")
    with pytest.raises(EmbeddedError, match=r"ghost cannot be started: .*/nonexistent/ghost"):
        child.start()
    assert child.poll() is not None


def test_a_child_that_never_answers_is_stopped(tmp_path: Path, runs: Runs) -> None:
    child = sleeper(tmp_path)
    child.start()
    with pytest.raises(EmbeddedError, match=r"sleeper does not answer after 0\.1 seconds"):
        wait_until(child, lambda: False, 0.1)
    assert not runs(child.pid)


def test_a_child_that_is_loading_gets_more_time(tmp_path: Path) -> None:
    child = sleeper(tmp_path)
    child.start()
    answers = iter([None] * 10 + [True])
    try:
        wait_until(child, lambda: next(answers), 0.01)
    finally:
        child.stop()
    assert next(answers, "all asked") == "all asked"


def test_a_child_that_dies_while_starting_is_not_waited_for(tmp_path: Path) -> None:
    child = Child("brief", ["sh", "-c", "echo bad flag; exit 1"], tmp_path / "log")
    child.start()
    with pytest.raises(EmbeddedError, match="bad flag"):
        wait_until(child, lambda: False, 60)


def test_a_running_child_is_not_started_twice_and_a_stopped_one_starts_again(tmp_path: Path) -> None:
    child = Child("echo", ["sh", "-c", "echo run $$; exec sleep 600"], tmp_path / "log")
    child.start()
    with pytest.raises(EmbeddedError, match="runs already"):
        child.start()
    first = child.pid
    child.kill()
    assert child.poll() == "signal 9"
    child.start()
    assert child.pid != first
    child.stop()
    assert (tmp_path / "log.previous").exists()
