"""Put the payloads of files together for Kafka, each chunk with what the journal notes once it is acknowledged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from streams.errors import UsageError
from streams.feed_files.archives import STANDARD_INPUT, Part, files_of, parts, read_errors
from streams.feed_files.journal import Mark
from streams.feed_files.keys import DOCUMENT, message_key
from streams.feed_files.payloads import Payload, check_readable, documents, reference_files, values

__all__ = ["MOST_PAYLOADS", "Chunk", "read_chunks", "total_bytes"]

MOST_PAYLOADS = 1000
_MOST_BYTES = 8 * 1024 * 1024


class Chunk(NamedTuple):
    """Payloads that are published together, of one part or more.

    `marks` say how far the parts are once these are acknowledged. `part` is the last part for people, `read` how many bytes of all
    files are read.
    """

    payloads: list[Payload]
    marks: list[Mark]
    part: str
    read: int


class _Filling:
    """The chunk that is being filled."""

    def __init__(self) -> None:
        self._payloads: list[Payload] = []
        self._marks: dict[tuple[str, str], Mark] = {}
        self._bytes = 0

    @property
    def is_full(self) -> bool:
        return len(self._payloads) >= MOST_PAYLOADS or self._bytes >= _MOST_BYTES

    @property
    def is_empty(self) -> bool:
        return not self._marks and not self._payloads

    def add(self, payload: Payload) -> None:
        self._payloads.append(payload)
        self._bytes += len(payload.value)

    def mark(self, mark: Mark) -> None:
        self._marks[mark.path, mark.member] = mark

    def take(self, part: str, read: int) -> Chunk:
        """Return what there is, and begin the next one."""
        chunk = Chunk(self._payloads, list(self._marks.values()), part, read)
        self._payloads, self._marks, self._bytes = [], {}, 0
        return chunk


def read_chunks(
    source: str, names: Iterable[str], done: Mapping[tuple[str, str], Mark] | None = None
) -> Iterator[Chunk]:
    """Yield the payloads of files, folders and archives that are not done, in order. Raises UsageError.

    What is done of a part is read and left out, for a place in a compressed file cannot be jumped to; a part that is whole is
    not read. With `done`, None where there is no journal, files must be ones that are the same when they are read again.
    """
    listed = list(names)
    check_readable(source, listed)
    references = reference_files(listed) if source == DOCUMENT else []
    paths = files_of(name for name in listed if name not in references)
    if done is not None and (references or STANDARD_INPUT in paths):
        raise UsageError("standard input and references cannot be resumed: leave out --resume")
    filling = _Filling()
    for payload in documents(references):
        filling.add(payload)
        if filling.is_full:
            yield filling.take("references", 0)
    before, shown = 0, ""
    for path in paths:
        size = _size(path)
        for part in parts(path):
            shown = part.shown
            yield from _read_part(source, part, size, (done or {}).get((path, part.member)), filling, before)
        before += size
    if not filling.is_empty:
        yield filling.take(shown or "references", before)


def _read_part(
    source: str, part: Part, size: int, done: Mark | None, filling: _Filling, before: int
) -> Iterator[Chunk]:
    """Fill chunks with what is left of a part; yield those that are full. `before` is how many bytes the files before it have."""
    known = done if done is not None and done.size == size else Mark(part.path)
    if known.whole:
        return
    number = 0
    with read_errors(part.path), part.open() as file:
        for number, value in enumerate(values(source, file), 1):
            if number <= known.payloads:
                continue
            filling.add(Payload(source, message_key(source, value), value))
            if filling.is_full:
                filling.mark(Mark(part.path, part.member, number, size))
                yield filling.take(part.shown, before + part.position())
    filling.mark(Mark(part.path, part.member, number, size, whole=True))


def total_bytes(names: Iterable[str]) -> int:
    """Return the size of all files, 0 where standard input is one. Raises UsageError."""
    paths = files_of(names)
    return 0 if STANDARD_INPUT in paths else sum(map(_size, paths))


def _size(path: str) -> int:
    return 0 if path == STANDARD_INPUT else Path(path).stat().st_size
