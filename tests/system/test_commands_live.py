"""The commands people type, on real processes: demo, Ctrl-C, up, send, tail, explain, and a restart between."""

from __future__ import annotations

import contextlib
import re
import shutil
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from streams.settings import Settings
from tests.brokers import AnyBroker
from tests.system.processes import Streams, wait_for

pytestmark = pytest.mark.system

PAPER = {
    "source": "mine",
    "id": "1",
    "title": "Deep residual learning of sparse graphs",
    "authors": ["Ada Lovelace"],
    "year": 2015,
}


def test_the_demo_ends_in_time_and_leaves_nothing(streams: Callable[..., Streams]) -> None:
    streams_ = streams()
    began = time.monotonic()
    text = streams_.ok("demo", seconds=90)
    assert time.monotonic() - began < 60
    assert "records are" in text
    assert "together because" in text
    assert "dead letter from" in text
    assert "streams demo --page` serves" in text
    assert "\x1b[" not in text, "colours where nobody looks"
    streams_.check_nothing_is_left()


@pytest.mark.long
@pytest.mark.any_broker
def test_the_demo_serves_its_papers_as_a_page_until_ctrl_c(streams: Callable[..., Streams]) -> None:
    streams_ = streams()
    with streams_.start("demo", "--page") as demo:
        url = wait_for(lambda: re.search(r"The page is at (http://\S+)", streams_.output()), "the page is there", 90)[1]
        page = wait_for(lambda: "papers</h2>" in (found := html(url)) and found, "the papers are counted")
        assert "records are" in page
        assert "sign in with streams_" in streams_.output()
        streams_.interrupt(demo)
        assert demo.wait(25) == 0, streams_.output()
        streams_.check_nothing_is_left()
    assert "Traceback" not in streams_.output()


def html(url: str) -> str:
    with urllib.request.urlopen(urllib.request.Request(url, headers={"Accept": "text/html"}), timeout=20) as answer:  # noqa: S310
        return str(answer.read().decode())


@pytest.mark.parametrize("when", ["services start", "the worker works"])
def test_ctrl_c_ends_the_demo_cleanly(streams: Callable[..., Streams], when: str) -> None:
    streams_ = streams()
    with streams_.start("demo") as demo:
        if when == "services start":
            wait_for(lambda: len(streams_.processes()) > 1, "a server was started")
        else:
            wait_for(streams_.worker, "a worker was started")
        assert demo.poll() is None
        streams_.interrupt(demo)
        assert demo.wait(25) == 130, streams_.output()
        streams_.check_nothing_is_left()
    assert "Traceback" not in streams_.output()


@pytest.mark.any_broker
def test_a_worker_says_which_free_port_it_took(
    streams: Callable[..., Streams], new_broker: Callable[..., AnyBroker], new_generation: Callable[..., Settings]
) -> None:
    own = new_generation(kafka_url=new_broker().url, http_port=0)
    streams_ = streams(**own.model_dump(include={"kafka_url", "redis_url", "generation", "buckets", "http_port"}))
    with streams_.start("worker") as worker:
        said = wait_for(lambda: re.search(r"HTTP on http://(127.0.0.1:\d+)/", streams_.output()), "it says where")

        def ready() -> bool:
            with contextlib.suppress(OSError), urllib.request.urlopen(f"http://{said[1]}/readyz", timeout=2) as answer:
                return bool(answer.status == 200)
            return False

        wait_for(ready, "it answers there")
        worker.terminate()
        assert worker.wait(20) == 0, streams_.output()
    assert "Traceback" not in streams_.output()


class Up:
    """A running `streams up` and the commands that find it by its data directory."""

    def __init__(self, streams: Streams, data: Path) -> None:
        self.streams, self.data = streams, data

    def wait_ready(self) -> dict[str, Any]:
        path = self.data / "endpoints.json"
        wait_for(path.exists, "it says where it is")
        found: dict[str, Any] = orjson.loads(path.read_bytes())
        return found

    def send(self, *documents: dict[str, Any]) -> None:
        file = self.streams.directory / "documents.jsonl"
        file.write_bytes(b"".join(orjson.dumps(document) + b"\n" for document in documents))
        text = self.streams.ok("send", "--data-dir", self.data, "--source", "document", file)
        assert f"{len(documents)} payloads sent" in text

    def tail(self, what: str, most: int) -> list[dict[str, Any]]:
        text = self.streams.ok("tail", what, "--beginning", "-n", most, "--data-dir", self.data)
        return [orjson.loads(line) for line in text.splitlines()]

    def explain(self, *records: str) -> Any:
        done = self.streams("explain", *records, "--json", "--data-dir", self.data)
        return orjson.loads(done.stdout) if done.returncode == 0 else None


