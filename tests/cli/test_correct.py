"""`streams correct` and `streams history` against a real broker and Redis, with no worker or one that is us."""

from __future__ import annotations

import asyncio
import itertools
import sys
import threading
import time
from collections.abc import Callable, Iterator

import orjson
import pytest

from streams.cli import main
from streams.engine.engine import Engine
from streams.engine.messages import Incoming
from streams.events import CORRECTIONS, Outgoing
from streams.kafka.connection import KafkaConnection
from streams.kafka.producer import Publisher
from streams.kafka.reader import read_to_now
from streams.kafka.topics import create_topics
from streams.local.services import Services
from streams.settings import Settings
from streams.state.connection import Connection, connect
from streams.state.layout import meta_key
from tests.engine.worlds import handle

Said = tuple[int, str, str]
_NUMBERS = itertools.count(1)
PAPER = {"source": "s", "title": "Deep residual learning of sparse graphs", "authors": ["Ada Lovelace"], "year": 2015}


@pytest.fixture
def own(services: Services) -> Settings:
    name = f"c{next(_NUMBERS)}"
    settings = services.settings.model_copy(update={"generation": name, "topic_prefix": f"{name}.", "buckets": 16})
    asyncio.run(create_topics(settings))
    return settings


@pytest.fixture
def say(own: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """Run the command line in this process: (exit code, output, errors)."""
    for name in ("kafka_url", "redis_url", "generation", "topic_prefix", "buckets"):
        monkeypatch.setenv(f"STREAMS_{name.upper()}", str(getattr(own, name)))

    def run(*arguments: object) -> Said:
        monkeypatch.setattr(sys, "argv", ["streams", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        captured = capsys.readouterr()
        return (ended.value.code if isinstance(ended.value.code, int) else 0), captured.out, captured.err

    return run


class Worker:
    """What a worker does, when told to."""

    def __init__(self, settings: Settings, connection: Connection) -> None:
        self.settings = settings
        self.engine = Engine(settings, connection)
        self.taken = 0

    def record(self, name: str, paper: dict[str, object] | None) -> None:
        value = orjson.dumps(paper | {"id": name}) if paper else None
        self.taken += 1
        self._handle([Incoming("document", f"s:{name}".encode(), value, self.taken, "t", 0, self.taken)])

    def corrections(self) -> list[Incoming]:
        """Handle the topic from its beginning."""

        async def read() -> list[Incoming]:
            topic = self.settings.topic_prefix + CORRECTIONS
            return [
                Incoming("corrections", m.key, m.value, m.timestamp, topic, m.partition, m.offset)
                async for m in read_to_now(KafkaConnection.of(self.settings), [topic])
            ]

        found = asyncio.run(read())
        self._handle(found)
        return found

    def _handle(self, messages: list[Incoming]) -> None:
        handle(self.engine, messages, lambda outgoing: asyncio.run(self._publish(outgoing)))

    async def _publish(self, messages: list[Outgoing]) -> None:
        async with Publisher(KafkaConnection.of(self.settings), self.settings.topic_prefix) as publisher:
            await publisher.publish(messages)


@pytest.fixture
def worker(own: Settings) -> Iterator[Worker]:
    connection = connect(own)
    yield Worker(own, connection)
    connection.close()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("same", "s:1", "nothing"), "'nothing' is no record id"),
        (("same", ":1", "s:2"), "':1' is no record id"),
        (("different", "s:1", "s:1"), "one record"),
        (("undo", "no such id"), "no correction"),
        (("same", "s:1", "s:2", "--author", "x" * 300), "no correction"),
        (("same", "s:1", "s:2", "--author", " "), "--author is empty"),
        (("same", "s:1"), "B"),
    ],
)
def test_what_is_no_correction_is_wrong_usage(say: Callable[..., Said], words: tuple[str, ...], says: str) -> None:
    code, out, err = say("correct", *words)
    assert code == 2
    assert says in out + err


def test_without_a_worker_it_says_so_and_the_correction_waits(say: Callable[..., Said], worker: Worker) -> None:
    code, out, err = say("correct", "same", "s:1", "s:2", "--wait", "0.3", "--author", "ada", "--reason", "one paper")
    assert code == 1
    assert "no worker has decided it within 0.3 s" in err
    assert "no record s:1 is known yet" in err
    (sent,) = worker.corrections()
    told = orjson.loads(sent.value or b"")
    assert (told["id"], told["author"], told["reason"]) == (out.strip(), "ada", "one paper")
    assert (sent.key, sent.partition) == (b"s:1|s:2", 0)
    code, out, _ = say("correct", "list", "--json")
    assert [(c["id"], c["status"]) for c in orjson.loads(out)] == [(told["id"], "stands")]


