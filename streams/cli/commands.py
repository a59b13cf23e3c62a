"""Define all commands with their options and help texts; the module of each command does the work."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from streams import __version__
from streams.cli import demo as demo_module
from streams.cli import run as run_module
from streams.cli import send as send_module
from streams.cli import tail as tail_module
from streams.cli import up as up_module
from streams.cli.compare import compare
from streams.cli.context import configured
from streams.cli.correct import correct
from streams.cli.dead_letter import app as dead_letter_app
from streams.cli.doctor import doctor as check
from streams.cli.evaluate import evaluate
from streams.cli.explain import explain_pair, explain_record
from streams.cli.harvest import harvest
from streams.cli.history import show_history
from streams.cli.lookup import lookup
from streams.cli.match import match
from streams.cli.options import DataDir, Json, Kafka, Redis
from streams.cli.rebuild import rebuild
from streams.cli.serve import serve
from streams.cli.token import app as token_app
from streams.cli.totals import totals
from streams.cli.verify import verify as verify_all
from streams.cli.webhooks import app as webhooks_app
from streams.errors import UsageError
from streams.feed_files.payloads import check_readable
from streams.kafka.topics import topics
from streams.local.broker import free_port
from streams.local.endpoints import find
from streams.ops.diagnosis import ExpectedTopic
from streams.ops.installation import compiled_modules, interpreter
from streams.settings import load_settings

__all__ = ["app"]

_FILES = (
    "JSON lines, XML or references (BibTeX, RIS, MEDLINE, EndNote XML, CSV), gzip or not; folders, tar and zip of them; "
    "- is standard input."
)
app = typer.Typer(
    help="Real-time deduplication of scholarly feeds: Kafka topics in, cluster updates out.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Settings are environment variables STREAMS_…; `streams doctor` checks them. "
    "Exit codes: 0 done, 1 failed, 2 wrong usage.",
)

app.add_typer(correct, name="correct")


def _print_version(wanted: bool) -> None:
    if wanted:
        compiled = compiled_modules()
        typer.echo(f"streams {__version__}\ncompiled modules: {len(compiled) or 'none'}\n{interpreter()}")
        raise typer.Exit


@app.callback()
def main(
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Real-time deduplication of scholarly feeds: Kafka topics in, cluster updates out."""


@app.command()
def demo(
    page: Annotated[
        bool, typer.Option("--page", help="Serve the page with the papers of the feed afterwards, until Ctrl-C.")
    ] = False,
) -> None:
    """Show how it works: deduplicate a feed of well-known papers from nine sources, in under a minute.

    Starts an embedded broker, Redis and a worker, plays the feed through Kafka topics, and explains a few clusters.
    """
    demo_module.demo(load_settings(), page=page)


@app.command()
def up(data_dir: DataDir = None) -> None:
    """Run everything on this machine: embedded broker, Redis, worker and HTTP, until Ctrl-C.

    Records and clusters survive a restart. Other commands (send, tail, explain) find the services by the data directory.
    """
    up_module.up(load_settings(), data_dir)


