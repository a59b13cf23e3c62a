"""The page over real servers: a broker, a Redis, a worker that has decided the demo's feed, and `streams serve`."""

from __future__ import annotations

import asyncio
import contextlib
import urllib.request
from collections.abc import Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import orjson

from streams.demo import feed
from streams.feed_files.payloads import Payload
from streams.kafka.connection import KafkaConnection
from streams.kafka.feed import send
from streams.kafka.producer import Publisher
from streams.kafka.topics import create_topics
from streams.local.run import play
from streams.local.serve import ServeProcess
from streams.local.services import Services
from streams.local.worker import WorkerProcess
from streams.rebuild.restore_topics import restore_topics
from streams.serve.tokens import TokenFile
from streams.settings import Settings
from streams.state.connection import connect

__all__ = ["Stack", "run_apart", "running_stack"]

_SETTINGS = Settings(http_port=0, serve_port=0, serve_requests_per_second=0, topic_prefix="page.", app_id="page")


class Stack:
    """What runs: `url` is where the page is, `token` may do everything, `person("ada")` makes another token."""

    def __init__(self, services: Services, worker: WorkerProcess, api: ServeProcess, tokens: TokenFile) -> None:
        self.services, self.worker, self.api = services, worker, api
        self._tokens = tokens
        self.token = self.person("operator", "operate")

    @property
    def settings(self) -> Settings:
        return self.api.settings

    @property
    def url(self) -> str:
        return self.api.url

    def person(self, name: str, scope: Any = "curate") -> str:
        """Make a token with a name."""
        return self._tokens.create(name, scope)

    def send(self, *payloads: Payload) -> None:
        """Send payloads to the topics of their sources."""

        async def sent() -> None:
            async with Publisher(KafkaConnection.of(self.settings), self.settings.topic_prefix) as publisher:
                async for _ in send(publisher, payloads):
                    pass

        run_apart(sent())

    def answer(self, path: str) -> Any:
        """Ask the API as a program with the first token does."""
        asked = urllib.request.Request(self.url + path, headers={"Authorization": f"Bearer {self.token}"})  # noqa: S310
        with urllib.request.urlopen(asked, timeout=30) as response:  # noqa: S310 - of the test's own service
            return orjson.loads(response.read())

    def restart_serve(self) -> None:
        """End `streams serve` and start it again on the same port."""
        self.api.child.stop()
        self.api.child.start()
        self.api.wait_ready()

    def start_broker(self) -> None:
        """Start the embedded broker again, and the worker, as `streams up` does: the broker has lost its topics."""
        assert self.services.broker is not None
        self.services.broker.start()
        with ThreadPoolExecutor(1) as thread:  # without the event loop of Playwright
            thread.submit(restore_topics, self.worker.settings, are_new=True).result()
        self.worker.child.start()


def run_apart(work: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine in a thread: Playwright has an event loop in that of the test."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


@contextlib.contextmanager
def running_stack(directory: Path, payloads: Sequence[Payload] | None = None) -> Iterator[Stack]:
    """Start everything, and send payloads, those of the demo by default, until all are decided."""
    given = [Payload(*each) for each in feed()] if payloads is None else payloads
    with Services(_SETTINGS) as services:
        own = services.settings.model_copy(
            update={"serve_data": str(directory / "serve"), "serve_tokens_file": str(directory / "tokens")}
        )
        tokens = TokenFile(directory / "tokens")
        run_apart(create_topics(own))
        with WorkerProcess(own, directory / "worker.log") as worker:
            worker.wait_ready()
            with contextlib.closing(connect(own)) as connection:
                run_apart(play(own, given, worker, services, connection, lambda _: None))
            first = tokens.create("first", "read")  # the file has to be there when the service starts
            assert first
            with ServeProcess(worker.settings, directory / "serve.log") as api:
                api.wait_ready()
                yield Stack(services, worker, api, tokens)
