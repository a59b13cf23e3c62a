"""A real Prometheus scrapes a real worker and the API: panels and rules are answered with data, and alerts fire by their causes.

The rules are those of deploy/prometheus; where alerts are to fire, their times are made seconds (`hastened`).
`StreamsSkippedOffsets` needs a broker that deletes messages, so Apache Kafka. Not caused here: `StreamsHarvestStale` by a Semantic
Scholar without a new release.
"""

from __future__ import annotations

import asyncio
import os
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, Self

import orjson
import pytest
import yaml

from streams.events import REVIEWS, Outgoing
from streams.kafka.connection import KafkaConnection
from streams.kafka.producer import Publisher
from streams.kafka.topics import record_topic
from streams.local.broker import free_port
from streams.local.serve import ServeProcess
from streams.local.services import Services
from streams.local.worker import WorkerProcess
from streams.rebuild.lock import RebuildLock
from streams.settings import Settings
from streams.state.connection import connect
from streams.state.layout import Layout
from tests.harvest.arxiv_server import ArxivServer, papers
from tests.harvest.feed_server import Fault
from tests.harvest.killing import started
from tests.serve.desk import CHAPTER, OTHER
from tests.system.faults import paused
from tests.system.processes import metric, wait_for
from tests.system.prometheus import FOLDER, RULES, Prometheus, program
from tests.system.test_dead_letters import HUGE, allow
from tests.system.test_skipped import delete_all
from tests.webhooks.receiver import Receiver, Said

sys.path.insert(0, str(Path(__file__).parents[2] / "bench"))

import subscribers

pytestmark = pytest.mark.system

_HARVESTED = "time() - (streams_harvest_last_success_timestamp_seconds != 0) < 8"
GRAFANA = FOLDER.parent / "grafana"


