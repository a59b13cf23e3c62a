"""Cut files into payloads: one a line, or one a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import IO, NamedTuple

import msgspec
import orjson

from streams.errors import UsageError
from streams.feed_files.archives import STANDARD_INPUT, files_of, parts, read_errors
from streams.feed_files.keys import DOCUMENT, message_key
from streams.feed_files.merged_ids import HEADING, merged_row
from streams.sources import SOURCES

__all__ = ["Payload", "check_readable", "documents", "read_payloads", "reference_files", "values"]

_CROSSREF, _OPENALEX = "crossref", "openalex"


class _Items(msgspec.Struct):
    items: list[msgspec.Raw]


class Payload(NamedTuple):
    """A payload on its way to the topic of `source`; an empty value is a delete of the record under `key`."""

    source: str
    key: bytes
    value: bytes


def read_payloads(source: str, names: Iterable[str]) -> Iterator[Payload]:
    r"""Yield the payloads of files (`-`: standard input), of folders and of archives: one a line, or one a file.

    A file is one payload where it is XML, or JSON that is not complete on its first line. Lines end with `\n` only, for U+2028
    occurs inside them. A file of references (BibTeX, RIS, …) gives a `document` for each of them. A file of Crossref's public data,
    `{"items": [...]}`, has a payload for each work: as one message it would be too large.
    Raises UsageError where a file cannot be read or the source is unknown.
    """
    listed = list(names)
    check_readable(source, listed)
    references = reference_files(listed) if source == DOCUMENT else []
    yield from documents(references)
    for path in files_of(name for name in listed if name not in references):
        for part in parts(path):
            with read_errors(path), part.open() as file:
                for value in values(source, file):
                    yield Payload(source, message_key(source, value), value)


def check_readable(source: str, names: Iterable[str]) -> None:
    """Raise UsageError where the source is unknown or a file is not there, before anything is started."""
    if source not in SOURCES:
        raise UsageError(f"unknown source {source!r}; known: {', '.join(SOURCES)}")
    files_of(names)


def reference_files(names: Iterable[str]) -> list[str]:
    """Return those of the files that have references in a form such as BibTeX."""
    from streams.references.reading import form_of_file  # noqa: PLC0415 - their parsers take a while to import

    return [name for name in names if name != STANDARD_INPUT and form_of_file(name)]


def documents(files: Sequence[str]) -> Iterator[Payload]:
    """Yield a `document` for each reference of the files. Raises UsageError."""
    if not files:
        return
    from streams.references.collection import collect  # noqa: PLC0415 - the same

    for one in collect(files):
        yield Payload(DOCUMENT, one.record_id.encode(), one.payload)


def values(source: str, file: IO[bytes]) -> Iterator[bytes]:
    """Yield the payloads of a file, without their keys."""
    found = _split(file)
    if source == _CROSSREF:
        return _works(found)
    return _merges(found) if source == _OPENALEX else found


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


def _works(payloads: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the works of files of Crossref's public data, each as it came, and other payloads as they are."""
    for payload in payloads:
        try:
            works = msgspec.json.decode(payload, type=_Items).items
        except msgspec.MsgspecError:
            yield payload
        else:
            yield from (bytes(work) for work in works)


def _merges(payloads: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the rows of a file of OpenAlex's merged ids as JSON; of any other file the payloads as they are."""
    first = next(payloads, None)
    if first is None:
        return
    if first != HEADING:
        yield first
        yield from payloads
        return
    for line in payloads:
        try:
            yield merged_row(line) or line
        except ValueError as error:
            raise UsageError(f"a file of merged ids cannot be read: {error}") from None


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
