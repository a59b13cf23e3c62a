"""Ask the server of a source: one request at a time, at its pace, with a contact, again where that can help.

A request is sent again after a 429 or a 5xx, a time-out, a lost connection, and an answer that is none (truncated, or a page
of errors under 200): `read` finds those, before anything of the answer is used. The wait is the one the server asks for, and
never less than the floor: servers that are overloaded send `Retry-After: 0`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import NamedTuple, Self, TypeVar
from urllib.parse import quote, quote_plus

import aiohttp
import stamina

from streams import __version__
from streams.errors import FeedError
from streams.event_log import EventLog
from streams.harvest.metrics import HarvestMetrics
from streams.harvest.pace import Pace, retry_after
from streams.settings.redaction import HIDDEN

__all__ = ["FeedClient", "GarbledError", "Patience", "RefusedRequestError", "Response"]

log = EventLog(__name__)
T = TypeVar("T")

_AGAIN = frozenset((408, 425, 429, 500, 502, 503, 504))
_MOST_WAIT_SECONDS = 3600.0
_CHUNK_BYTES = 256 * 1024
_SHOWN, _READ = 300, 4096
_KEYS = ("api_key",)
"""Parameters that are secret."""


class _Failed(NamedTuple):
    at: float
    cause: str


class Response(NamedTuple):
    """An answer of status 200, read to its end."""

    headers: Mapping[str, str]
    body: bytes


class Patience(NamedTuple):
    """How often and how long to try: attempts of a request, seconds until the server sends something, least seconds of a wait."""

    attempts: int = 5
    timeout: float = 300.0
    floor: float = 30.0


class GarbledError(FeedError):
    """An answer that is none: truncated, or something else than was asked for. The same request may succeed later."""


class RefusedRequestError(FeedError):
    """The server answers with a status that asking again does not change."""

    def __init__(self, text: str, status: int) -> None:
        super().__init__(text)
        self.status = status


class _UnavailableError(FeedError):
    """The server cannot answer at the moment; `wait` is what it asks for, in seconds."""

    def __init__(self, text: str, wait: float | None = None) -> None:
        super().__init__(text)
        self.wait = wait


class FeedClient:
    """One connection to the server of a source. Use as `async with`.

    `name` is that of the source in messages; no address with its parameters is ever shown, for some have a key in them.
    """

    def __init__(
        self,
        name: str,
        contact: str,
        pace: Pace,
        metrics: HarvestMetrics,
        patience: Patience | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self._name = name
        self._pace = pace
        self._metrics = metrics
        self._patience = patience or Patience()
        where = f"mailto:{contact}" if "@" in contact and "//" not in contact else contact
        self._agent = {"User-Agent": f"streams-dedup/{__version__} ({where})"}
        self._own = dict(headers or {})
        self._session: aiohttp.ClientSession | None = None
        stamina.instrumentation.set_on_retry_hooks([])  # it would write to standard output; the waits are logged here

    async def __aenter__(self) -> Self:
        limits = aiohttp.ClientTimeout(total=None, sock_connect=60, sock_read=self._patience.timeout)
        self._session = aiohttp.ClientSession(
            headers=self._agent, timeout=limits, connector=aiohttp.TCPConnector(limit=1), raise_for_status=False
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session is not None:
            await self._session.close()

    async def get(self, url: str, params: Mapping[str, str], read: Callable[[Response], T]) -> T:
        """Return what `read` makes of the answer; it raises GarbledError for what is no answer. Raises FeedError."""

        async def attempt() -> T:
            async with self._answer(url, params, {}) as response:
                return read(Response(response.headers, await response.read()))

        return await self.again(attempt)

    @asynccontextmanager
    async def stream(
        self, url: str, offset: int, *, own: bool = False
    ) -> AsyncIterator[tuple[Mapping[str, str], int, AsyncIterator[bytes]]]:
        """Open a file from a byte on; yield its headers, the byte that the answer begins with, and its chunks.

        `own` says whether the file is on the server itself; else the headers with keys are not sent. Raises FeedError at once, for
        a caller that continues at the byte where it was interrupted (`again` waits between two attempts).
        """
        headers = {"Range": f"bytes={offset}-"} if offset else {}
        async with self._answer(url, {}, headers | {"Accept-Encoding": "identity"}, own=own) as response:
            start = offset if response.status == 206 else 0
            yield response.headers, start, self._chunks(response)

    async def _chunks(self, response: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
        async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
            yield chunk

    async def again(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """Return what `attempt` returns, which is called again after each failure that may pass. Raises FeedError."""
        failed: _Failed | None = None

        def wait(error: Exception) -> bool | float:
            nonlocal failed
            if not isinstance(error, (_UnavailableError, GarbledError)):
                return False
            asked = error.wait if isinstance(error, _UnavailableError) else None
            failed = _Failed(time.monotonic(), "backoff" if asked is None else "server")
            log.warning("feed_failed", "{reason}; asked again after a wait", reason=str(error))
            return True if asked is None else min(max(asked, self._patience.floor), _MOST_WAIT_SECONDS)

        floor = self._patience.floor
        async for tried in stamina.retry_context(
            on=wait,
            attempts=self._patience.attempts,
            timeout=None,
            wait_initial=floor,
            wait_max=floor * 8,
            wait_jitter=floor / 10,
        ):
            with tried:
                if failed is not None:
                    self._metrics.waited(failed.cause, time.monotonic() - failed.at)
                return await attempt()
        raise FeedError(f"{self._name} was not asked")  # never: the last failure is raised

    async def pause_after(self, error: FeedError, failures: int) -> None:
        """Wait after a failure of `stream`, longer after each of `failures` in a row. Raises the failure after the last attempt."""
        if failures >= self._patience.attempts or isinstance(error, RefusedRequestError):
            raise error
        asked = error.wait if isinstance(error, _UnavailableError) else None
        floor = self._patience.floor
        wait = floor * min(2 ** (failures - 1), 8) if asked is None else min(max(asked, floor), _MOST_WAIT_SECONDS)
        log.warning("feed_failed", "{reason}; continued after a wait", reason=str(error))
        self._metrics.waited("backoff" if asked is None else "server", wait)
        await asyncio.sleep(wait)

    @asynccontextmanager
    async def _answer(
        self, url: str, params: Mapping[str, str], headers: Mapping[str, str], *, own: bool = True
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """Send a request at the pace; yield an answer of status 200 or 206 whose body is still to be read.

        Raises FeedError, also for what goes wrong while the body is read.
        """
        if self._session is None:
            raise FeedError(f"{self._name} cannot be asked: the client was not started")
        await self._keep_pace()
        status = 0
        answered: Mapping[str, str] = {}
        try:
            sent = {**headers, **(self._own if own else {})}
            async with self._session.get(url, params=params, headers=sent) as response:
                status, answered = response.status, response.headers
                if status not in (200, 206):
                    self._metrics.requested(str(status))
                    secrets = [*self._own.values(), *(params[name] for name in _KEYS if params.get(name))]
                    raise self._refusal(status, answered, await response.content.read(_READ), secrets)
                yield response
                self._metrics.requested(str(status))
        except TimeoutError as error:
            self._metrics.requested("timeout")
            raise _UnavailableError(f"{self._name} sent nothing for {self._patience.timeout:g} s") from error
        except (aiohttp.ClientError, OSError) as error:
            self._metrics.requested("lost")
            raise _UnavailableError(f"{self._name}: the connection was lost: {type(error).__name__}") from error
        except GarbledError:
            self._metrics.requested("garbled")
            raise
        finally:
            self._pace.answered(status, answered)

    async def _keep_pace(self) -> None:
        if (delay := self._pace.delay()) > 0:
            self._metrics.waited("pace", delay)
            await asyncio.sleep(delay)

    def _refusal(self, status: int, headers: Mapping[str, str], body: bytes, secrets: Iterable[str]) -> FeedError:
        """Return the error with what the server says, without our keys, which a proxy may repeat."""
        said = body.decode("utf-8", "replace")
        for each in secrets:
            for form in (each, quote(each), quote(each, safe=""), quote_plus(each)):
                said = said.replace(form, HIDDEN)
        text = f"{self._name} answers {status}: {' '.join(said.split())[:_SHOWN]}"
        if status in _AGAIN:
            return _UnavailableError(text, retry_after(headers))
        return RefusedRequestError(text, status)