class Scene:
    """A worker and the API on servers of their own, a feed that goes on, and a Prometheus that scrapes both."""

    def __init__(self, directory: Path, given: dict[str, Any], *, hasten: bool, harvests: int = 0) -> None:
        """Prepare it; with `harvests` there is a harvester, whose source has papers of so many days ago, and the two after."""
        self._directory, self._hasten, self._harvests = directory, hasten, harvests
        self._services = Services(Settings(partitions=2, http_port=0, **given), unix_socket=False)
        self._sent = 0
        self.receiver = Receiver()
        """An endpoint of webhooks."""

    def __enter__(self) -> Self:
        self.services = self._services.__enter__()
        self.settings = self.services.settings
        self.redis = connect(self.settings)
        self.redis.call("CONFIG", "SET", "maxmemory", 200_000_000)
        self.worker = WorkerProcess(self.settings, self._directory / "worker.log").__enter__()
        self.receiver.__enter__()
        own = self.settings.model_copy(
            update={"serve_port": 0, "webhooks_file": str(self.receiver.file(self._directory))}
        )
        self.api = ServeProcess(own, self._directory / "serve.log").__enter__()
        self.worker.wait_ready()
        self.api.wait_ready()
        targets = {"streams": [_address(self.worker.url)], "streams-serve": [_address(self.api.url)]}
        if self._harvests:
            targets["streams-harvest"] = [self._harvest()]
        self.prometheus = Prometheus(self._directory / "prometheus", targets, hasten=self._hasten).__enter__()
        wait_for(lambda: self.prometheus.query("streams_ready == 1"), "Prometheus has scraped the worker")
        return self

    def __exit__(self, *_: object) -> None:
        self.prometheus.__exit__()
        if self._harvests:
            self.harvester.terminate()
            self.harvester.wait(60)
            self.feed_server.__exit__()
        self.api.__exit__()
        self.receiver.__exit__()
        self.worker.__exit__()
        self.redis.close()
        self._services.close()

    def _harvest(self) -> str:
        """Start a harvester, which publishes three papers again and again; return the address of its metrics."""
        since = datetime.now(UTC).date() - timedelta(self._harvests)
        self.feed_server = ArxivServer(papers(3, since, 3)).__enter__()
        port = free_port()
        own = {"harvest_contact": "x", "harvest_pace": 0.2, "harvest_interval": 1.0, "harvest_port": port}
        settings = self.settings.model_copy(update=own)
        arguments = ("arxiv", "--from", f"{since}", "--follow")
        self.harvester = started(settings, self.feed_server, *arguments, stderr=subprocess.DEVNULL)
        return f"127.0.0.1:{port}"

    def send(self, *payloads: tuple[str, bytes, bytes]) -> None:
        """Publish payloads: source, key and value."""

        async def go() -> None:
            async with Publisher(
                KafkaConnection.of(self.settings), self.settings.topic_prefix, shared=True, max_bytes=2**25
            ) as publisher:
                await publisher.publish([Outgoing(f"records.{source}", key, value) for source, key, value in payloads])

        asyncio.run(go())

    def send_papers(self, count: int = 5, **fields: object) -> None:
        """Publish papers that were not there before, each twice, under two ids."""
        papers = []
        for number in range(self._sent, self._sent + count):
            paper = {"title": f"Coral growth in warm sea {number}", "authors": ["Ada Reef"], "year": 2021, **fields}
            for twin in "ab":
                document = {"source": "m", "id": f"{number}{twin}", **paper}
                papers.append(("document", f"m:{number}{twin}".encode(), orjson.dumps(document)))
        self._sent += count
        self.send(*papers)

    @contextmanager
    def feed(self) -> Iterator[None]:
        """Publish papers, a garbled payload, an unreadable field and a doubtful pair among them, every half second."""
        ends = threading.Event()
        doubtful = [
            ("document", f"m:{name}".encode(), orjson.dumps({"source": "m", "id": name, **paper}))
            for name, paper in (("chapter", CHAPTER), ("other", OTHER))
        ]

        def go() -> None:
            while not ends.wait(0.5):
                self.send_papers(2)
                self.send_papers(1, doi=["x"] * 3, pages={"no": "pages"}, language=7)
                self.send(("arxiv", b"garbage", b"neither XML nor JSON"), *doubtful)
                self.ask()

        thread = threading.Thread(target=go)
        thread.start()
        try:
            yield
        finally:
            ends.set()
            thread.join()

    def ask(self) -> int:
        """Look a record up by HTTP; return the status of the answer."""
        try:
            with urllib.request.urlopen(f"{self.api.url}/api/v1/records/m:0a", timeout=20) as answer:  # noqa: S310 - on loopback
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code

    def metric(self, name: str) -> float:
        return metric(self.worker.read("/metrics"), name)

    def wait_quiet(self, *alerts: str) -> None:
        wait_for(lambda: not self.prometheus.firing() & set(alerts), f"{alerts} end")


def _address(url: str) -> str:
    return url.removeprefix("http://")


@pytest.fixture
def scene(tmp_path: Path, broker_settings: Callable[[], dict[str, Any]]) -> Iterator[Callable[..., Scene]]:
    program("prometheus")
    made: list[Scene] = []

    def make(*, hasten: bool = True, harvests: int = 0, **given: object) -> Scene:
        made.append(Scene(tmp_path, {**broker_settings(), **given}, hasten=hasten, harvests=harvests).__enter__())
        return made[-1]

    yield make
    for one in made:
        one.__exit__()


def panel_queries() -> list[tuple[str, str]]:
    """The title and each query of every panel."""
    return [
        (panel["title"], target["expr"].replace("$__rate_interval", "15s"))
        for path in sorted(GRAFANA.glob("*.json"))
        for panel in orjson.loads(path.read_bytes())["panels"]
        for target in panel.get("targets", ())
    ]


def rules() -> list[dict[str, str]]:
    return [
        rule
        for name in RULES
        for group in yaml.safe_load((FOLDER / name).read_text())["groups"]
        for rule in group["rules"]
    ]


