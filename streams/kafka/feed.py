"""Send payloads from files to the topics of their sources."""

from __future__ import annotations

import gzip
import sys
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import IO, NamedTuple

import orjson

from streams.errors import PayloadError, UsageError
from streams.events import Outgoing
from streams.kafka.producer import Publisher
from streams.kafka.topics import RECORDS
from streams.records.record import Delete, Record
from streams.sources import SOURCES, parse

__all__ = ["DOCUMENT", "Payload", "check_readable", "message_key", "read_payloads", "reference_files", "send"]

DOCUMENT = "document"
_CHUNK = 1000


class Payload(NamedTuple):
    """A payload on its way to the topic of `source`; an empty value is a delete of the record under `key`."""

    source: str
    key: bytes
    value: bytes


def read_payloads(source: str, files: Iterable[str]) -> Iterator[Payload]:
    r"""Yield the payloads of files (`-`: standard input; gzip by content): one a line, or one a file.

    A file is one payload where it is XML, or JSON that is not complete on its first line. Lines end with
    `\n` only, for U+2028 occurs inside them. A file of references (BibTeX, RIS, …) gives a `document` for each of them.
    Raises UsageError where a file cannot be read or the source is unknown.
    """
    names = list(files)
    check_readable(source, names)
    references = reference_files(names) if source == DOCUMENT else []
    yield from _documents(references)
    for name in names:
        if name in references:
            continue
        try:
            with _open(name) as file:
                for value in _split(file):
                    yield Payload(source, message_key(source, value), value)
        except OSError as error:
            raise UsageError(f"{name} cannot be read: {error.strerror or error}") from error


def check_readable(source: str, files: Iterable[str]) -> None:
    """Raise UsageError where the source is unknown or a file is not there, before anything is started."""
    if source not in SOURCES:
        raise UsageError(f"unknown source {source!r}; known: {', '.join(SOURCES)}")
    for name in files:
        if name != "-" and not Path(name).is_file():
            raise UsageError(f"{name} cannot be read: not a file")


def reference_files(files: Iterable[str]) -> list[str]:
    """Return those of the files that have references in a form such as BibTeX."""
    from streams.references.reading import form_of_file  # noqa: PLC0415 - their parsers take a while to import

    return [name for name in files if name != "-" and form_of_file(name)]


def _documents(files: Sequence[str]) -> Iterator[Payload]:
    if not files:
        return
    from streams.references.collection import collect  # noqa: PLC0415 - the same

    for one in collect(files):
        yield Payload(DOCUMENT, one.record_id.encode(), one.payload)


def message_key(source: str, value: bytes) -> bytes:
    """Return the record's id at its source: all messages about a record share a partition and keep their order.

    Empty for payloads of several records and for those that cannot be read.
    """
    if source == DOCUMENT:
        try:
            fields = orjson.loads(value)
            return f"{fields.get('source') or DOCUMENT}:{fields['id']}".encode()
        except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
            return b""
    items = [item for item in parse(source, value) if not isinstance(item, PayloadError)]
    if len(items) == 1 and isinstance(items[0], Record | Delete):
        return items[0].source_id.encode()
    return b""


async def send(publisher: Publisher, payloads: Iterable[Payload]) -> AsyncIterator[int]:
    """Publish payloads in chunks; yield how many were acknowledged so far. Raises BrokerError."""
    sent = 0
    iterator = iter(payloads)
    while chunk := list(islice(iterator, _CHUNK)):
        await publisher.publish([Outgoing(RECORDS + p.source, p.key, p.value or None) for p in chunk])
        sent += len(chunk)
        yield sent


def _open(name: str) -> IO[bytes]:
    if name == "-":
        return sys.stdin.buffer
    file = Path(name).open("rb")  # noqa: SIM115 - the caller closes it
    if file.peek(2)[:2] == b"\x1f\x8b":
        return gzip.open(file)  # type: ignore[return-value]
    return file


def _split(file: IO[bytes]) -> Iterator[bytes]:
    first = file.readline()
    while first and not first.strip():
        first = file.readline()
    start = first.lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith(b"<") or (start.startswith((b"{", b"[")) and not _is_json(first)):
        rest = file.read()
        if start.startswith(b"<") or _is_json(first + rest):
            yield first + rest
            return
        yield from _lines((first + rest).split(b"\n"))
        return
    yield from _lines([first])
    yield from _lines(file)


def _lines(lines: Iterable[bytes]) -> Iterator[bytes]:
    for line in lines:
        if stripped := line.strip(b"\r\n"):
            yield stripped


def _is_json(text: bytes) -> bool:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True
