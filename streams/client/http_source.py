"""Read events over HTTP: Server-Sent Events of `GET /api/v1/events`, connected again with growing pauses as long as it takes.

What the server says decides: a stream is read to its end and connected again after its last id; 408, 429 and 5xx are waited out, as
long as `Retry-After` says; another status is an error, for the same request would fail again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from random import uniform
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import aiohttp
import msgspec

from streams.api.event import read_event
from streams.client.items import Gap, Item, Missing, Moved, Unreadable
from streams.client.selection import Selection
from streams.client.sse import SseMessage, SseParser
from streams.errors import PayloadError, SettingsError, WrongSetupError
from streams.event_log import EventLog
from streams.events.positions import BEGINNING, NOW

__all__ = ["HttpSource"]

log = EventLog(__name__)

_PATH = "/api/v1/events"
_CONNECT_SECONDS, _SILENT_SECONDS = 10.0, 50.0
"""The server sends a comment every 15 s: after three that did not come the connection is dead."""
_RETRY_SECONDS, _MOST_SECONDS, _MOST_RETRY_AFTER = 2.0, 60.0, 600.0
_LASTING_SECONDS = 10.0  # a connection that lasted so long was no failure, though no event came
_WAITED_OUT = (408, 425, 429)
_STREAM, _OK, _SERVER_ERROR = "text/event-stream", 200, 500
_FAILURES = (aiohttp.ClientError, TimeoutError, OSError, ValueError)


class _Missing(msgspec.Struct, rename={"start": "from", "end": "to"}):
    partition: int
    start: int
    end: int
    reason: str = ""


class _Gap(msgspec.Struct):
    missing: list[_Missing]


_GAP = msgspec.json.Decoder(_Gap)


class HttpSource:
    """Reads the events of one server. Connects when it is read first."""

    def __init__(self, url: str, start: str, selection: Selection, *, token: str = "", documents: bool = True) -> None:
        """Start at `beginning`, `now` or a position. Raises SettingsError for a wrong `url`, ValueError for a wrong `start`."""
        if not (start.isascii() and start.isprintable() and start):
            raise ValueError(f"{start[:100]!r} is no position; expected one that an event had, `beginning` or `now`")
        self._url, self._shown = _address(url)
        self._query = selection.query() + ([("document", "true")] if documents else [])
        self._headers = {"Accept": _STREAM, "Cache-Control": "no-store"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"
        self._start = start if start in (BEGINNING, NOW) else ""
        self._last_id = "" if self._start else start
        self._session: aiohttp.ClientSession | None = None
        self._response: aiohttp.ClientResponse | None = None
        self._parser = SseParser()
        self._retry = _RETRY_SECONDS
        self._failures = 0
        self._not_before = self._opened_at = 0.0

    async def read(self) -> Sequence[Item]:
        """Wait for the next events, through any number of connections. Raises WrongSetupError where the server refuses."""
        while True:
            try:
                if self._response is None:
                    await self._connect()
                    continue
                chunk = await self._response.content.readany()
                if chunk:
                    if items := self._items(self._parser.feed(chunk)):
                        return items
                    continue
                self._lost("the server ended the stream")
            except aiohttp.InvalidURL:
                raise SettingsError("url", "is, or leads to, no address", "the address of `streams serve`") from None
            except _FAILURES as error:
                self._lost(str(error) or type(error).__name__)

    async def close(self) -> None:
        """Close the connection; the next read connects again and continues."""
        self._drop()
        if self._session is not None:
            session, self._session = self._session, None
            await session.close()

    async def _connect(self) -> None:
        """Wait as long as the pause lasts, then open the stream."""
        await asyncio.sleep(self._not_before - time.monotonic())
        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_SECONDS, sock_read=_SILENT_SECONDS)
            self._session = aiohttp.ClientSession(timeout=timeout)
        headers, query = dict(self._headers), list(self._query)
        if self._last_id:
            headers["Last-Event-ID"] = self._last_id
        elif self._start == NOW:
            query.append(("from", NOW))
        else:
            query.append(self._from_here())
        response = await self._session.get(self._url, headers=headers, params=query)
        try:
            await self._check(response)
        except BaseException:
            response.close()
            raise
        if self._start == NOW and not self._last_id:
            self._start = _time_of(response)
        self._response, self._parser, self._opened_at = response, SseParser(self._last_id), time.monotonic()

    def _from_here(self) -> tuple[str, str]:
        """Return the parameter of a start without an id: the beginning, or the time at which `now` was."""
        return ("from", BEGINNING) if self._start == BEGINNING else ("since", self._start)

    async def _check(self, response: aiohttp.ClientResponse) -> None:
        """Raise WrongSetupError where the server refuses for good, ClientError where another attempt may succeed."""
        if response.status == _OK and response.content_type == _STREAM:
            return
        text = await _problem(response)
        if response.status in _WAITED_OUT or response.status >= _SERVER_ERROR:
            self._pause(_retry_after(response.headers))
            raise aiohttp.ClientError(text)
        if response.status == _OK:
            raise WrongSetupError(f"{self._shown} answers with {response.content_type}: it is no `streams serve`")
        raise WrongSetupError(f"{self._shown} refuses the subscription: {text}")

    def _items(self, messages: Sequence[SseMessage]) -> list[Item]:
        items: list[Item] = []
        for message in messages:
            self._failures = 0
            self._last_id = message.last_id
            items.append(_item(message))
        if self._parser.retry_ms is not None:
            self._retry = min(self._parser.retry_ms / 1000, _MOST_SECONDS)
        return items

    def _lost(self, reason: str) -> None:
        """Note that the connection is lost, and how long to wait before the next: longer each time that nothing came."""
        if self._response is not None and time.monotonic() > self._opened_at + _LASTING_SECONDS:
            self._failures = 0
        self._drop()
        pause = min(self._retry * 2.0**self._failures, _MOST_SECONDS)
        self._failures = min(self._failures + 1, 30)
        self._pause(uniform(0.5, 1.0) * pause)  # noqa: S311 - spreads clients, no secret
        write = log.warning if self._failures > 1 else log.info
        write(
            "subscription_lost",
            "{url}: {reason}; connecting again in {seconds:.1f} s",
            url=self._shown,
            reason=reason,
            seconds=max(0.0, self._not_before - time.monotonic()),
        )

    def _pause(self, seconds: float) -> None:
        self._not_before = max(self._not_before, time.monotonic() + seconds)

    def _drop(self) -> None:
        if self._response is not None:
            self._response.close()
            self._response = None


def _address(url: str) -> tuple[str, str]:
    """Return where the events of a server are, and the same without a user and a password.

    Raises SettingsError, which does not show the URL.
    """
    try:
        parts = urlsplit(url)
        is_right = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        is_right = False
    if not is_right or parts.query or parts.fragment:
        raise SettingsError("url", "is no address of a server", "http:// or https:// and a host, without a query")
    path = parts.path.rstrip("/") + _PATH
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, parts.netloc, path, "", "")), urlunsplit((parts.scheme, host, path, "", ""))


def _item(message: SseMessage) -> Item:
    """Return the item of a message: an event of a cluster, a gap, or where the stream is."""
    if message.event == "gap":
        return Gap(message.last_id, _missing(message.data), f"events are gone: {message.data}")
    if not message.event.startswith("cluster."):
        return Moved(message.last_id)
    try:
        return read_event(message.data, message.last_id)
    except PayloadError as error:
        return Unreadable(PayloadError(error.code, error.detail, f"after {message.last_id}"), message.last_id)


def _missing(data: str) -> tuple[Missing, ...]:
    """Return what the data of a gap says is missing."""
    try:
        found = _GAP.decode(data)
    except msgspec.MsgspecError:
        return ()
    return tuple(Missing(each.partition, each.start, each.end, each.reason) for each in found.missing)


def _object(text: str) -> Mapping[str, Any]:
    try:
        found: dict[str, Any] = msgspec.json.decode(text, type=dict[str, Any])
    except msgspec.MsgspecError:
        return {}
    return found


async def _problem(response: aiohttp.ClientResponse) -> str:
    """Return what an answer says is wrong: its status, and the detail of its problem document if it is one."""
    text = (await response.content.read(10_000)).decode("utf-8", "replace")
    detail = _object(text).get("detail") or _object(text).get("title") or ""
    return f"{response.status} {response.reason or ''} {detail}".strip()


def _retry_after(headers: Mapping[str, str]) -> float:
    """Return the seconds of `Retry-After`, 0 where it has none."""
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text), _MOST_RETRY_AFTER)
    try:
        seconds = (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds()
    except (TypeError, ValueError):
        return 0.0
    return min(max(seconds, 0.0), _MOST_RETRY_AFTER)


def _time_of(response: aiohttp.ClientResponse) -> str:
    """Return the server's time of an answer, RFC 3339: what came later is asked for again if the first connection ends early."""
    try:
        now = parsedate_to_datetime(response.headers.get("Date", ""))
    except (TypeError, ValueError):
        now = datetime.now(UTC)
    return now.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
