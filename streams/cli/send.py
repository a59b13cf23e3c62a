"""`streams send`: publish payloads from files to the topic of their source."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path

import typer

from streams.cli.context import changing_line
from streams.feed_files.chunks import Chunk, read_chunks, total_bytes
from streams.feed_files.journal import Journal
from streams.kafka.connection import KafkaConnection
from streams.kafka.feed import send_chunks
from streams.kafka.producer import Publisher
from streams.kafka.topics import create_topics, record_topic
from streams.settings import Settings

__all__ = ["SendProgress", "send_files"]

_LINE_SECONDS = 60.0


class SendProgress:
    """How far files are sent, as a line for people."""

    def __init__(self, total: int, clock: Callable[[], float] = time.monotonic) -> None:
        """Take the size of all files in bytes, 0 where it is not known."""
        self._total = total
        self._clock = clock
        self._began = clock()
        self._first_read: int | None = None
        self.payloads = 0

    def add(self, chunk: Chunk) -> str:
        """Count a chunk; return the line. What is left is estimated from the bytes read since the first chunk."""
        self.payloads += len(chunk.payloads)
        seconds = max(self._clock() - self._began, 1e-3)
        line = f"{self.payloads:,} payloads, {self.payloads / seconds:,.0f}/s"
        if self._first_read is None:
            self._first_read = chunk.read
        if self._total:
            line += f", {chunk.read / self._total:.1%} of {_size(self._total)}"
            if (speed := (chunk.read - self._first_read) / seconds) > 0:
                line += f", {_duration((self._total - chunk.read) / speed)} left"
        return f"{line}; {chunk.part}"


def send_files(settings: Settings, source: str, files: Sequence[str], resume: Path | None = None) -> None:
    """Publish the payloads of files, wait until Kafka has acknowledged all, and print how many they are.

    With `resume` those are left out that its journal has; what is acknowledged is noted there.
    """
    count = asyncio.run(_send(settings, source, files, resume))
    topic = record_topic(settings, source)
    if resume is not None and not count:
        typer.echo(f"0 payloads sent to {topic}: by {resume} it has them all")
    else:
        typer.echo(f"{count} payloads sent to {topic}")


async def _send(settings: Settings, source: str, files: Sequence[str], resume: Path | None) -> int:
    progress = SendProgress(total_bytes(files))
    topic = record_topic(settings, source)
    with nullcontext() if resume is None else Journal(resume, source, topic) as journal:
        chunks = read_chunks(source, files, None if journal is None else journal.marks)
        await create_topics(settings)
        async with Publisher(KafkaConnection.of(settings), settings.topic_prefix, shared=True) as publisher:
            with changing_line() as show:
                said = time.monotonic()
                async for chunk in send_chunks(publisher, chunks, journal.add if journal else lambda _marks: None):
                    show(line := progress.add(chunk))
                    if not sys.stderr.isatty() and time.monotonic() - said > _LINE_SECONDS:  # a line for a log
                        said = time.monotonic()
                        typer.echo(line, err=True)
    return progress.payloads


def _size(count: float) -> str:
    for unit in ("bytes", "kB", "MB", "GB"):
        if count < 1000 or unit == "GB":
            return f"{count:,.0f} {unit}" if count >= 10 or unit == "bytes" else f"{count:.1f} {unit}"
        count /= 1000
    return ""


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"