def test_every_query_of_panels_and_rules_is_answered_with_data(scene: Callable[..., Scene], tmp_path: Path) -> None:
    one = scene(hasten=False, harvests=2)
    queries = panel_queries() + [(rule["record"], rule["record"]) for rule in rules() if "record" in rule]
    # An alert that does not fire has no data; the series that it looks at have.
    queries += [
        (rule["alert"], series)
        for rule in rules()
        if "alert" in rule
        for series in re.findall(r"(?:job\w*:)?\bstreams_\w+(?::\w+)?", rule["expr"])
    ]
    assert len(queries) > 60
    with one.feed():
        missing = wait_for_answers(one.prometheus, queries)
    assert missing == []
    text = one.worker.read("/metrics")
    checked = subprocess.run([program("promtool"), "check", "metrics"], input=text, capture_output=True, check=False)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")

    os.kill(one.worker.child.pid, signal.SIGKILL)
    expression = next(rule["expr"] for rule in rules() if rule.get("alert") == "StreamsNoWorker")
    wait_for(lambda: one.prometheus.query(expression), "StreamsNoWorker sees that the worker was killed")


def wait_for_answers(
    prometheus: Prometheus, queries: list[tuple[str, str]], seconds: float = 60
) -> list[tuple[str, str]]:
    """Ask until every query was answered with data once; return those that were not in time."""
    deadline = time.monotonic() + seconds
    while queries and time.monotonic() < deadline:
        queries = [(title, query) for title, query in queries if not prometheus.query(query)]
        time.sleep(0.5)
    return queries


@pytest.mark.long
def test_payloads_that_cannot_be_read_crowded_keys_and_faults_of_ours(scene: Callable[..., Scene]) -> None:
    one = scene(key_cap=2)
    one.send_papers(1)
    wait_for(
        lambda: one.metric("streams_index_records") >= 0 and one.metric("streams_batch_records_total") >= 2, "handled"
    )
    assert not one.prometheus.firing() & {"StreamsRejecting", "StreamsCapsBite", "StreamsOwnFault"}

    one.send(("arxiv", b"garbage", b"neither XML nor JSON"))
    one.prometheus.wait_firing("StreamsRejecting")

    paper = {"title": "Coral growth in a crowded sea", "authors": ["Ada Reef"], "year": 2021}
    one.send(*(("document", b"m:c%d" % n, orjson.dumps({"source": "m", "id": f"c{n}", **paper})) for n in range(12)))
    one.prometheus.wait_firing("StreamsCapsBite")

    # Another program writes nonsense where the groups are: every message about these records fails inside the worker.
    layout = Layout(one.settings.namespace, one.settings.generation, one.settings.buckets)
    for key in layout.bucket_keys("groups"):
        for field in one.redis.call("HKEYS", key):
            one.redis.call("HSET", key, field, b"=nonsense")
    one.send(("document", b"m:0a", orjson.dumps({"source": "m", "id": "0a", **paper, "title": "Another title of it"})))
    one.prometheus.wait_firing("StreamsOwnFault")


@pytest.mark.long
def test_groups_as_large_as_they_may_be_and_more_doubts_than_people_are_asked(scene: Callable[..., Scene]) -> None:
    one = scene(cluster_cap=2)
    one.send_papers(1)
    wait_for(lambda: one.metric("streams_batch_records_total") >= 2, "handled")
    assert "StreamsCapsBite" not in one.prometheus.firing()

    def bites(cap: str) -> Any:
        return one.prometheus.query(f'ALERTS{{alertname="StreamsCapsBite", alertstate="firing", cap="{cap}"}}')

    assert not bites("cluster")
    paper = {"title": "Coral growth in a crowded sea", "authors": ["Ada Reef"], "year": 2021, "doi": "10.5555/crowd"}
    one.send(*(("document", b"m:c%d" % n, orjson.dumps({"source": "m", "id": f"c{n}", **paper})) for n in range(12)))
    wait_for(lambda: bites("cluster"), "it fires by groups")
    assert not bites("review")
    ask_review(one, 300)
    wait_for(lambda: bites("review"), "it fires by reviews")


