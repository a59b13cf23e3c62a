"""The end of the embedded broker's process, on the real one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from streams.kafka.broker_process import BrokerProcess
from streams.kafka.connection import KafkaConnection
from tests.brokers import AnyBroker


def test_the_end_of_the_process_is_seen_and_a_new_one_is_another(new_broker: Callable[..., AnyBroker]) -> None:
    broker = new_broker()

    async def story() -> None:
        process = BrokerProcess(KafkaConnection(broker.url))
        assert (process.runs(), process.has_ended()) == (False, False), "before the first connection"
        await process.connect()
        assert (process.runs(), process.has_ended()) == (True, False)
        await asyncio.to_thread(broker.stop)
        async with asyncio.timeout(20):
            while not process.has_ended():
                await asyncio.sleep(0.01)
        assert not process.runs()
        with pytest.raises(OSError, match="Connect call failed"):
            await process.connect()
        process.close()
        assert (process.runs(), process.has_ended()) == (False, False)

    asyncio.run(story())
