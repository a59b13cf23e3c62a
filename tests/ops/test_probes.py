"""What Redis and Kafka are asked; the whole of it is walked by tests/cli/test_doctor.py on real servers."""

from __future__ import annotations

import asyncio

import pytest

from streams.errors import BrokerError, RedisError
from streams.kafka.connection import KafkaConnection
from streams.local.broker import free_port
from streams.local.valkey import Valkey
from streams.ops.probes import ask_kafka, ask_redis
from streams.settings import Settings


def test_a_redis_says_what_it_is_and_how_it_is_set_up(valkey: Valkey) -> None:
    facts = asyncio.run(ask_redis(Settings(redis_url=valkey.url)))
    assert facts.info["cluster_enabled"] == "0"
    assert facts.config["maxmemory-policy"]
    assert "appendonly" in facts.config


def test_servers_that_are_not_there_are_named_without_a_password() -> None:
    port = free_port("127.0.0.1")
    with pytest.raises(RedisError, match=rf"127\.0\.0\.1:{port}") as caught:
        asyncio.run(ask_redis(Settings(redis_url=f"redis://user:secret@127.0.0.1:{port}"), 2.0))
    assert "secret" not in str(caught.value)
    with pytest.raises(BrokerError, match=rf"127\.0\.0\.1:{port}"):
        asyncio.run(ask_kafka(KafkaConnection(f"127.0.0.1:{port}"), [], 2.0))
