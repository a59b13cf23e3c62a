"""Post a delivery to an endpoint: one attempt, whose outcome is an answer and never an exception.

No redirect is followed, no proxy of the environment used, no cookie kept. An attempt takes 15 s at most, 5 of them to connect. The
body of an answer is read up to 64 kB, so that the connection can be used again, and then dropped.
"""

from __future__ import annotations

import asyncio
import time
from typing import Self
from urllib.parse import urlsplit

import aiohttp

from streams.webhooks.addresses import GuardedResolver, Networks, is_literal, refusal
from streams.webhooks.configuration import Endpoint
from streams.webhooks.delivery import Delivery, headers
from streams.webhooks.schedule import Answer, retry_after

__all__ = ["Post"]

_TIMEOUT = aiohttp.ClientTimeout(total=15, sock_connect=5)
_MOST_BODY = 64 * 1024
_CONNECTIONS = 16
"""To one endpoint at once; there is one attempt at a time for each partition."""
_IDLE_SECONDS = 2.0
"""Less than servers keep idle connections: a POST on one that is just being closed would count as failed."""
_LONGEST_ERROR = 300


class Post:
    """The HTTP client of one process. Use as `async with`."""

    def __init__(self, networks: Networks) -> None:
        """Take the networks that endpoints may be in beside public ones."""
        self._networks = networks

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                resolver=GuardedResolver(self._networks),
                use_dns_cache=False,
                keepalive_timeout=_IDLE_SECONDS,
                limit=0,
                limit_per_host=_CONNECTIONS,
            ),
            timeout=_TIMEOUT,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            auto_decompress=False,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def __call__(self, endpoint: Endpoint, delivery: Delivery) -> Answer:
        """Make one attempt; return the answer, with status 0 and an error where there was none."""
        host = urlsplit(endpoint.url).hostname or ""
        if is_literal(host) and (reason := refusal(host, self._networks)):  # aiohttp does not resolve an address
            return Answer(0, reason)
        try:
            async with self._session.post(
                endpoint.url,
                data=delivery.body.encode(),
                headers=headers(delivery, endpoint.secrets, time.time()),
                allow_redirects=False,
            ) as response:
                asked = retry_after(response.headers.get("Retry-After", ""), time.time())
                if response.content_length is None or response.content_length > 0:
                    await self._drain(response)
                return Answer(response.status, _meaning(response.status), asked)
        except TimeoutError:
            return Answer(0, f"it did not answer within {_TIMEOUT.total:g} s")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return Answer(0, _text(error))

    async def _drain(self, response: aiohttp.ClientResponse) -> None:
        """Read what comes with an answer; where that is much, or breaks off, close the connection. The status counts anyway."""
        try:
            left = _MOST_BODY
            while left > 0 and (chunk := await response.content.read(left)):
                left -= len(chunk)
            if left <= 0:
                response.close()
        except (aiohttp.ClientError, TimeoutError, asyncio.IncompleteReadError):
            response.close()


def _meaning(status: int) -> str:
    return f"it answered {status}, and redirects are not followed" if 300 <= status < 400 else ""


def _text(error: Exception) -> str:
    """Return the innermost reason of an error; those of aiohttp repeat the address."""
    inner = getattr(error, "os_error", None) or error
    text = str(inner) or type(inner).__name__
    return "".join(c if c.isprintable() else " " for c in text)[:_LONGEST_ERROR]
