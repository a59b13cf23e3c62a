"""A worker with a known HTTP port, and what it answers there."""

from __future__ import annotations

import contextlib
import json
import urllib.error
import urllib.request
from collections.abc import Callable
from http.client import HTTPException
from typing import Any

from streams.local.broker import free_port
from streams.local.worker import WorkerProcess
from tests.system.processes import Streams, wait_for

__all__ = ["ProbedWorker", "why_unready"]


class ProbedWorker:
    """Settings of a worker on servers of the test's own, and what it answers."""

    def __init__(self, streams: Callable[..., Streams], redis_url: str, kafka_url: str) -> None:
        self.port = free_port()
        given = {
            "redis_url": redis_url,
            "kafka_url": kafka_url,
            "http_port": self.port,
            "topic_prefix": "",
            "app_id": "streams",
        }
        self.streams = streams(**given, session_timeout=6, log_format="json")

    def ask(self, path: str) -> tuple[int, str]:
        """Return the status and the reasons of a page; 0 where nothing answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return answer.status, _reasons(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, _reasons(error.read())
        except OSError:
            return 0, ""

    def read(self, path: str) -> bytes:
        """Return the body of a page that answers with 200."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
            body: bytes = answer.read()
            return body

    def wait_unready(self, reason: str) -> None:
        def waits() -> bool:
            status, reasons = self.ask("/readyz")
            return status == 503 and reason in reasons

        wait_for(waits, f"the worker says that it is not ready because of {reason!r}: {self.ask('/readyz')}")
        assert self.ask("/healthz")[0] == 200, "a restart would not help"

    def wait_ready(self) -> None:
        wait_for(lambda: self.ask("/readyz")[0] == 200, f"the worker is ready: {self.ask('/readyz')}", 60)

    def failing(self) -> set[str]:
        """Return the names of the checks that fail."""
        return {reason.partition(":")[0] for reason in self.ask("/readyz")[1].split("; ")}

    def log(self) -> list[dict[str, Any]]:
        """Return the lines of the log, which has JSON."""
        return [json.loads(line) for line in self.streams.output().splitlines() if line.startswith("{")]

    def events(self) -> list[str]:
        return [line["event"] for line in self.log()]


def why_unready(worker: WorkerProcess) -> str:
    """Return why a worker is not ready; empty where it is, or does not answer."""
    try:
        with urllib.request.urlopen(f"{worker.url}/readyz", timeout=5):  # noqa: S310 - on loopback
            return ""
    except urllib.error.HTTPError as refused:
        with contextlib.suppress(HTTPException, OSError):  # it ended meanwhile
            return _reasons(refused.read())
    except (HTTPException, OSError):
        pass
    return ""


def _reasons(body: bytes) -> str:
    return "; ".join(f"{check['name']}: {check['reason']}" for check in json.loads(body)["checks"] if not check["ok"])
