"""A journal of what Kafka has of some files, so that sending them can be resumed. A file of JSON lines that is only appended to.

| line      | value                                              | written                                        |
|-----------|----------------------------------------------------|------------------------------------------------|
| the first | `{"source", "topic"}`                              | when it is begun                               |
| others    | `{"path", "member", "payloads", "size", "whole"}`  | after Kafka has these, or all, of the payloads |

The last line of a part is the one that counts. A process that is killed leaves at most one line that is cut off, which is removed
when the journal is opened again. It is not flushed to the disk: after a power failure more is sent again, and nothing is missing.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import IO, Self

import msgspec

from streams.errors import UsageError

__all__ = ["Journal", "Mark"]


class Mark(msgspec.Struct, frozen=True, omit_defaults=True):
    """How much of a part of a file is acknowledged: so many `payloads` of it, which are all where it is `whole`.

    `size` is that of the file in bytes; one of another size is another file, and sent from its beginning.
    """

    path: str
    member: str = ""
    payloads: int = 0
    size: int = 0
    whole: bool = False


class _Heading(msgspec.Struct):
    source: str
    topic: str


class Journal:
    """What is acknowledged, and the open file. Use as `with`; two processes cannot have one journal at once."""

    def __init__(self, path: Path, source: str, topic: str) -> None:
        """Open a journal, or begin one. Raises UsageError where it is of another source or topic, is in use, or is no journal."""
        self._path = path
        self._marks: dict[tuple[str, str], Mark] = {}
        try:
            self._file: IO[bytes] = path.open("a+b")
        except OSError as error:
            raise UsageError(f"{path} cannot be used as a journal: {error.strerror or error}") from error
        try:
            self._lock()
            self._read(_Heading(source, topic))
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    @property
    def marks(self) -> Mapping[tuple[str, str], Mark]:
        """What is acknowledged, by path and member."""
        return self._marks

    def add(self, marks: Sequence[Mark]) -> None:
        """Note what was acknowledged. Raises UsageError where the journal cannot be written."""
        if not marks:
            return
        try:
            self._file.write(_lines(marks))
            self._file.flush()
        except OSError as error:
            raise UsageError(f"{self._path} cannot be written: {error.strerror or error}") from error
        self._marks |= {(mark.path, mark.member): mark for mark in marks}

    def _lock(self) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageError(f"{self._path} is in use by another process") from None

    def _read(self, heading: _Heading) -> None:
        """Read the lines, and remove one that was cut off with all after it."""
        self._file.seek(0)
        first = self._file.readline()
        if not first.endswith(b"\n"):
            if first and not msgspec.json.encode(heading).startswith(first):
                raise UsageError(f"{self._path} is no journal of `streams send`")
            self._file.truncate(0)
            self._file.write(_lines([heading]))
            self._file.flush()
            return
        self._check(first, heading)
        kept = len(first)
        decoder = msgspec.json.Decoder(Mark)
        for line in self._file:
            try:
                mark = decoder.decode(line)
            except msgspec.MsgspecError:
                break
            if not line.endswith(b"\n"):
                break
            kept += len(line)
            self._marks[mark.path, mark.member] = mark
        os.truncate(self._file.fileno(), kept)

    def _check(self, first: bytes, heading: _Heading) -> None:
        try:
            found = msgspec.json.decode(first, type=_Heading)
        except msgspec.MsgspecError:
            raise UsageError(f"{self._path} is no journal of `streams send`") from None
        if found != heading:
            raise UsageError(
                f"{self._path} is the journal of {found.source} to {found.topic}; this is {heading.source} to {heading.topic}"
            )


def _lines(values: Iterable[Mark | _Heading]) -> bytes:
    return b"".join(msgspec.json.encode(value) + b"\n" for value in values)
