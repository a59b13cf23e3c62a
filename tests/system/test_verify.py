"""`streams verify` on real processes: in order while workers work and after a restart; what is tampered with is named."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import pytest

from streams.engine.engine import Engine
from streams.engine.messages import Batch, Incoming
from streams.events import CLUSTERS, EVENTS, Outgoing
from streams.kafka.connection import KafkaConnection
from streams.kafka.producer import Publisher
from streams.kafka.reader import read_to_now
from streams.kafka.topics import create_topics
from streams.local.services import Services
from streams.local.worker import WorkerProcess
from streams.query.explain import Inspection
from streams.records.stored import id_of
from streams.settings import Settings
from streams.state.connection import Connection, connect
from streams.state.layout import Layout
from streams.synthetic import generate
from streams.synthetic.generator import Generated
from streams.verification.verifier import VerificationReport, Verifier
from tests.system.processes import Streams, wait_for

pytestmark = pytest.mark.system

Made = Callable[..., Streams]
GHOST = "caaaaaaaaaaaaa"
SHARED = ("kafka_url", "redis_url", "topic_prefix", "app_id")


class Installation(NamedTuple):
    """Two workers on real servers, and the command line beside them."""

    settings: Settings
    streams: Streams
    connection: Connection
    validate: Callable[[str, Any], None]

    def send(self, name: str, messages: list[Generated]) -> None:
        """Documents, deletes as documents that say so."""
        documents = [m.payload or m.document | {"deleted": True} for m in messages]
        self.send_lines(name, [orjson.dumps(document) for document in documents])

    def send_lines(self, name: str, lines: list[bytes]) -> None:
        file = self.streams.directory / name
        file.write_bytes(b"".join(line + b"\n" for line in lines))
        self.streams.ok("send", "--source", "document", file)

    def verify(self, *options: object) -> tuple[int, dict[str, Any]]:
        done = self.streams("verify", "--json", *options)
        assert done.stdout, done.stderr
        report = orjson.loads(done.stdout)
        self.validate("verification", report)
        return done.returncode, report

    def handled(self, count: int) -> None:
        wait_for(lambda: self.verify()[1]["messages"] >= count, f"{count} messages were handled")

    def publish(self, *messages: Outgoing) -> None:
        async def publish() -> None:
            async with Publisher(KafkaConnection.of(self.settings), self.settings.topic_prefix) as publisher:
                await publisher.publish(messages)

        asyncio.run(publish())


@pytest.fixture
def installation(
    request: pytest.FixtureRequest,
    streams: Made,
    tmp_path: Path,
    validate: Callable[[str, Any], None],
    broker_settings: Callable[[], dict[str, Any]],
) -> Iterator[Installation]:
    """Settings other than the defaults come as the parameter of the fixture."""
    changed: dict[str, Any] = getattr(request, "param", {})
    with Services(Settings(http_port=0, **broker_settings(), **changed)) as services:
        own = services.settings
        asyncio.run(create_topics(own))
        with WorkerProcess(own, tmp_path / "one.log") as one, WorkerProcess(own, tmp_path / "two.log") as two:
            one.wait_ready()
            two.wait_ready()
            connection = connect(own)
            command = streams(**{name: getattr(own, name) for name in SHARED}, **changed)
            yield Installation(own, command, connection, validate)
            connection.close()


def test_it_finds_everything_in_order_and_then_what_was_tampered_with(installation: Installation) -> None:
    messages = list(islice(generate(7, 400), 900))
    live = {m.record_id: m.event != "delete" for m in messages}
    installation.send("feed.jsonl", messages)
    code, report = installation.verify("--wait", 120)
    assert (code, report["differences"]) == (0, []), f"beside workers that work: {report['differences'][:5]}"
    installation.send_lines("bad.jsonl", [b"no JSON", b"{}"])
    a, b = [name for name, lives in live.items() if lives][:2]
    installation.streams.ok("correct", "same", a, b)
    installation.handled(len(messages) + 3)

    code, report = installation.verify()
    assert (code, report["ok"], report["differences"], report["looks"]) == (0, True, [], 1)
    assert report["records"] + report["deleted"] == len(live), "every record is there or was deleted"
    assert report["records"] == report["records_in_clusters"]
    assert (report["dead_letters"], report["corrections"], report["owed"]) == (2, 1, 0)
    assert report["clusters"] == report["states"]
    assert report["deleted"] > 0
    assert "agree" in installation.streams.ok("verify")

    inspection = Inspection(installation.settings, installation.connection)
    place = inspection.membership(a)
    layout = Layout(installation.settings.namespace, installation.settings.generation, installation.settings.buckets)
    alone = next(name for name, lives in live.items() if lives and len(inspection.membership(name).records) == 1)
    key = id_of(alone)
    assert installation.connection.call("HDEL", layout.groups(key), key) == 1
    _check_tampered_group(installation, alone)

    state = orjson.dumps({"cluster_id": GHOST, "revision": 1, "records": ["no:body"], "document": {}})
    older = {"cluster_id": place.cluster_id, "revision": 1, "records": [a], "document": {}}
    installation.publish(
        Outgoing(CLUSTERS, GHOST.encode(), state),
        Outgoing(CLUSTERS, b"nonsense", state),
        Outgoing(CLUSTERS, place.cluster_id.encode(), orjson.dumps(older)),
    )
    _check_tampered_topic(installation, place.cluster_id)


@pytest.mark.long
@pytest.mark.parametrize("installation", [{"key_cap": 2}], indirect=True, ids=["full keys"])
def test_deletes_that_empty_full_keys_leave_nothing_to_do(installation: Installation) -> None:
    messages = [message for message in generate(17, 300) if message.event != "delete"]
    last = {message.record_id: message for message in messages}
    installation.send("feed.jsonl", messages)
    installation.handled(len(messages))
    code, full = installation.verify()
    assert (code, full["differences"]) == (0, [])
    assert full["keys_capped"] > 100
    gone = list(last.values())[: 2 * len(last) // 3]
    installation.send_lines("deletes.jsonl", [orjson.dumps(m.document | {"deleted": True}) for m in gone])
    installation.handled(len(messages) + len(gone))
    code, report = installation.verify()
    assert (code, report["ok"]) == (0, True), report["differences"][:5]
    assert report["records"] == len(last) - len(gone)
    assert report["keys_capped"] / report["keys"] < full["keys_capped"] / full["keys"], "there is more room"


def _check_tampered_group(installation: Installation, record: str) -> None:
    code, report = installation.verify()
    assert code == 1
    found = {difference["code"]: difference for difference in report["differences"]}
    assert found.keys() == {"record_without_cluster", "redis_missing"}
    assert found["record_without_cluster"]["record"] == record
    assert found["redis_missing"]["fields"]["standing"] == {
        "redis": "gone",
        "dedup.events": "there",
        "dedup.clusters": "there",
    }
    text = installation.streams("verify", "-n", 1)
    assert text.returncode == 1
    assert record in text.stdout or "1 more" in text.stdout
    assert "To do: send the record again" in text.stdout


def _check_tampered_topic(installation: Installation, cluster: str) -> None:
    code, report = installation.verify()
    found = {(difference["code"], difference["cluster_id"]) for difference in report["differences"]}
    tampered = {("clusters_ghost", GHOST), ("state_malformed", "nonsense"), ("clusters_differ", cluster)}
    assert code == 1
    assert tampered < found
    code, report = installation.verify("--repair")
    assert (code, report["differences"]) == (0, []), (
        "a cluster that Redis forgot has its record again, and subscribers were told"
    )
    assert report["repaired"] > 3
    _check_healed_conflict(installation)


def _check_healed_conflict(installation: Installation) -> None:
    """An event that came with two contents, as where a state was lost once: a later one has made it good, nothing is to do."""
    told = [orjson.loads(value) for value in asyncio.run(_published(installation.settings))]
    later = {event["cluster_id"] for event in told if event["revision"] > 1}
    first = next(event for event in told if event["revision"] == 1 and event["cluster_id"] in later)
    other = first | {"cause": "another:life", "after": ["another:life"]}
    installation.publish(Outgoing(EVENTS, first["cluster_id"].encode(), orjson.dumps(other)))
    code, report = installation.verify()
    assert (code, report["ok"], report["differences"]) == (0, True, [])
    assert ("event_conflict", first["cluster_id"]) in {(each["code"], each["cluster_id"]) for each in report["healed"]}
    text = installation.streams.ok("verify")
    assert "contradictions among events are healed" in text
    assert "agree" in text


async def _published(settings: Settings) -> list[bytes]:
    topic = settings.topic_prefix + EVENTS
    return [m.value async for m in read_to_now(KafkaConnection.of(settings), [topic]) if m.value]


def test_a_pending_event_is_waited_for_and_then_reported(
    streams: Made, tmp_path: Path, broker_settings: Callable[[], dict[str, Any]]
) -> None:
    """As a worker leaves it that dies between the commit and the publication."""
    with Services(Settings(http_port=0, **broker_settings())) as services:
        own = services.settings
        asyncio.run(create_topics(own))
        streams_ = streams(**{name: getattr(own, name) for name in SHARED})
        connection = connect(own)
        engine = Engine(own, connection)
        document = next(generate(7, 1)).document
        message = Incoming("document", b"k", orjson.dumps(document), 1000, "records.document", 0, 0)
        assert engine.process([message]).outgoing, "and nobody publishes it"

        done = streams_("verify", "--json", "--wait", 0)
        report = orjson.loads(done.stdout)
        codes = {difference["code"] for difference in report["differences"]}
        assert (done.returncode, codes) == (1, {"event_owed", "events_missing", "clusters_missing"})
        assert report["owed"] == 1
        command = [sys.executable, "-m", "streams", "verify", "--json", "--wait", "120"]
        with subprocess.Popen(command, env=streams_.environment, stdout=subprocess.PIPE) as waiting:
            with WorkerProcess(own, tmp_path / "worker.log") as worker:
                worker.wait_ready()
                output, _ = waiting.communicate(timeout=120)
            assert waiting.returncode == 0, output.decode()
        report = orjson.loads(output)
        assert (report["ok"], report["owed"], report["notes"]) == (True, 0, {})
        connection.close()


def test_a_slow_worker_that_changes_a_cluster_between_two_looks_is_waited_for(
    broker_settings: Callable[[], dict[str, Any]], connected: Callable[[Settings], Connection]
) -> None:
    """Its event is out and the cluster's state is not, look after look; what it owes says that somebody is at work."""
    with Services(Settings(http_port=0, **broker_settings())) as services:
        own = services.settings
        asyncio.run(create_topics(own))
        engine = Engine(own, connected(own))
        document = next(generate(7, 1)).document

        def handled(offset: int, **changed: object) -> Batch:
            raw = orjson.dumps(document | changed)
            return engine.process([Incoming("document", b"k", raw, 1000 + offset, "records.document", 0, offset)])

        async def report() -> VerificationReport:
            async with Publisher(KafkaConnection.of(own), own.topic_prefix) as publisher:

                async def settle(batch: Batch) -> None:
                    await publisher.publish(batch.outgoing)
                    assert not engine.outbox.acknowledge(batch).outgoing

                async def story() -> AsyncIterator[None]:
                    await settle(first)
                    second = handled(1, title="Another Title of This Paper", updated="2030-01-01T08:00:00Z")
                    await publisher.publish([message for message in second.outgoing if message.topic == EVENTS])
                    for _ in range(6):
                        yield
                    await settle(second)
                    yield

                first, pauses = handled(0), story()
                return await Verifier(own, connected(own), lambda: anext(pauses)).verify(wait=120)

        found = asyncio.run(report())
    assert (found.differences, found.scans) == ([], 8)


