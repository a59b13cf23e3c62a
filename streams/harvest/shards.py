"""Read a file of lines from the web: gzip of any number of members, continued where it was interrupted, in flat memory.

A file is whole when its last member ends and its checksum is right, whatever its length. Where a connection is lost or a signed
address expires (403) the next request begins at the byte after the last one received; a file that is another one by then (`ETag`)
is read again from its beginning.
"""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import NamedTuple

from streams.errors import FeedError
from streams.event_log import EventLog
from streams.harvest.client import FeedClient, GarbledError, RefusedRequestError

__all__ = ["GzipLines", "Shard", "read_shard"]

log = EventLog(__name__)

_GZIP = 31  # with a header, of the largest window
_MOST_BYTES = 1024 * 1024
_MOST_LINE = 64 * 1024 * 1024
_EXPIRED = (401, 403)
_MOST_LINKS, _MOST_BEGINNINGS = 5, 3
"""Links to a shard that are refused without a byte between them, before the refusal is not about their age; readings of one that
is garbled."""


class Shard(NamedTuple):
    """A file by its name; `link` returns an address for it, a new one at each call where addresses expire.

    `own` says whether it is on the server of the source itself, which is sent the API key, `first` with which byte it begins.
    """

    name: str
    link: Callable[[], Awaitable[str]]
    own: bool = False
    first: bytes = b"{"


class GzipLines:
    """Decompresses chunks and cuts them into lines, at most a megabyte at a time. Pure.

    A file may come without compression, by a server that unpacks it, where its first byte is the one expected; one that begins
    otherwise, a page of errors perhaps, is none.
    """

    def __init__(self, first: bytes = b"{") -> None:
        self._first = first
        self._inflate = zlib.decompressobj(_GZIP)
        self._rest = b""
        self._begun = False  # of the member
        self._plain: bool | None = None

    def feed(self, chunk: bytes) -> Iterator[list[bytes]]:
        """Yield the lines that a chunk completes, in lists. Raises GarbledError."""
        if self._plain is None and chunk:
            self._plain = chunk[:1] == self._first
        if self._plain:
            yield self._lines(chunk)
            return
        while chunk:
            try:
                data = self._inflate.decompress(chunk, _MOST_BYTES)
            except zlib.error as error:
                raise GarbledError(f"the file is no gzip: {error}") from None
            self._begun = True
            yield self._lines(data)
            if self._inflate.eof:
                chunk = self._inflate.unused_data
                self._inflate, self._begun = zlib.decompressobj(_GZIP), False
                if not chunk.strip(b"\0"):  # some archives are filled up with zeros
                    chunk = b""
            else:
                chunk = self._inflate.unconsumed_tail

    def end(self) -> list[bytes]:
        """Return the last line, where the file does not end with a line end. Raises GarbledError where a member is cut off."""
        if self._begun or self._plain is None:
            raise GarbledError("the file ends within a gzip member" if self._begun else "the file is empty")
        rest, self._rest = self._rest, b""
        return [rest] if rest.strip() else []

    def _lines(self, data: bytes) -> list[bytes]:
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > _MOST_LINE:
            raise GarbledError(f"a line has more than {_MOST_LINE} bytes")
        return [line.rstrip(b"\r") for line in lines if line.strip()]


class _Reading:
    """How far a shard is read."""

    def __init__(self, shard: Shard, address: str) -> None:
        self.shard = shard
        self.address = address
        self.lines = GzipLines(shard.first)
        self.offset = 0
        self.etag = ""
        self.done = False


async def read_shard(client: FeedClient, shard: Shard) -> AsyncIterator[list[bytes]]:
    """Yield the lines of a shard. Raises FeedError; lines are yielded again where the file was replaced meanwhile."""
    reading = _Reading(shard, await shard.link())
    failures = refusals = beginnings = 0
    while not reading.done:
        before = reading.offset
        try:
            async for lines in _read_on(client, reading):
                yield lines
        except RefusedRequestError as error:
            refusals = 1 if reading.offset > before else refusals + 1
            if error.status not in _EXPIRED or refusals >= _MOST_LINKS:
                raise
            log.info(
                "link_expired", "the link to {shard} is not valid any more: another one is asked for", shard=shard.name
            )
            reading.address = await shard.link()
        except GarbledError as error:  # what was received is not what was sent
            beginnings += 1
            if beginnings >= _MOST_BEGINNINGS:
                raise
            log.warning(
                "shard_begins_again",
                "{shard} is read again from its beginning: {reason}",
                shard=shard.name,
                reason=str(error),
            )
            reading = _Reading(shard, await shard.link())
        except FeedError as error:
            failures = 1 if reading.offset > before else failures + 1
            await client.pause_after(error, failures)


async def _read_on(client: FeedClient, reading: _Reading) -> AsyncIterator[list[bytes]]:
    """Yield the lines from the offset to the end."""
    async with client.stream(reading.address, reading.offset, own=reading.shard.own) as (headers, start, chunks):
        etag = headers.get("ETag", "")
        if reading.offset and etag != reading.etag:
            raise GarbledError(f"{reading.shard.name} was replaced while it was read")
        reading.etag = etag
        skip = reading.offset - start  # of an answer with the whole file
        async for received in chunks:
            chunk = received[skip:]
            skip = max(skip - len(received), 0)
            for lines in reading.lines.feed(chunk):
                yield lines
            reading.offset += len(chunk)
        yield reading.lines.end()
    reading.done = True
