"""OpenAlex's free snapshot: files of works by the day of their last change, then the works that were merged into others.

A work is in the file of its last change only, so a later snapshot is read from the days after those that were read. `done` of the
checkpoint has two days, the last one of works and the last one of merged ids, for these have days of their own. A row of the
merged ids is published as it is: the adapter reads it as a delete.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import date
from typing import NamedTuple

import msgspec
from lxml import etree

from streams.errors import PayloadError, UsageError
from streams.feed_files.keys import message_key
from streams.feed_files.merged_ids import merged_row
from streams.harvest.checkpoints import Checkpoint
from streams.harvest.client import FeedClient, GarbledError, Response
from streams.harvest.shards import Shard, read_shard
from streams.harvest.source import Batch, Message, Options, Window
from streams.sources.payloads import load_xml

__all__ = ["URL", "OpenAlexSnapshotSource"]

URL = "https://openalex.s3.amazonaws.com"
_BATCH = 1000
_PART = re.compile(r"updated_date=(\d{4}-\d\d-\d\d)/(\S+)$")
_MERGED = re.compile(r"merged_ids/works/(\d{4}-\d\d-\d\d)\.csv\.gz$")
_WORKS, _MERGES = "works", "merged"


class _Entry(msgspec.Struct):
    url: str


class _Manifest(msgspec.Struct):
    entries: list[_Entry]


class _Listing(NamedTuple):
    """A page of the bucket's list: day and path of each file, and the token of the next page, `""` at the last one."""

    files: list[tuple[str, str]]
    next_page: str


class OpenAlexSnapshotSource:
    """The files of works and of merged ids after those that were read. Each is a window named by its path, in the order of days."""

    adapter = "openalex"
    feed = "openalex:snapshot"
    in_order = True

    def __init__(self, options: Options, url: str = "", _key: str = "") -> None:
        if options.sets or options.until:
            raise UsageError("a snapshot is read as a whole: leave out --set and --until")
        self._options = options
        self._url = (url or URL).rstrip("/")

    async def windows(self, client: FeedClient, checkpoint: Checkpoint, today: date) -> AsyncIterator[Window]:
        """Yield the files that are due: works, then merged ids. Raises FeedError."""
        done = "" if self._options.again and not checkpoint.parts else checkpoint.done
        read = dict(zip((_WORKS, _MERGES), done.split(), strict=False))
        files = {
            _WORKS: await client.get(f"{self._url}/data/works/manifest", {}, _read_manifest),
            _MERGES: await self._merged_files(client),
        }
        first = f"{self._options.since or ''}"
        due = [
            (day, f"{kind} {path}")
            for kind, listed in files.items()
            for day, path in sorted(listed)
            if day > read.get(kind, "") and day >= first and f"{kind} {path}" not in checkpoint.parts
        ]
        newest = " ".join(max((day for day, _ in listed), default="-") for listed in files.values())
        for number, (day, name) in enumerate(due, 1):
            yield Window(name, since=day, until=newest, last=number == len(due))

    async def _merged_files(self, client: FeedClient) -> list[tuple[str, str]]:
        """Return day and path of each file of merged ids, from all pages of the bucket's list (a thousand names each)."""
        query, found = {"list-type": "2", "prefix": "data/merged_ids/works/"}, []
        while True:
            page = await client.get(self._url, query, _read_listing)
            found += page.files
            if not page.next_page:
                return found
            query = query | {"continuation-token": page.next_page}

    async def batches(self, client: FeedClient, window: Window) -> AsyncIterator[Batch]:
        """Yield the rows of a file. Raises FeedError."""
        kind, _, path = window.name.partition(" ")

        async def link() -> str:
            return f"{self._url}/{path}"

        async for lines in read_shard(client, Shard(window.name, link, first=b"{" if kind == _WORKS else b"m")):
            for start in range(0, len(lines), _BATCH):
                chunk = lines[start : start + _BATCH]
                rows = chunk if kind == _WORKS else [row for line in chunk if (row := _merged_row(line))]
                yield Batch([Message(message_key(self.adapter, row), row) for row in rows], window.since)

    def finished(self, checkpoint: Checkpoint, window: Window) -> Checkpoint:
        """Return the checkpoint after a file; after the last one all days of the snapshot are done."""
        if window.last:
            return Checkpoint(self.feed, since=checkpoint.since or window.since, done=window.until)
        return msgspec.structs.replace(checkpoint, target=window.until, parts=(*checkpoint.parts, window.name))

    def failed(self, checkpoint: Checkpoint, window: Window) -> Checkpoint:
        """Return the checkpoint as it is: files are read in order."""
        return checkpoint

    def split(self, window: Window) -> list[Window]:
        """Return nothing: a file is asked for as a whole."""
        return []


def _merged_row(line: bytes) -> bytes:
    """Return a row of merged ids as JSON; nothing for the heading. Raises GarbledError."""
    try:
        return merged_row(line)
    except ValueError as error:
        raise GarbledError(str(error)) from None


def _read_manifest(response: Response) -> list[tuple[str, str]]:
    """Return day and path of each file of works. Raises GarbledError."""
    try:
        entries = msgspec.json.decode(response.body, type=_Manifest).entries
    except msgspec.MsgspecError as error:
        raise GarbledError(f"the manifest of OpenAlex is not understood: {error}") from None
    found = [match for entry in entries if (match := _PART.search(entry.url))]
    if len(found) != len(entries) or not found:
        raise GarbledError("the manifest of OpenAlex names files of another kind")
    return [(match[1], f"data/works/{match[0]}") for match in found]


def _read_listing(response: Response) -> _Listing:
    """Return a page of the list of merged ids (ListObjectsV2 of Amazon S3). Raises GarbledError."""
    try:
        root = load_xml(response.body)
    except PayloadError as error:
        raise GarbledError(f"the list of OpenAlex's files is no XML: {error}") from None
    if etree.QName(root).localname != "ListBucketResult":
        raise GarbledError("the list of OpenAlex's files is something else")
    names = [element.text or "" for element in root.iterfind("{*}Contents/{*}Key")]
    files = [(match[1], name) for name in names if (match := _MERGED.search(name))]
    if (root.findtext("{*}IsTruncated") or "").strip() != "true":
        return _Listing(files, "")
    if token := (root.findtext("{*}NextContinuationToken") or "").strip():
        return _Listing(files, token)
    raise GarbledError("the list of OpenAlex's merged ids ends without the token of its next page")