def test_it_is_waited_for_in_the_generation_that_takes_over(say: Callable[..., Said], own: Settings) -> None:
    """As when a rebuild switches after the correction was sent and before a worker has read it."""
    successor = own.model_copy(update={"generation": own.generation + "-2"})
    connection = connect(own)
    Engine(own, connection)  # which begins the generation
    worker = Worker(successor, connect(successor))

    def switch_and_decide() -> None:
        while not worker.corrections():
            time.sleep(0.05)
        connection.call("HSET", meta_key(own.namespace, own.generation), "successor", successor.generation)

    switching = threading.Thread(target=switch_and_decide)
    switching.start()
    code, out, _ = say("correct", "same", "s:1", "s:2", "--json")
    switching.join()
    assert (code, orjson.loads(out)["status"]) == (0, "accepted")
    worker.engine.connection.close()
    connection.close()


def test_not_to_wait_is_no_failure(say: Callable[..., Said], worker: Worker) -> None:
    code, out, _ = say("correct", "different", "s:1", "s:2", "--wait", "0", "--json")
    assert (code, orjson.loads(out)["status"]) == (0, "sent")
    assert len(worker.corrections()) == 1


def test_what_would_be_refused_is_refused_at_once_and_not_sent(say: Callable[..., Said], worker: Worker) -> None:
    assert say("correct", "list")[1] == "There are no corrections.\n"
    assert say("correct", "undo", "k9")[0] == 1
    for other in ("s:2", "s:3"):
        assert say("correct", "same", "s:1", other, "--wait", "0", "--author", "ada")[0] == 0
    assert len(worker.corrections()) == 2
    code, out, err = say("correct", "different", "s:2", "s:3")
    assert (code, out) == (1, "")
    assert err.count("by ada") == 2
    code, out, err = say("correct", "different", "s:2", "s:3", "--json")
    assert (code, orjson.loads(out)["status"], orjson.loads(out)["code"]) == (1, "refused", "correction_conflict")
    assert len(worker.corrections()) == 2


def test_history_follows_a_cluster_and_says_what_is_missing(say: Callable[..., Said], worker: Worker) -> None:
    worker.record("1", PAPER)
    worker.record("2", PAPER)
    say("correct", "different", "s:1", "s:2", "--wait", "0", "--reason", "two editions")
    worker.corrections()
    for record in ("s:1", "s:2"):
        code, out, err = say("history", record, "--json")
        assert code == 0, err
        told = orjson.loads(out)
        kinds = [event["type"] for event in told["events"] if event["type"] != "canonical_changed"]
        assert kinds[:3] == ["created", "record_added", "split"]
        assert [c["reason"] for c in told["events"][-1]["corrections"]] == ["two editions"]
        assert told["lost"] == {}
    say("correct", "same", "s:2", "s:1", "--wait", "0")
    worker.corrections()
    identifiers = orjson.loads(say("correct", "list", "--json")[1])
    assert [c["status"] for c in identifiers] == ["stands"]
    say("correct", "undo", identifiers[0]["id"], "--wait", "0")
    worker.corrections()
    ended = next(e for e in told["events"] if "split_from" in e)["cluster_id"]
    code, out, _ = say("history", ended)
    assert f"{ended} went into" in out
    assert "+ s:2" in out
    assert "The beginning is missing" not in out


def test_history_of_what_left_the_topic(own: Settings, say: Callable[..., Said], worker: Worker) -> None:
    worker.settings = own.model_copy(update={"topic_prefix": f"lost.{own.topic_prefix}"})
    asyncio.run(create_topics(worker.settings))
    worker.record("1", PAPER)
    code, out, err = say("history", "s:1")
    assert code == 0, err
    assert "all of c" in out
    worker.settings = own
    worker.record("1", PAPER | {"journal": "Journal of Graphs"})
    text = say("history", "s:1")[1]
    assert "up to revision 1 are no longer in dedup.events" in text
    assert "record_updated" in text
    told = orjson.loads(say("history", "s:1", "--json")[1])
    assert told["lost"] == {told["cluster_id"]: 1}


@pytest.mark.parametrize("cluster", ["nonsense", "c" + "a" * 13, "c" + "a" * 13 + ".99999999", "s:unknown"])
def test_history_of_nothing_is_wrong_usage(say: Callable[..., Said], worker: Worker, cluster: str) -> None:
    code, _, err = say("history", cluster)
    assert code == 2
    assert cluster in err
    assert worker.taken == 0
