"""The tutorials do what they say: their commands run in a shell, and print what is written below them."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from streams.local.broker import free_port
from tests.system.processes import Streams, wait_for

pytestmark = [pytest.mark.system, pytest.mark.long]

DOCS = Path(__file__).parents[2] / "docs"
TUTORIALS = DOCS / "tutorials"
EVENTS_PAGE = (DOCS / "events.md").read_text(encoding="utf-8")
PORT = "127.0.0.1:6060"
SEEN_SECONDS = 30


class Step(NamedTuple):
    """The commands of a block, and what is printed below it, empty where nothing is."""

    commands: str
    printed: list[str]


def steps(text: str) -> list[Step]:
    """Return the steps of a tutorial."""
    found: list[Step] = []
    for language, block in re.findall(r"^```(\w+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        if language == "sh":
            found.append(Step(block, []))
        else:
            found[-1].printed.append(block)
    return found


def agrees(written: str, printed: str) -> bool:
    """Whether what a tutorial shows was printed: without white space, and with anything in the place of each `…`."""
    parts = re.sub(r"\s", "", written).replace(",…,", "…,").replace("{…,", "{…").replace(",…", "…").split("…")
    return re.search(".*?".join(map(re.escape, parts)), re.sub(r"\s", "", printed)) is not None


@pytest.mark.parametrize(
    ("written", "printed", "same"),
    [
        ('{…, "a": 1, …}', '{"x":0,"a":1,"b":2}', True),
        ('{…, "a": 1, …}', '{"x":0,"a":2,"b":2}', False),
        ('{"a": [], …}\n{"b": 1}', '{"a":[],"c":3}{"b":1}', True),
        ("  token     streams_…", "token streams_abc", True),
    ],
)
def test_what_was_left_out_may_be_anything(written: str, printed: str, same: bool) -> None:
    assert agrees(written, printed) is same


class Shell:
    """A shell with `streams`, that keeps its variables from step to step."""

    def __init__(self, streams: Streams) -> None:
        self.streams = streams
        self.before = f'streams() {{ "{sys.executable}" -m streams "$@"; }}\n'

    def run(self, commands: str) -> str:
        if re.match(r"[A-Z]+=", commands):
            self.before += commands
            return ""
        done = subprocess.run(
            ["bash", "-euc", self.before + commands],
            env=self.streams.environment,
            cwd=self.streams.directory,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, f"{commands}\n{done.stdout}{done.stderr}"
        return done.stdout

    @contextmanager
    def follow(self, commands: str) -> Iterator[Callable[[], str]]:
        """Run commands in a terminal of their own; yields what reads their output so far."""
        path = self.streams.directory / "followed.txt"
        with path.open("wb") as output:
            process = subprocess.Popen(
                ["bash", "-uc", f"exec {commands}"],
                env=self.streams.environment | {"PYTHONUNBUFFERED": "1"},
                cwd=self.streams.directory,
                stdout=output,
                stderr=output,
            )
        try:
            yield path.read_text
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)


def test_the_tutorial_of_the_first_feed_prints_what_it_says(streams: Callable[..., Streams]) -> None:
    shell = Shell(streams())
    for step in steps((TUTORIALS / "first-feed.md").read_text(encoding="utf-8")):
        printed = shell.run(step.commands)
        assert [each for each in step.printed if not agrees(each, printed)] == [], printed


def test_the_tutorial_of_the_api_prints_what_it_says(streams: Callable[..., Streams]) -> None:
    port = f"127.0.0.1:{free_port()}"
    first, *others = steps((TUTORIALS / "api.md").read_text(encoding="utf-8").replace(PORT, port))
    streams_ = streams(http_port=0, serve_port=port.partition(":")[2])
    shell = Shell(streams_)
    shell.run(steps((TUTORIALS / "first-feed.md").read_text(encoding="utf-8"))[0].commands)
    assert first.commands == "streams up\n"
    with streams_.start("up"):
        wait_for(lambda: agrees(first.printed[0], streams_.output()), first.printed[0])
        token = re.search(r"streams_\S+", streams_.output())
        assert token is not None
        (number,) = [number for number, step in enumerate(others) if " -sN " in step.commands]
        for step in others[:number]:
            check(shell, Step(step.commands.replace("streams_…", token[0]), step.printed))
        with shell.follow(others[number].commands) as followed:
            wait_for(lambda: agrees(others[number].printed[0], followed()), others[number].printed[0])
            for step in others[number + 1 :]:
                ours, streamed = step.printed[:1], step.printed[1:]
                check(shell, Step(step.commands, ours))
                for each in streamed:
                    wait_for(lambda each=each: agrees(each, followed()), each)  # type: ignore[misc]


def test_the_tutorial_of_subscribing_keeps_a_copy(streams: Callable[..., Streams]) -> None:
    up, tail, send, follow = (
        step.commands for step in steps((TUTORIALS / "subscribing.md").read_text(encoding="utf-8"))
    )
    streams_ = streams(http_port=0)
    shell, python = Shell(streams_), f'"{sys.executable}"'
    shell.run(steps((TUTORIALS / "first-feed.md").read_text(encoding="utf-8"))[0].commands)
    (program,) = re.findall(r"^## Subscribing$.*?^```python\n(.*?)^```$", EVENTS_PAGE, re.MULTILINE | re.DOTALL)
    assert up == "streams up\n"
    with streams_.start("up"):
        broker = wait_for(
            lambda: re.search(r"127\.0\.0\.1:\d+", streams_.output().partition("Kafka")[2]), "the broker's address"
        )
        (streams_.directory / "follow.py").write_text(program.replace("localhost:9092", broker[0]), encoding="utf-8")
        with shell.follow(tail.replace("streams", f"{python} -m streams", 1)) as tailed:
            shell.run(send)
            wait_for(
                lambda: len(folded(tailed())) == 2 and "crossref:" in tailed() and "semantic_scholar:" in tailed(),
                "its events",
            )
            expected = folded(tailed())
        with shell.follow(follow.replace("python", python, 1)) as followed:
            printed = {name: f"{name} {records}" for name, records in expected.items()}
            wait_for(lambda: all(line in followed() for line in printed.values()), "the same from Python")
    assert sorted(map(len, expected.values())) == [1, 2]


def folded(lines: str) -> dict[str, list[str]]:
    """Return the records of each cluster after the events in JSON lines."""
    return {event["cluster_id"]: event["after"] for event in map(json.loads, lines.splitlines())}


def check(shell: Shell, step: Step) -> None:
    """Run a step until it prints what is written: questions, as a reader does who is faster than the worker; changes once."""
    deadline = time.monotonic() + (0 if "$TOKEN" in step.commands or "send" in step.commands else SEEN_SECONDS)
    while True:
        printed = shell.run(step.commands)
        if all(agrees(each, printed) for each in step.printed):
            return
        assert time.monotonic() < deadline, f"{step.commands}\nwritten: {step.printed}\nprinted: {printed}"
        time.sleep(0.2)