def get(where: dict[str, Any], path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://{where['http_host']}:{where['http_port']}{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def caller(where: dict[str, Any], token: str) -> Any:
    """Return who the API takes a request with this token for."""
    address = f"http://{where['serve_host']}:{where['serve_port']}/api/v1/session"
    request = urllib.request.Request(address, headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310 - on loopback
        return orjson.loads(answer.read())


@pytest.mark.long
def test_up_without_the_redis_that_the_topics_belong_to_says_so_and_waits(
    streams: Callable[..., Streams], new_broker: Callable[..., AnyBroker], tmp_path: Path
) -> None:
    streams_ = streams(http_port=0, kafka_url=new_broker().url)
    up = Up(streams_, tmp_path / "data")
    with streams_.start("up", "--data-dir", up.data) as process:
        up.wait_ready()
        up.send(PAPER)
        before = wait_for(lambda: up.explain("mine:1"), "the record was handled")
        streams_.interrupt(process)
        assert process.wait(25) == 0, streams_.output()
    shutil.rmtree(up.data / "redis")
    with streams_.start("up", "--data-dir", up.data) as process:
        wait_for(lambda: "Streams waits: Redis is empty" in streams_.output(), "it says so")
        assert streams_.output().count("Streams is up") == 1, "the first time"
        where = up.wait_ready()

        def says_why() -> bool:
            with contextlib.suppress(OSError):
                return "is lost" in get(where, "/readyz")[1]
            return False

        wait_for(says_why, "the worker says so too")
        assert len(up.tail("events", 1)) == 1, "nothing more was published"
        streams_.ok("rebuild", "--from-nothing", "--data-dir", up.data)
        wait_for(lambda: streams_.output().count("Streams is up") == 2, "it begins by itself")
        assert up.explain("mine:1")["cluster_id"] == before["cluster_id"]
        streams_.interrupt(process)
        assert process.wait(25) == 0, streams_.output()
    streams_.check_nothing_is_left()


@pytest.mark.long
def test_up_serves_and_remembers(streams: Callable[..., Streams], tmp_path: Path) -> None:
    streams_ = streams(http_port=0)
    up = Up(streams_, tmp_path / "data")
    with streams_.start("up", "--data-dir", up.data) as process:
        where = up.wait_ready()
        assert [get(where, path)[0] for path in ("/healthz", "/readyz", "/metrics")] == [200, 200, 200]
        said = wait_for(lambda: re.search(r"token +(streams_\S+)", streams_.output()), "it prints a token")
        assert caller(where, said[1]) == {"name": "local", "scope": "operate", "by": "token"}
        made = streams_.ok("token", "create", "ada", "--scope", "curate", "--data-dir", up.data).split()[0]
        assert caller(where, made) == {"name": "ada", "scope": "curate", "by": "token"}
        up.send(PAPER)
        wait_for(lambda: up.explain("mine:1"), "the first record was handled")
        # One after the other: they lie in two partitions, and the events differ with the order.
        up.send(PAPER | {"id": "2"})
        wait_for(lambda: up.explain("mine:2"), "the second record was handled")
        up.send(PAPER | {"id": "3", "title": "Erratum to: " + str(PAPER["title"])})
        wait_for(lambda: up.explain("mine:3"), "the third record was handled")
        found = up.tail("events", 5)
        assert {record for event in found for record in event["after"]} == {"mine:1", "mine:2", "mine:3"}
        decided = up.tail("decisions", 3)
        verdicts = {(d["a"], d["b"]): d["decision"] for d in decided}
        assert verdicts["mine:1", "mine:2"] == "duplicate"
        place = up.explain("mine:1")
        assert place["records"] == ["mine:1", "mine:2"]
        pair = up.explain("mine:1", "mine:3")
        assert not pair["together"]
        assert "streams_batch_records_total 3.0" in get(where, "/metrics")[1]
        refused = streams_("up", "--data-dir", up.data)
        assert refused.returncode == 1
        assert "in use" in refused.stderr
        streams_.interrupt(process)
        assert process.wait(25) == 0, streams_.output()
    assert streams_("explain", "mine:1", "--data-dir", up.data).returncode == 2, "nothing runs there now"
    streams_.check_nothing_is_left()

    with streams_.start("up", "--data-dir", up.data) as process:
        where = up.wait_ready()
        assert streams_.output().count("streams_") == 1, "the token is printed once"
        assert caller(where, said[1])["scope"] == "operate"
        assert up.explain("mine:1") == place
        states = up.tail("clusters", 2)
        assert place["cluster_id"] in {state["cluster_id"] for state in states}, "restored to the new broker"
        up.send(PAPER | {"source": "yours", "id": "9"})
        joined = wait_for(lambda: up.explain("yours:9"), "the duplicate was handled")
        assert joined["cluster_id"] == place["cluster_id"]
        assert joined["records"] == ["mine:1", "mine:2", "yours:9"]
        streams_.interrupt(process)
        assert process.wait(25) == 0, streams_.output()
    streams_.check_nothing_is_left()
