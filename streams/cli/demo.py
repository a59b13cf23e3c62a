"""`streams demo`: send a feed of well-known papers through a broker, Redis and a worker, and show the progress."""

from __future__ import annotations

import asyncio
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
from rich.console import Console
from rich.live import Live
from rich.table import Table

from streams.cli.context import console
from streams.cli.explain import show_place
from streams.demo import feed
from streams.errors import UsageError
from streams.feed_files.payloads import Payload
from streams.kafka.topics import create_topics
from streams.local.run import RunProgress, own_generation, play, remove_state, write_results
from streams.local.serve import ServeProcess, can_serve
from streams.local.services import Services
from streams.local.worker import WorkerProcess
from streams.query.explain import Inspection
from streams.serve.tokens import FILE_NAME, TokenFile
from streams.settings import Settings
from streams.state.connection import connect

__all__ = ["demo"]

_CHECK_SECONDS = 0.5
_NEXT = """
Look at them in a browser: `{streams} demo --page` serves the page with these papers until you end it.
Next: `{streams} up` keeps it running, `{streams} run --out DIR FILE` does it with your files."""
_SHOWN = ("peco", "attention is all you need", "observation of a new particle", "deep residual")


def demo(settings: Settings, *, page: bool = False) -> None:
    """Send the feed, show the progress, explain a few clusters, serve the `page` until Ctrl-C, and remove all state afterwards.

    Raises UsageError where there is to be a page and its extra is not installed, or the settings name servers.
    """
    screen = console()
    if page:
        _check_page(settings)
    with tempfile.TemporaryDirectory(prefix="streams-demo-") as directory, Services(settings) as services:
        out = Path(directory)
        own = own_generation(services.settings)
        screen.print("An embedded Kafka broker and Redis are up; a worker joins …")
        asyncio.run(create_topics(own))
        with WorkerProcess(own, out / "worker.log") as worker:
            worker.wait_ready()
            connection = connect(own)
            try:
                status = _play(screen, own, worker, services)
                summary = asyncio.run(write_results(own, out))
                _summarize(screen, status, summary, out)
                _explain(screen, Inspection(own, connection), out)
                if page:
                    _serve_page(screen, worker.settings, out)
                else:
                    screen.print(_NEXT.format(streams=_called(sys.argv[0])))
            finally:
                remove_state(own, connection, services)
                connection.close()


def _called(program: str) -> str:
    """Return how a person calls the program that runs: a path below this folder is relative, one on PATH is its name."""
    path = Path(program)
    if path.name != "streams" or shutil.which("streams") == str(path.absolute()):
        return "streams"
    here = Path.cwd()
    return str(path.absolute().relative_to(here) if path.absolute().is_relative_to(here) else path)


def _play(screen: Console, own: Settings, worker: WorkerProcess, services: Services) -> RunProgress:
    connection = connect(own)
    with Live(console=screen, refresh_per_second=8, auto_refresh=screen.is_terminal) as live:
        shown = -1

        def on_progress(status: RunProgress) -> None:
            nonlocal shown
            live.update(_progress(status, worker))
            if not screen.is_terminal and status.handled != shown:
                shown = status.handled
                screen.print(_progress(status, worker))

        try:
            return asyncio.run(play(own, _payloads(), worker, services, connection, on_progress))
        finally:
            connection.close()


def _payloads() -> Iterator[Payload]:
    for source, key, value in feed():
        yield Payload(source, key, value)


def _progress(status: RunProgress, worker: WorkerProcess) -> Table:
    counters = _counters(worker)
    table = Table.grid(padding=(0, 3))
    rate = status.handled / status.seconds if status.seconds else 0.0
    table.add_row(
        f"records in {status.handled}/{status.sent}",
        f"duplicates {counters.get('duplicate', 0):.0f}",
        # A merge is two changes: of the cluster that absorbs, and of the one that is absorbed.
        f"clusters {counters.get('created', 0) - counters.get('merged', 0) / 2:.0f}",
        f"dead letters {counters.get('dead', 0):.0f}",
        f"{rate:.0f} records/s",
    )
    return table


def _counters(worker: WorkerProcess) -> dict[str, float]:
    counters: dict[str, float] = {}
    for line in worker.read("/metrics").decode().splitlines():
        name, _, value = line.rpartition(" ")
        if name.startswith("streams_decisions_total") and '"duplicate"' in name:
            counters["duplicate"] = float(value)
        elif name.startswith("streams_cluster_changes_total"):
            counters[name.split('"')[1]] = float(value)
        elif name.startswith("streams_rejected_records_total"):
            counters["dead"] = counters.get("dead", 0) + float(value)
    return counters


def _summarize(screen: Console, status: RunProgress, summary: dict[str, Any], out: Path) -> None:
    screen.print(f"\n{summary['records']} records are {summary['clusters']} papers: ", style="bold", end="")
    screen.print(
        f"{summary['duplicates']} duplicates, {summary['review']} doubtful pairs, "
        f"{summary['related']} related but not the same, {summary['dead_letters']} dead letters; "
        f"{summary['events']} events in {status.seconds:.1f} s."
    )
    for line in (out / "dead-letter.jsonl").read_bytes().splitlines():
        letter = orjson.loads(line)
        screen.print(f"  dead letter from {letter['source']}: {letter['code']}: {letter['detail'][:90]}")


def _explain(screen: Console, inspection: Inspection, out: Path) -> None:
    clusters = [orjson.loads(line) for line in (out / "clusters.jsonl").read_bytes().splitlines()]
    wanted = []
    for title in _SHOWN:
        matching = [c for c in clusters if title in c["document"].get("title", "").lower() and len(c["records"]) > 1]
        wanted += sorted(matching, key=lambda c: -len(c["records"]))[:1]
    for cluster in wanted:
        screen.print()
        show_place(screen, inspection.membership(cluster["records"][0]))


def _check_page(settings: Settings) -> None:
    """Raise UsageError where the demo cannot serve the page."""
    if not can_serve():
        raise UsageError("the extra `serve` is not installed: pip install 'streams-dedup[serve]'")
    if settings.redis_url or settings.kafka_url:
        raise UsageError(
            "the page of the demo counts into the totals of its Redis, so it brings servers of its own: unset "
            "STREAMS_REDIS_URL and STREAMS_KAFKA_URL, or run `streams serve` for the page of your records"
        )


def _serve_page(screen: Console, own: Settings, out: Path) -> None:
    """Serve the page until SIGINT or SIGTERM; the worker keeps running, so that what is decided on the page has its effect."""
    tokens = TokenFile(out / FILE_NAME)
    secret = tokens.create("demo", "operate")
    files = {"serve_data": str(out / "serve"), "serve_tokens_file": str(tokens.path)}
    ended = threading.Event()
    before = {number: signal.signal(number, lambda *_: ended.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with ServeProcess(own.model_copy(update=files), out / "serve.log") as api:
            api.wait_ready()
            screen.print(f"\nThe page is at {api.url}/ until Ctrl-C.", highlight=False)
            screen.print(f"To decide on it, sign in with {secret}", highlight=False)
            while not ended.wait(_CHECK_SECONDS):
                api.child.check()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