@pytest.mark.long
def test_a_source_has_nothing_new(scene: Callable[..., Scene]) -> None:
    one = scene(harvests=9)
    one.prometheus.wait_firing("StreamsHarvestStale")
    wait_for(lambda: one.prometheus.query(_HARVESTED), "its passes end well, so this is not why")
    assert "StreamsHarvestStale" in one.prometheus.firing()
    one.feed_server.papers += papers(2, datetime.now(UTC).date(), 1)
    one.wait_quiet("StreamsHarvestStale")


@pytest.mark.long
def test_redis_full_then_away_and_a_position_that_it_has_lost(scene: Callable[..., Scene]) -> None:
    one = scene()
    one.send_papers()
    wait_for(lambda: one.metric("streams_batch_records_total") >= 10, "handled")
    used = int(re.search(rb"used_memory:(\d+)", one.redis.call("INFO", "memory"))[1])  # type: ignore[index]
    one.redis.call("CONFIG", "SET", "maxmemory", used - 500_000)
    one.send_papers()
    one.prometheus.wait_firing(
        "StreamsRedisFull", "StreamsRetrying", "StreamsNoProgress", "StreamsLagBreach", "StreamsLagGrowing"
    )
    assert one.prometheus.query('streams_paused{reason="redis"} == 1')
    assert one.prometheus.query('streams_redis_errors_total{kind="full"} > 0')
    one.redis.call("CONFIG", "SET", "maxmemory", 200_000_000)
    one.prometheus.wait_firing("StreamsSlow")  # what has waited is published late
    one.wait_quiet("StreamsRedisFull", "StreamsNoProgress", "StreamsLagBreach", "StreamsRetrying")
    assert one.prometheus.query('streams_paused{reason="redis"} == 0')

    layout = Layout(one.settings.namespace, one.settings.generation, one.settings.buckets)
    fields = [field for field in one.redis.call("HKEYS", layout.progress) if not field.startswith(b"@")]
    one.redis.call("HDEL", layout.progress, *fields)  # as a failover loses them; the state keeps its id
    one.prometheus.wait_firing("StreamsRewound")

    assert one.services.redis is not None
    one.services.redis.kill()
    one.prometheus.wait_firing("StreamsNotReady")
    wait_for(lambda: one.prometheus.query('streams_redis_errors_total{kind="connection"} > 0'), "errors are counted")
    one.services.redis.start()
    one.wait_quiet("StreamsNotReady")


@pytest.mark.long
def test_workers_wait_for_a_rebuild(scene: Callable[..., Scene]) -> None:
    one = scene()
    connection = connect(one.settings)
    with RebuildLock(one.settings, connection, "2") as lock:
        lock.drain(lambda _workers: None)
        one.prometheus.wait_firing("StreamsRebuildPause", "StreamsNotReady")
        lock.abort()
    one.wait_quiet("StreamsRebuildPause", "StreamsNotReady")
    connection.close()


