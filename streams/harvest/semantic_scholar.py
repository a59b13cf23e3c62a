"""Semantic Scholar's Datasets: a base release, then the differences from each release to the next.

A release is about thirty files of JSON lines, a difference has files of rows to write and files of rows to delete. Differences
are applied in order, in each the updates before the deletes. Each file is a window: a kill costs the file it was in. Releases pause
for months; nothing new is no failure.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import date
from pathlib import PurePosixPath
from typing import TypeVar
from urllib.parse import urlsplit

import msgspec

from streams.errors import UsageError
from streams.event_log import EventLog
from streams.feed_files.keys import message_key
from streams.harvest.checkpoints import Checkpoint
from streams.harvest.client import FeedClient, GarbledError, RefusedRequestError, Response
from streams.harvest.shards import Shard, read_shard
from streams.harvest.source import Batch, Message, Options, Window

__all__ = ["PACE_SECONDS", "URL", "SemanticScholarSource", "shard_names"]

log = EventLog(__name__)
T = TypeVar("T")

URL = "https://api.semanticscholar.org"
PACE_SECONDS = 1.0
_DATASET = "papers"
_BATCH = 1000
_NOT_FOUND = 404
_BASE = "base "
_UPDATE, _DELETE = "update", "delete"


class _Release(msgspec.Struct):
    release_id: str


class _Files(msgspec.Struct):
    files: list[str]


class _Diff(msgspec.Struct):
    from_release: str
    to_release: str
    update_files: list[str] = []
    delete_files: list[str] = []


class _Diffs(msgspec.Struct):
    diffs: list[_Diff]


class SemanticScholarSource:
    """The dataset `papers`: a base when there is no checkpoint, else the differences since.

    `--from` names the release whose files were loaded by other means: without a checkpoint the differences after it are applied.
    """

    adapter = "semantic_scholar"
    feed = "semantic_scholar"
    in_order = True

    def __init__(self, options: Options, url: str = "", _key: str = "") -> None:
        if options.sets or options.until:
            raise UsageError("releases are read as a whole: leave out --set and --until, or search by --query")
        self._options = options
        self._url = (url or URL).rstrip("/") + "/datasets/v1"

    async def windows(self, client: FeedClient, checkpoint: Checkpoint, today: date) -> AsyncIterator[Window]:
        """Yield the files that are due. Raises FeedError."""
        if self._options.again and not checkpoint.target.startswith(_BASE):
            checkpoint = Checkpoint(self.feed)
        is_begun = bool(checkpoint.done or checkpoint.target)
        if self._options.since and not is_begun and not self._options.again:
            checkpoint = msgspec.structs.replace(checkpoint, done=f"{self._options.since}")
        if not checkpoint.done:
            async for window in self._base(client, checkpoint):
                yield window
            return
        try:
            diffs = await self._diffs(client, checkpoint.done)
        except RefusedRequestError as error:
            if error.status != _NOT_FOUND or not is_begun:
                raise
            log.warning(
                "release_too_old",
                "no differences from release {release}: a new base is loaded",
                release=checkpoint.done,
            )
            async for window in self._base(client, Checkpoint(self.feed)):
                yield window
            return
        for diff in diffs:
            target = f"{diff.from_release}..{diff.to_release}"
            done = checkpoint.parts if checkpoint.target == target else ()
            names = [*shard_names(diff.update_files, f"{_UPDATE}/"), *shard_names(diff.delete_files, f"{_DELETE}/")]
            for window in _windows(target, names, done, diff.to_release):
                yield window

    async def _base(self, client: FeedClient, checkpoint: Checkpoint) -> AsyncIterator[Window]:
        """Yield the files of the base that was begun, where its release is still there, else of the latest one."""
        release = checkpoint.target.removeprefix(_BASE) if checkpoint.target.startswith(_BASE) else ""
        done: Sequence[str] = checkpoint.parts if release else ()
        files: list[str] = []
        if release:
            try:
                files = await self._files(client, release)
            except RefusedRequestError as error:
                if error.status != _NOT_FOUND:
                    raise
                log.warning("release_gone", "release {release} is gone: the latest one is loaded", release=release)
        if not files:
            release, done = await self._latest(client), ()
            files = await self._files(client, release)
        for window in _windows(_BASE + release, shard_names(files, ""), done, release):
            yield window

    async def batches(self, client: FeedClient, window: Window) -> AsyncIterator[Batch]:
        """Yield the rows of a file; of a file of deletes a delete for each row. Raises FeedError."""
        if window.name.endswith(" "):
            return  # a difference without any file
        newest = window.until
        async for lines in read_shard(client, Shard(window.name, lambda: self._link(client, window))):
            for start in range(0, len(lines), _BATCH):
                yield Batch([_message(line, deletes=window.deletes) for line in lines[start : start + _BATCH]], newest)

    async def _link(self, client: FeedClient, window: Window) -> str:
        """Return a new link to the file of a window. Raises FeedError."""
        target, _, name = window.name.rpartition(" ")
        if target.startswith(_BASE):
            files = dict(zip(shard_names(listed := await self._files(client, window.until), ""), listed, strict=True))
        else:
            since = target.partition("..")[0]
            files = {}
            for diff in await self._diffs(client, since, window.until):
                if f"{diff.from_release}..{diff.to_release}" == target:
                    files |= zip(shard_names(diff.update_files, f"{_UPDATE}/"), diff.update_files, strict=True)
                    files |= zip(shard_names(diff.delete_files, f"{_DELETE}/"), diff.delete_files, strict=True)
        if name not in files:
            raise GarbledError(f"Semantic Scholar has no file {name} in {target} any more")
        return files[name]

    async def _latest(self, client: FeedClient) -> str:
        return (await client.get(f"{self._url}/release/latest", {}, _reader(_Release))).release_id

    async def _files(self, client: FeedClient, release: str) -> list[str]:
        found = await client.get(f"{self._url}/release/{release}/dataset/{_DATASET}", {}, _reader(_Files))
        if not found.files:
            raise GarbledError(f"Semantic Scholar lists no files of release {release}")
        return found.files

    async def _diffs(self, client: FeedClient, since: str, until: str = "latest") -> list[_Diff]:
        """Return the differences in order; none where the release is the latest one."""
        if until == "latest" and await self._latest(client) == since:
            return []
        return (await client.get(f"{self._url}/diffs/{since}/to/{until}/{_DATASET}", {}, _reader(_Diffs))).diffs

    def finished(self, checkpoint: Checkpoint, window: Window) -> Checkpoint:
        """Return the checkpoint after a file; after the last one its release is done."""
        if window.last:
            return Checkpoint(
                self.feed, since=checkpoint.since or window.until, done=window.until, newest=checkpoint.newest
            )
        target, _, name = window.name.rpartition(" ")
        parts = (*checkpoint.parts, name) if checkpoint.target == target else (name,)
        done = "" if target.startswith(_BASE) else checkpoint.done or target.partition("..")[0]
        return msgspec.structs.replace(checkpoint, done=done, target=target, parts=parts)

    def failed(self, checkpoint: Checkpoint, window: Window) -> Checkpoint:
        """Return the checkpoint as it is: files are applied in order."""
        return checkpoint

    def split(self, window: Window) -> list[Window]:
        """Return nothing: a file is asked for as a whole."""
        return []


def shard_names(files: Sequence[str], prefix: str) -> list[str]:
    """Return the names of files by their links, of which the query is a signature that changes; numbered where two are alike."""
    names: list[str] = []
    for number, link in enumerate(files):
        name = prefix + PurePosixPath(urlsplit(link).path).name.replace(" ", "_")
        names.append(name if name not in names else f"{name}#{number}")
    return names


def _windows(target: str, names: Sequence[str], done: Sequence[str], release: str) -> list[Window]:
    due = [name for name in names if name not in done] or [""]
    return [
        Window(f"{target} {name}", until=release, last=name == due[-1], deletes=name.startswith(f"{_DELETE}/"))
        for name in due
    ]


def _message(line: bytes, *, deletes: bool) -> Message:
    key = message_key("semantic_scholar", line)
    return Message(key, None if deletes and key else line)


def _reader(kind: type[T]) -> Callable[[Response], T]:
    def read(response: Response) -> T:
        try:
            return msgspec.json.decode(response.body, type=kind)
        except msgspec.MsgspecError as error:
            raise GarbledError(f"Semantic Scholar's answer is not understood: {error}") from None

    return read
