"""`streams webhooks`, as a command: what it prints and what its exit codes are."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import msgspec
import pytest

from streams.cli import main
from streams.settings import Settings
from streams.state.connection import Connection
from streams.webhooks.parking import Parked
from streams.webhooks.schedule import Retry
from streams.webhooks.states import EndpointState, StateStore
from tests.webhooks.receiver import Receiver, Said

OFF = EndpointState(
    "a", "https://a.example.org", "off", "it answered 410 Gone", taken=7, off_since=1_764_504_000.0, lag=12,
    retries={0: Retry(7, "c:1", 4.0, 1)},
)  # fmt: skip


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["streams", "webhooks", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


@pytest.fixture
def store(generation: Settings, connection: Connection, monkeypatch: pytest.MonkeyPatch) -> StateStore:
    """The states of a namespace of the test's own, with one endpoint that is off."""
    namespace = f"n{generation.generation}"
    monkeypatch.setenv("STREAMS_KAFKA_URL", "127.0.0.1:1")
    monkeypatch.setenv("STREAMS_REDIS_URL", generation.redis_url)
    monkeypatch.setenv("STREAMS_NAMESPACE", namespace)
    made = StateStore(namespace, connection)
    for _ in range(2):  # the first takes the lease
        made.write("test", {"a": msgspec.json.encode(OFF)})
    return made


def test_endpoints_are_listed_enabled_and_removed(
    store: StateStore, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "list") == 0
    heading, row = capsys.readouterr().out.splitlines()
    assert heading.split()[:3] == ["name", "status", "lag"]
    assert row.split()[:5] == ["a", "off", "12", "7", "0"]
    assert "since 2025-11-30 12:00:00: it answered 410 Gone" in row
    assert run(monkeypatch, "list", "--json") == 0
    (state,) = json.loads(capsys.readouterr().out)
    assert (state["name"], state["off_since"]) == ("a", OFF.off_since)

    assert run(monkeypatch, "enable", "a") == 0
    assert store.asked(["a"])["a"].enable > 0
    assert run(monkeypatch, "enable", "b") == 2
    assert "an endpoint b" in capsys.readouterr().err

    assert run(monkeypatch, "remove", "a") == 0
    assert store.read() == {}
    assert run(monkeypatch, "remove", "a") == 2


def test_parked_events_are_listed_sent_again_and_discarded(
    store: StateStore, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    parked = Parked(0, 5, "c:0", 1_764_504_000.0, 1_764_612_000.0, 9, "it answered 500")
    store.write("test", {}, {"a": msgspec.json.encode([parked])})
    assert run(monkeypatch, "parked", "a") == 0
    heading, row = capsys.readouterr().out.splitlines()
    assert heading.split()[:3] == ["event", "partition", "offset"]
    assert row.split()[:7] == ["c:0", "0", "5", "2025-11-30", "12:00:00", "2025-12-01", "18:00:00"]
    assert run(monkeypatch, "parked", "a", "--json") == 0
    assert json.loads(capsys.readouterr().out)[0]["attempts"] == 9
    for what in ("redeliver", "discard"):
        assert run(monkeypatch, what, "a") == 0
        assert "1 parked events" in capsys.readouterr().out
        assert getattr(store.asked(["a"])["a"], what) > 0
        assert run(monkeypatch, what, "b") == 2
        assert "an endpoint b" in capsys.readouterr().err


def test_an_endpoint_of_the_file_is_not_removed(
    store: StateStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with Receiver() as receiver:
        monkeypatch.setenv("STREAMS_WEBHOOKS_FILE", str(receiver.file(tmp_path)))
    assert run(monkeypatch, "remove", "a") == 2
    assert "remove it there" in capsys.readouterr().err
    assert "a" in store.read()


def test_a_test_is_sent_and_its_answer_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "test", "a") == 2
    assert "STREAMS_WEBHOOKS_FILE: is not set" in capsys.readouterr().err
    status = [204]
    with Receiver(lambda _id: Said(status[0])) as receiver:
        monkeypatch.setenv("STREAMS_WEBHOOKS_FILE", str(receiver.file(tmp_path)))
        assert run(monkeypatch, "test", "a") == 0
        assert f"a at http://127.0.0.1:{receiver.port} answered 204" in capsys.readouterr().out
        status[0] = 403
        assert run(monkeypatch, "test", "a") == 1
        assert "did not take it: it answered 403" in capsys.readouterr().err
        assert [each.payload["type"] for each in receiver.received] == 2 * ["webhook.test"]
    assert run(monkeypatch, "test", "b") == 2


def test_a_secret_that_is_made_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "secret") == 0
    secret = capsys.readouterr().out.strip()
    with Receiver() as receiver:
        receiver.secret = secret
        monkeypatch.setenv("STREAMS_WEBHOOKS_FILE", str(receiver.file(tmp_path)))
        assert run(monkeypatch, "test", "a") == 0
        assert receiver.unverified == []