@pytest.mark.long
def test_a_webhook_is_not_taken_and_the_api_is_slow_then_fails_then_is_gone(scene: Callable[..., Scene]) -> None:
    one = scene()
    wait_for(lambda: one.prometheus.query("streams_webhook_failing == 0"), "the endpoint is watched")
    one.receiver.answer = lambda _id: Said(500)
    one.send_papers(1)
    one.prometheus.wait_firing("StreamsWebhookFailing")
    assert one.prometheus.query('streams_webhook_deliveries_total{outcome="failed"} > 0')
    one.receiver.answer = lambda _id: Said()
    one.wait_quiet("StreamsWebhookFailing")
    assert one.receiver.taken
    one.send_papers(1)
    wait_for(lambda: one.ask() == 200, "a record is found")
    alerts = {"StreamsServeSlow", "StreamsServeFailing", "StreamsServeDown"}
    wait_for(
        lambda: one.ask() and one.prometheus.query("job:streams_serve_request_seconds:p99_rate5m"),
        "questions are measured",
    )
    assert not one.prometheus.firing() & alerts

    def ask_late() -> bool:
        one.redis.call("CLIENT", "PAUSE", 1500, "ALL")
        assert one.ask() == 200
        return "StreamsServeSlow" in one.prometheus.firing()

    wait_for(ask_late, "StreamsServeSlow fires")

    assert one.services.redis is not None
    one.services.redis.kill()
    assert not one.api.ready()
    assert one.ask() == 503
    wait_for(
        lambda: not one.api.ready() and "StreamsServeFailing" in one.prometheus.firing(), "StreamsServeFailing fires"
    )
    one.services.redis.start()
    wait_for(lambda: one.ask() == 200, "it answers again")
    one.wait_quiet("StreamsServeFailing", "StreamsServeSlow")

    os.kill(one.api.child.pid, signal.SIGKILL)
    one.prometheus.wait_firing("StreamsServeDown")
    assert "StreamsNoWorker" not in one.prometheus.firing()
    os.kill(one.worker.child.pid, signal.SIGKILL)
    one.prometheus.wait_firing("StreamsNoWorker")


@pytest.mark.long
def test_a_payload_too_large_for_a_letter_a_redis_that_fills_up_and_a_worker_that_stands_still(
    scene: Callable[..., Scene],
) -> None:
    one = scene()
    alerts = {"StreamsMessagesCut", "StreamsRedisFullSoon", "StreamsNotLive"}
    one.send_papers()
    wait_for(lambda: one.metric("streams_batch_records_total") >= 10, "handled")
    allow(one.settings, record_topic(one.settings, HUGE.source), 2**25)
    assert not one.prometheus.firing() & alerts
    one.send((HUGE.source, HUGE.key, HUGE.value))
    one.prometheus.wait_firing("StreamsMessagesCut")

    used = int(re.search(rb"used_memory:(\d+)", one.redis.call("INFO", "memory"))[1])  # type: ignore[index]
    one.redis.call("CONFIG", "SET", "maxmemory", int(1.7 * used))
    with one.feed():
        one.prometheus.wait_firing("StreamsRedisFullSoon")
    one.redis.call("CONFIG", "SET", "maxmemory", 200_000_000)

    (intake,) = intakes(one.worker)
    with paused(intake):  # the process in which payloads are read
        one.send_papers()
        one.prometheus.wait_firing("StreamsNoProgress", "StreamsNotLive", seconds=120)
        assert one.prometheus.query("streams_ready == 1"), "both servers answer, and it has its partitions"
    one.wait_quiet("StreamsNotLive", "StreamsNoProgress")


def intakes(worker: WorkerProcess) -> list[int]:
    """Return the processes in which a worker reads payloads."""
    children = Path(f"/proc/{worker.child.pid}/task/{worker.child.pid}/children").read_text().split()
    return [pid for pid in map(int, children) if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]


@pytest.mark.long
def test_a_broker_that_stands_still(scene: Callable[..., Scene]) -> None:
    """Nothing refuses a connection: whatever is sent waits for an answer."""
    one = scene()
    if one.services.broker is None or one.services.broker.child is None:
        pytest.skip("a broker that others use at the same time is not stopped")
    alerts = ("StreamsNotReady", "StreamsPublishFailing", "StreamsPendingEvents")
    one.send_papers()
    wait_for(lambda: one.metric("streams_batch_records_total") >= 10, "handled")
    assert not one.prometheus.firing() & set(alerts)
    one.redis.call("CLIENT", "PAUSE", 4000, "WRITE")  # a batch is under way when the broker stops
    one.send_papers(20)
    time.sleep(3)
    with paused(one.services.broker.child.pid):
        one.prometheus.wait_firing("StreamsNotReady", seconds=40)
        one.prometheus.wait_firing(*alerts, seconds=120)
    one.wait_quiet(*alerts)
    wait_for(lambda: one.metric("streams_batch_records_total") == 50, "all is handled")


