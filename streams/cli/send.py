"""`streams send`: publish payloads from files to the topic of their source."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import typer

from streams.cli.context import changing_line
from streams.kafka.connection import KafkaConnection
from streams.kafka.feed import read_payloads, send
from streams.kafka.producer import Publisher
from streams.kafka.topics import create_topics, record_topic
from streams.settings import Settings

__all__ = ["send_files"]


def send_files(settings: Settings, source: str, files: Sequence[str]) -> None:
    """Publish the payloads of files, wait until Kafka has acknowledged all, and print how many they are."""
    count = asyncio.run(_send(settings, source, files))
    typer.echo(f"{count} payloads sent to {record_topic(settings, source)}")


async def _send(settings: Settings, source: str, files: Sequence[str]) -> int:
    await create_topics(settings)
    count = 0
    async with Publisher(KafkaConnection.of(settings), settings.topic_prefix, shared=True) as publisher:
        with changing_line() as show:
            async for sent in send(publisher, read_payloads(source, files)):
                count = sent
                show(f"{count:,} payloads")
    return count