@app.command()
def send(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE…",
            help=_FILES,
        ),
    ],
    source: Annotated[str, typer.Option(help="The source whose payloads these are, e.g. arxiv.")],
    resume: Annotated[
        Path | None,
        typer.Option(
            "--resume",
            metavar="JOURNAL",
            help="Note in this file what Kafka has, and leave out what it has already; begun where it is not there.",
        ),
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Publish payloads to the topic of their source.

    Takes dumps as they come: the public data of Crossref (a tar, or a folder of its files), the snapshot of arXiv (a zip),
    folders of OpenAlex and Semantic Scholar. With --resume it may be killed at any time: the same command continues where it
    was, and sends at most the thousand payloads again that were on their way.
    """
    check_readable(source, files)
    send_module.send_files(find(load_settings(), data_dir), source, files, resume)


@app.command()
def run(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE…",
            help=_FILES,
        ),
    ],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the results go.")],
    source: Annotated[
        str | None, typer.Option(help="The source whose payloads these are. Without it each line is a `document`.")
    ] = None,
    write: Annotated[
        str | None,
        typer.Option(metavar="FORM", help="Write references as bibtex, ris, medline, endnote-xml or csv."),
    ] = None,
    kafka: Kafka = None,
    redis: Redis = None,
    as_json: Json = False,
) -> None:
    """Deduplicate files: a bounded run through real topics and the real worker.

    Starts an embedded broker and Redis (or uses yours, without changing other state there), sends the files, waits until
    every record is decided, and writes clusters.jsonl, decisions.jsonl, events.jsonl, dead-letter.jsonl and summary.json.
    References (BibTeX, RIS, MEDLINE, EndNote XML, CSV) are written again, too, each once and with the id of its cluster.
    """
    run_module.run_files(load_settings(kafka_url=kafka, redis_url=redis), files, out, source, write, as_json=as_json)


@app.command()
def worker() -> None:
    """Run one worker against the configured Kafka and Redis, until SIGINT or SIGTERM.

    Start up to as many workers as there are partitions; they share the work. STREAMS_KAFKA_URL and STREAMS_REDIS_URL
    must be set. With STREAMS_HTTP_PORT=0 the worker takes a free port and prints it on standard error.
    """
    from streams.worker.process import run_worker  # noqa: PLC0415 - Faust takes a second to import

    settings = configured(load_settings())
    if not settings.http_port:
        settings = settings.model_copy(update={"http_port": free_port(settings.http_host)})
        typer.echo(f"HTTP on http://{settings.http_host}:{settings.http_port}/", err=True)
    run_worker(settings)


app.command()(serve)
app.command()(harvest)
app.command()(compare)
app.command()(lookup)
app.command()(match)
app.command()(evaluate)
app.command()(rebuild)
app.command()(totals)
app.add_typer(dead_letter_app, name="dead-letter")
app.add_typer(token_app, name="token")
app.add_typer(webhooks_app, name="webhooks")


@app.command()
def explain(
    record: Annotated[str, typer.Argument(metavar="RECORD", help="A record id, e.g. arxiv:2111.12710.")],
    other: Annotated[str | None, typer.Argument(metavar="[OTHER]", help="Another one, to compare the two.")] = None,
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Explain why a record is in its cluster, or why two records are or are not in one cluster."""
    settings = find(load_settings(), data_dir)
    if other is None:
        explain_record(settings, record, as_json=as_json)
    else:
        explain_pair(settings, record, other, as_json=as_json)


@app.command()
def history(
    cluster: Annotated[str, typer.Argument(metavar="CLUSTER", help="A cluster id, or the id of a record in it.")],
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Print how a cluster came to be: its events from the first, with those of clusters it came from, and their causes.

    Reads dedup.events, so the history begins where that topic does.
    """
    show_history(find(load_settings(), data_dir), cluster, as_json=as_json)


@app.command()
def verify(
    as_json: Json = False,
    most: Annotated[int, typer.Option("--most", "-n", min=0, help="Show at most so many differences.")] = 20,
    wait: Annotated[
        float, typer.Option(min=0, max=3600, metavar="SECONDS", help="How long to check differences again.")
    ] = 10.0,
    repair: Annotated[
        bool,
        typer.Option(
            "--repair",
            help="Publish what subscribers lack: pending events, and events that lead from the published state to that in Redis.",
        ),
    ] = False,
    data_dir: DataDir = None,
) -> None:
    """Check that Redis, dedup.events folded and dedup.clusters folded have the same state of every cluster.

    Reads all three from beginning to end and changes none of them. It may run beside workers: what differs is read again until it
    is gone or stays the same. Exit code 1 where something differs; docs/operations.md says what to do about it.
    """
    settings = find(load_settings(), data_dir)
    raise typer.Exit(verify_all(settings, as_json=as_json, most=most, wait=wait, repairs=repair))


@app.command()
def tail(
    what: Annotated[str, typer.Argument(help="decisions, events, clusters, review or dead-letter.")] = "events",
    beginning: Annotated[
        bool, typer.Option("--beginning", help="Print the messages that are there already, first.")
    ] = False,
    most: Annotated[int | None, typer.Option("--most", "-n", min=1, help="Stop after so many messages.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Subscribe to a topic that Streams publishes and print its messages, one JSON object a line."""
    if what not in tail_module.TOPICS:
        raise UsageError(f"cannot tail {what!r}; one of {', '.join(tail_module.TOPICS)}")
    tail_module.tail_topic(find(load_settings(), data_dir), what, from_beginning=beginning, most=most)


@app.command()
def doctor(as_json: Json = False, data_dir: DataDir = None) -> None:
    """Check settings, Kafka, topics and Redis, and print what to fix."""
    settings = load_settings()
    if data_dir is not None or not (settings.kafka_url or settings.redis_url):
        settings = find(settings, data_dir)
    expected = [
        ExpectedTopic(spec.name, spec.partitions, spec.configs, spec.ordered, spec.read) for spec in topics(settings)
    ]
    raise typer.Exit(check(settings, as_json, expected))
