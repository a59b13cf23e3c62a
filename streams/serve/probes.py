"""`/healthz`, `/readyz` and `/metrics` of `streams serve`.

Live is a process that answers. Ready is one that has read from Redis just now. Probes are answered for everyone, by a status code;
the reason, which may name servers, only for those who may read.
"""

from __future__ import annotations

import asyncio

import msgspec
from litestar import Response, Router, get
from litestar.di import NamedDependency
from prometheus_client import generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from streams.errors import StreamsError
from streams.query.index_reader import IndexReader
from streams.serve.access import OPEN_TO_ALL, Caller
from streams.serve.resources import Resources

__all__ = ["ServeHealth", "router"]

_ANSWER_SECONDS = 2.0
_NO_STORE = {"Cache-Control": "no-store"}


class ServeHealth(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whether the service is live or ready, and the reason where it is not."""

    ok: bool
    reason: str = ""


@get("/healthz", operation_id="isLive", summary="Whether the process is live", opt=OPEN_TO_ALL)
async def healthz() -> Response[ServeHealth]:
    """Answer 200: a process that answers is live."""
    return Response(ServeHealth(ok=True), headers=_NO_STORE)


@get("/readyz", operation_id="isReady", summary="Whether questions can be answered", opt=OPEN_TO_ALL)
async def readyz(resources: NamedDependency[Resources], caller: NamedDependency[Caller]) -> Response[ServeHealth]:
    """Answer 200 where Redis answers within two seconds, 503 with the reason otherwise."""
    reason = ""
    try:
        async with asyncio.timeout(_ANSWER_SECONDS):
            await resources.ask(_ping)
    except TimeoutError:
        reason = f"Redis did not answer within {_ANSWER_SECONDS:g} s"
    except StreamsError as error:
        reason = str(error)
    shown = reason if caller.may("read") else ""
    return Response(ServeHealth(ok=not reason, reason=shown), status_code=503 if reason else 200, headers=_NO_STORE)


@get("/metrics", operation_id="metrics", summary="Prometheus metrics", media_type="text/plain")
async def metrics(resources: NamedDependency[Resources]) -> Response[bytes]:
    """Return the metrics of this process in the text format of Prometheus."""
    resources.show_metrics()
    return Response(generate_latest(resources.metrics.registry), media_type=CONTENT_TYPE_LATEST, headers=_NO_STORE)


def _ping(index: IndexReader) -> None:
    index.connection.everywhere("PING")


router = Router("/", route_handlers=[healthz, readyz, metrics], tags=["probes"], include_in_schema=False)
