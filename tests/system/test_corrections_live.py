"""Corrections as people make them, on real processes: they split and merge at once, and outlive everything."""

from __future__ import annotations

import asyncio
import getpass
import os
import re
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from streams.errors import UsageError
from streams.kafka.topics import create_topics
from streams.local.endpoints import find
from streams.local.services import Services
from streams.local.worker import WorkerProcess
from streams.query.explain import Inspection
from streams.settings import Settings
from streams.state.connection import connect
from tests.system.processes import Streams, wait_for

pytestmark = pytest.mark.system

NAMESPACE = "corrected"
PAPER = {
    "source": "mine",
    "title": "Deep residual learning of sparse graphs",
    "authors": ["Ada Lovelace"],
    "year": 2015,
}
OTHER = PAPER | {"title": "Quiet stars and loud planets", "authors": ["Grace Hopper"]}
PAPERS = [PAPER | {"id": "1"}, PAPER | {"id": "2"}, OTHER | {"id": "3"}]
RECORDS = [f"mine:{paper['id']}" for paper in PAPERS]


class Desk:
    """Somebody who looks after a running `streams up`."""

    def __init__(self, streams: Streams, data: Path) -> None:
        self.streams, self._where = streams, ("--data-dir", data)

    def send(self, papers: list[dict[str, Any]]) -> None:
        file = self.streams.directory / "papers.jsonl"
        file.write_bytes(b"".join(orjson.dumps(paper) + b"\n" for paper in papers))
        self.streams.ok("send", "--source", "document", file, *self._where)

    def correct(self, *words: str, code: int = 0) -> Any:
        done = self.streams("correct", *words, "--json", *self._where)
        assert done.returncode == code, (done.stdout, done.stderr)
        return orjson.loads(done.stdout)

    def explain(self, *records: str) -> Any:
        done = self.streams("explain", *records, "--json", *self._where)
        return orjson.loads(done.stdout) if done.returncode == 0 else None

    def clusters(self) -> set[frozenset[str]]:
        """As Redis has them now; without a command, for many are wanted."""
        settings = find(Settings(namespace=NAMESPACE), self._where[1])
        connection = connect(settings)
        try:
            inspection = Inspection(settings, connection)
            known = set(RECORDS).difference(inspection.unknown(RECORDS))
            return {frozenset(inspection.membership(record).records) for record in known}
        except UsageError:
            return set()  # a record is stored and not in its cluster yet
        finally:
            connection.close()

    def say(self, *words: object) -> str:
        return self.streams.ok(*words, *self._where)


def split(*parts: str) -> set[frozenset[str]]:
    return {frozenset(f"mine:{number}" for number in part) for part in parts}


def test_corrections_take_effect_at_once_and_for_good(streams: Callable[..., Streams], tmp_path: Path) -> None:
    streams_ = streams(http_port=0, namespace=NAMESPACE)
    data = tmp_path / "data"
    desk = Desk(streams_, data)
    with streams_.start("up", "--data-dir", data) as process:
        wait_for((data / "endpoints.json").exists, "it says where it is")
        desk.send(PAPERS)
        wait_for(lambda: desk.clusters() == split("12", "3"), "the records are clustered")
        first = desk.explain("mine:1")["cluster_id"]

        told = desk.correct("different", "mine:1", "mine:2", "--reason", "two editions")
        assert told["status"] == "accepted"
        assert told["author"] == getpass.getuser()
        assert desk.clusters() == split("1", "2", "3"), "split when the command ends"
        assert desk.correct("same", "mine:2", "mine:3")["status"] == "accepted"
        assert desk.clusters() == split("1", "23")
        refused = desk.correct("same", "mine:3", "mine:1", code=1)
        assert refused["code"] == "correction_conflict"
        assert told["id"] in refused["detail"]
        assert told["time"] in refused["detail"]
        assert desk.clusters() == split("1", "23")

        before = streams_.worker()
        os.kill(before, signal.SIGKILL)
        wait_for(lambda: streams_.worker() not in (0, before), "a new worker was started")
        desk.send([{"source": "mine", "id": paper["id"], "deleted": True} for paper in PAPERS])
        wait_for(lambda: desk.clusters() == set(), "all were deleted")
        desk.send([paper | {"journal": "Journal of Graphs"} for paper in PAPERS])
        wait_for(lambda: desk.clusters() == split("1", "23"), "all came back as they were corrected")

        pair = desk.explain("mine:1", "mine:2")
        assert [c["id"] for c in pair["different"]] == [told["id"]]
        assert "People say that they are different" in desk.say("explain", "mine:1", "mine:2")

        undone = desk.correct("undo", told["id"], "--author", "ada")
        assert desk.clusters() == split("123"), "the rules say 1 is 2, the other correction that 2 is 3"
        assert desk.correct("undo", told["id"], code=1)["code"] == "nothing_to_undo"
        statuses = {c["id"]: c["status"] for c in orjson.loads(desk.say("correct", "list", "--json"))}
        assert statuses[told["id"]] == f"undone by {undone['id']}"
        assert sorted(statuses.values())[:2] == ["done", "stands"]

        now = desk.explain("mine:1")["cluster_id"]
        history = orjson.loads(desk.say("history", now, "--json"))
        causes = [cause for event in history["events"] for cause in event["causes"]]
        assert history["lost"] == {}
        assert history["events"][-1]["after"] == RECORDS
        for correction in (told["id"], undone["id"]):
            assert f"correction:{correction}" in causes
        assert [e["revision"] for e in history["events"] if e["cluster_id"] == first][:2] == [1, 2]
        text = desk.say("history", first)
        assert "two editions" in text
        assert f"correction:{told['id']}" in text
        streams_.interrupt(process)
        assert process.wait(25) == 0, streams_.output()
    streams_.check_nothing_is_left()


@pytest.mark.long
def test_another_worker_takes_corrections_over(
    streams: Callable[..., Streams], tmp_path: Path, broker_settings: Callable[[], dict[str, Any]]
) -> None:
    """Their topic has one partition beside the others' four: one worker has it, and when that dies the other."""
    with Services(Settings(http_port=0, **broker_settings())) as services:
        own = services.settings
        asyncio.run(create_topics(own))
        streams_ = streams(kafka_url=own.kafka_url, redis_url=own.redis_url, topic_prefix=own.topic_prefix)
        with WorkerProcess(own, tmp_path / "one.log") as one, WorkerProcess(own, tmp_path / "two.log") as two:
            one.wait_ready()
            two.wait_ready()
            streams_.ok("correct", "same", "mine:1", "mine:2")
            owners = [
                w for w in (one, two) if re.search(rb"^streams_corrections_total\{.*\} [1-9]", w.read("/metrics"), re.M)
            ]
            assert len(owners) == 1
            os.kill(owners[0].child.pid, signal.SIGKILL)
            streams_.ok("correct", "different", "mine:2", "mine:3")
            refused = streams_("correct", "same", "mine:1", "mine:3")
            assert refused.returncode == 1
            assert "different mine:2 mine:3" in refused.stderr
