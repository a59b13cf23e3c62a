"""The receiver of docs/how-to/webhooks.md runs: it verifies, keeps each event once over a kill, and folds."""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
import subprocess
import sys
import tomllib
import urllib.error
import urllib.request
from contextlib import closing
from pathlib import Path

import pytest

import streams
from streams.events import Outgoing
from streams.local.broker import free_port
from streams.settings import Settings
from streams.webhooks.configuration import read_webhooks
from streams.webhooks.delivery import new_secret
from streams.webhooks.schedule import WAITS
from tests.client.topics import publish
from tests.webhooks.feed import dispatching, events_of, run, until

pytestmark = [pytest.mark.system, pytest.mark.long]

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "how-to" / "webhooks.md").read_text(encoding="utf-8")
RECIPES = dict(re.findall(r'^```python title="(\S+)"\n(.*?)^```$', PAGE, re.MULTILINE | re.DOTALL))


class Program:
    """The recipe as a process."""

    def __init__(self, directory: Path) -> None:
        self.port, self.secret, self._directory = free_port(), new_secret(), directory
        (directory / "receiver.py").write_text(RECIPES["receiver.py"].replace("8080", str(self.port)))
        self.start()

    def start(self) -> None:
        environment = {"WEBHOOK_SECRET": self.secret, "PYTHONPATH": str(ROOT)}
        with (self._directory / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "receiver.py"], cwd=self._directory, env=environment, stdout=log, stderr=log
            )

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def ask(self, path: str, body: bytes | None = None) -> tuple[int, str]:
        """The status and text that it answers with; 0 where it does not run yet."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/{path}", body)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - on loopback
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, ""
        except OSError:
            return 0, ""

    def rows(self) -> list[tuple[str, str]]:
        with closing(sqlite3.connect(self._directory / "events.db")) as database:
            return database.execute("select id, body from event").fetchall()


def test_it_keeps_each_event_once_and_folds_also_when_it_is_killed(topics: Settings, tmp_path: Path) -> None:
    sent = events_of(30, 4)
    view, expected = streams.ClusterView(), streams.ClusterView()
    for message in sent:
        expected.apply(message.value)

    async def story() -> None:
        await until(lambda: program.ask("x:1")[0] == 404, "it runs")
        assert program.ask("", b"{}")[0] == 401
        file = tmp_path / "webhooks.toml"
        file.write_text(
            f'allow_networks = ["127.0.0.1"]\nallow_http = ["127.0.0.1"]\n[[endpoint]]\nname = "a"\n'
            f'url = "http://127.0.0.1:{program.port}/"\nsecrets = ["{program.secret}"]\nstart = "beginning"\n'
        )
        file.chmod(0o600)
        half = len(sent) // 2
        await publish(topics, sent[:half])
        async with dispatching(topics, file, (0.2,)) as hooks:
            await until(lambda: hooks.state().taken > 0, "it takes events")
            program.kill()
            await publish(topics, sent[half:], [_again(sent[0])])
            await until(lambda: hooks.state().status == "retrying", "it does not answer")
            program.start()
            await until(lambda: len(program.rows()) == len(sent), "it has all events")
            await until(lambda: hooks.state().taken > len(sent), "and was sent one again")
            for record in ("none:1", *(state.records[0] for state in expected)):
                cluster = expected.cluster_of(record)
                found = await asyncio.to_thread(program.ask, record)
                assert found == ((200, cluster.id) if cluster else (404, ""))

    program = Program(tmp_path)
    try:
        run(story)
    finally:
        program.kill()
    for _, body in program.rows():
        view.apply(json.loads(body)["data"])
    assert {(each.id, each.records) for each in view} == {(each.id, each.records) for each in expected}


def _again(message: Outgoing) -> Outgoing:
    return Outgoing(message.topic, message.key, message.value)


def test_every_program_of_the_page_is_tested() -> None:
    assert list(RECIPES) == ["receiver.py"]
    assert len(re.findall(r"^```python", PAGE, re.MULTILINE)) == 1


def test_the_file_on_the_page_is_read(tmp_path: Path) -> None:
    (text,) = re.findall(r"^```toml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert tomllib.loads(text)["endpoint"]
    (tmp_path / "webhooks.toml").write_text(text)
    (tmp_path / "catalogue.secret").write_text(new_secret())
    (tmp_path / "catalogue.secret").chmod(0o600)
    (endpoint,) = read_webhooks(str(tmp_path / "webhooks.toml")).endpoints
    assert endpoint.name == "catalogue"


def test_the_waits_on_the_page_are_those_of_the_code() -> None:
    (said,) = re.findall(r"The waits are (.*?), each", PAGE)
    units = {"s": 1, "min": 60, "h": 3600}
    found = [float(number) * units[unit] for number, unit in re.findall(r"(\d+) (s|min|h)", said)]
    assert tuple(found) == WAITS