@pytest.mark.long
def test_after_a_restart_of_the_embedded_broker_the_missing_beginning_is_a_note(
    streams: Made, tmp_path: Path, broker_kind: str
) -> None:
    if broker_kind != "tansu":
        pytest.skip("Kafka forgets nothing")
    streams_ = streams(http_port=0)
    data = tmp_path / "data"
    where = ("--data-dir", data)
    papers = [m.document for m in islice(generate(7, 40), 60) if m.event == "new"]
    file = streams_.directory / "papers.jsonl"

    def send(documents: list[Any]) -> None:
        file.write_bytes(b"".join(orjson.dumps(document) + b"\n" for document in documents))
        streams_.ok("send", "--source", "document", file, *where)
        wait_for(lambda: verified()["messages"] == len(documents), "all were handled")

    def verified() -> dict[str, Any]:
        done = streams_("verify", "--json", *where)
        assert done.returncode == 0, done.stdout + done.stderr
        report: dict[str, Any] = orjson.loads(done.stdout)
        return report

    for beginning in (True, False):
        with streams_.start("up", *where) as process:
            wait_for((data / "endpoints.json").exists, "it says where it is")
            if beginning:
                send(papers[:20])
                assert verified()["notes"] == {}
            else:
                report = verified()
                assert (report["events"], report["notes"]) == (0, {"events_begin_late": report["clusters"]})
                send([*papers, papers[0] | {"journal": "Journal of Graphs"}])
                assert 0 < verified()["notes"]["events_begin_late"] <= report["clusters"]
                assert verified()["events"] > 0
            streams_.interrupt(process)
            assert process.wait(25) == 0, streams_.output()