@pytest.mark.long
def test_a_feed_is_not_harvested_doubts_pile_up_and_subscribers_take_nothing(scene: Callable[..., Scene]) -> None:
    one = scene(harvests=2)
    wait_for(lambda: one.prometheus.query(_HARVESTED), "all is harvested")
    alerts = ("StreamsHarvestStale", "StreamsReviewPiling", "StreamsSubscribersDropped")
    one.wait_quiet(*alerts)

    with ExitStack() as opened:
        for _ in range(12):
            client = opened.enter_context(socket.socket())
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            client.connect((one.settings.serve_host, _port(one.api.url)))
            client.sendall(b"GET /api/v1/events?document=true HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        wait_for(lambda: one.prometheus.query("streams_subscribers == 12"), "all listen")
        # More than the buffers of a connection hold, so that the service has to wait for each client.
        asyncio.run(subscribers.publish(one.settings, count(), 6_000, 0.0))
        ask_review(one, 1_001)
        one.feed_server.fault = lambda _number: Fault("refuse", 503)
        one.prometheus.wait_firing(*alerts, seconds=120)
        assert one.prometheus.query("streams_subscribers_dropped_total == 12")
    one.feed_server.fault = lambda _number: None
    one.wait_quiet("StreamsHarvestStale")

    one.harvester.kill()
    one.prometheus.wait_firing("StreamsHarvestStale")


def ask_review(one: Scene, pairs: int) -> None:
    """Publish doubtful pairs of records, one DOI under two titles; the questions, too, for a worker asks few, to spare people."""
    chance = random.Random(7)  # noqa: S311 - titles, not secrets
    papers, questions = [], []
    for number in range(pairs):
        ids = f"doubts:{number}-a", f"doubts:{number}-b"
        for record, year in zip(ids, (1999, 2011), strict=True):
            words = " ".join(f"{chance.choice(_WORDS)}{chance.choice(_WORDS)}" for _ in range(4))
            paper = {"title": f"On {words}", "year": year, "doi": f"10.5555/doubts.{number}"}
            document = {"source": "doubts", "id": record.partition(":")[2], **paper}
            papers.append(("document", record.encode(), orjson.dumps(document)))
        question = {"a": ids[0], "b": ids[1], "decision": "review", "score": 0.5, "reasons": ["titles_differ"]}
        questions.append(Outgoing(REVIEWS, "|".join(ids).encode(), orjson.dumps(question | {"ruleset": "r"})))
    handled = one.metric("streams_batch_records_total")
    one.send(*papers)
    wait_for(lambda: one.metric("streams_batch_records_total") >= handled + len(papers), "all records are handled")

    async def go() -> None:
        async with Publisher(KafkaConnection.of(one.settings), one.settings.topic_prefix) as publisher:
            await publisher.publish(questions)

    asyncio.run(go())


_WORDS = (
    "coral",
    "tide",
    "lamp",
    "moss",
    "graph",
    "seed",
    "stone",
    "wave",
    "ember",
    "flute",
    "lens",
    "yarn",
    "quartz",
    "plume",
)


def _port(url: str) -> int:
    return int(url.rpartition(":")[2])


def test_retention_deletes_what_was_not_read(scene: Callable[..., Scene], broker_kind: str) -> None:
    if broker_kind == "tansu":
        pytest.skip("the embedded broker deletes no messages")
    one = scene()
    one.send_papers()
    wait_for(lambda: one.metric("streams_batch_records_total") >= 10, "handled")
    assert "StreamsSkippedOffsets" not in one.prometheus.firing()
    one.worker.child.stop()
    one.send_papers(200)
    asyncio.run(delete_all(one.settings))
    one.worker.child.start()
    one.prometheus.wait_firing("StreamsSkippedOffsets")
