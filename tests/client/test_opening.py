"""Arguments of `subscribe` and `snapshot`, and what importing and using the client loads."""

from __future__ import annotations

import inspect
import subprocess
import sys
from typing import Any, assert_type

import pytest

from streams import client
from streams.client import Event, Snapshot, Subscription, snapshot, subscribe
from streams.errors import SettingsError
from streams.kafka.connection import KafkaConnection


@pytest.mark.parametrize("given", [{}, {"kafka": "x:1", "url": "http://x"}])
def test_it_takes_kafka_or_a_url(given: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="either kafka or url"):
        subscribe(**given)


def test_a_url_takes_no_settings_of_kafka_and_a_connection_has_its_own() -> None:
    with pytest.raises(TypeError, match="takes no kafka_security"):
        subscribe(url="http://x", kafka_security="ssl")
    with pytest.raises(TypeError, match="has its own kafka_security"):
        subscribe(kafka=KafkaConnection("x:1"), kafka_security="ssl")


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"kafka": "kafka://x:1"}, "STREAMS_KAFKA_URL"),
        ({"kafka": ""}, "kafka"),
        ({"kafka": "x:1", "kafka_security": "tls"}, "STREAMS_KAFKA_SECURITY"),
        ({"kafka": "x:1", "kafka_security": "sasl_ssl"}, "STREAMS_KAFKA_SASL_MECHANISM"),
        ({"kafka": "x:1", "kafka_ca": "x.pem"}, "STREAMS_KAFKA_CA"),
    ],
)
def test_a_wrong_setting_is_named(given: dict[str, Any], named: str) -> None:
    with pytest.raises(SettingsError) as raised:
        subscribe(**given)
    assert raised.value.setting == named
    with pytest.raises(SettingsError):
        snapshot(**given)


def test_settings_come_from_the_environment_and_arguments_before_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STREAMS_TOPIC_PREFIX", "mine.")
    monkeypatch.setenv("STREAMS_KAFKA_CLIENT_ID", "catalogue")
    source: Any = subscribe(kafka="x:1", kafka_client_id="index")._source
    assert (source._topic, source._follower._kafka.client_id) == ("mine.dedup.events", "index")
    source = subscribe(kafka="x:1", topic_prefix="")._source
    assert (source._topic, source._follower._kafka.client_id) == ("dedup.events", "catalogue")
    source = subscribe(kafka=KafkaConnection("x:1"))._source
    assert (source._topic, source._follower._kafka.client_id) == ("mine.dedup.events", "streams")


def test_a_position_that_is_none_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="no position"):
        subscribe(kafka="x:1", start="yesterday")


def test_what_is_yielded_is_typed() -> None:
    assert_type(subscribe(url="http://x"), Subscription[Event])
    assert_type(client.snapshot(kafka="x:1"), Snapshot)
    events = client.subscribe_sync(url="http://x")
    assert_type(events, client.SubscriptionSync[Event])
    events.close()


@pytest.mark.parametrize("name", client.__all__)
def test_every_name_has_a_docstring_and_so_have_its_methods(name: str) -> None:
    value = getattr(client, name)
    if not isinstance(value, tuple):
        assert inspect.getdoc(value)
    for member, method in vars(value).items() if isinstance(value, type) else ():
        if inspect.isfunction(method) and not member.startswith("_"):
            assert inspect.getdoc(method), f"{name}.{member}"


def loaded(code: str) -> set[str]:
    """The top-level packages that a program loads."""
    program = f"import sys\n{code}\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    return set(
        subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout.split()
    )


def test_importing_it_loads_no_client_and_using_it_only_the_one_that_is_needed() -> None:
    server = {"redis", "faust", "litestar", "uvicorn", "lxml", "rapidfuzz"}
    assert not loaded("import streams.client") & (server | {"aiokafka", "aiohttp", "pydantic"})
    over_http = loaded("from streams.client import subscribe\nsubscribe(url='http://x')")
    assert not over_http & (server | {"aiokafka", "pydantic"})
    assert not loaded("from streams.client import snapshot\nsnapshot(kafka='x:1')") & (server | {"aiohttp"})
