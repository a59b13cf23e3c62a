"""`streams rebuild`: rebuild the state from the topics and switch to it; report, give up or drop a generation."""

from __future__ import annotations

import asyncio
import re
import sys
from typing import Annotated

import msgspec
import orjson
import typer

from streams.cli.context import configured, open_state
from streams.cli.options import DataDir, Json
from streams.errors import UsageError
from streams.local.endpoints import find
from streams.rebuild.from_nothing import FromNothingReport, rebuild_from_nothing
from streams.rebuild.generations import GenerationStatus, abort, drop, status
from streams.rebuild.rebuild import RebuildReport
from streams.rebuild.rebuild import rebuild as run
from streams.rebuild.restore_topics import restore_topics
from streams.settings import load_settings
from streams.worker.identity import accept_empty, name_copy
from streams.worker.prepare_pool import calm_collector

__all__ = ["rebuild"]

_NAME = r"[A-Za-z0-9._-]*"


def rebuild(
    to: Annotated[
        str, typer.Option("--to", metavar="NAME", help="What the new generation is called (default: the next number).")
    ] = "",
    show_status: Annotated[
        bool, typer.Option("--status", help="Print which generations there are and whether a rebuild runs.")
    ] = False,
    give_up: Annotated[
        bool, typer.Option("--abort", help="Give up a rebuild that was begun and remove its generation.")
    ] = False,
    old: Annotated[
        str | None,
        typer.Option("--drop", metavar="OLD", help="Remove a generation that was replaced; then there is no way back."),
    ] = None,
    from_nothing: Annotated[
        bool,
        typer.Option("--from-nothing", help="Make the state again from the topics, where Redis has lost it."),
    ] = False,
    empty: Annotated[
        bool,
        typer.Option("--accept-empty", help="Let an empty Redis begin a new state, whatever was published before."),
    ] = False,
    copy: Annotated[
        bool,
        typer.Option("--name-copy", help="Give a copy of Redis from before 0.3.0 the id that the topics have."),
    ] = False,
    topics: Annotated[
        bool, typer.Option("--topics", help="Publish all clusters to new topics, where Kafka has lost the old ones.")
    ] = False,
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Rebuild records, blocking keys and clusters from the topics, beside the live ones, and switch to them.

    Needed for a new ruleset, or other STREAMS_PREPRINTS or STREAMS_BUCKETS, which are read from this command's environment.
    Workers continue meanwhile, wait during the last part, and switch by themselves. Cluster ids stay; changes of clusters are
    published to dedup.events. After a kill the same command resumes the rebuild.
    """
    one_of = (bool(to), show_status, give_up, old is not None, from_nothing, empty, copy, topics)
    if sum(one_of) > 1:
        raise UsageError("--to, --status, --abort, --drop and the four for a lost state exclude one another")
    if not re.fullmatch(_NAME, to):
        raise UsageError(f"{to!r} cannot be the name of a generation: letters, digits and . _ - only")
    if old == "":
        raise UsageError("--drop needs the name of a generation that was replaced; `streams rebuild --status` has them")
    settings = configured(find(load_settings(), data_dir))
    if show_status:
        found = status(settings)
        _print(msgspec.to_builtins(found), _status_text(found), as_json=as_json)
    elif give_up:
        name = abort(settings)
        _print(
            {"aborted": name}, f"The rebuild to generation {name} was given up; nothing of it is left.", as_json=as_json
        )
    elif old is not None:
        drop(settings, old)
        _print({"dropped": old}, f"Generation {old} is gone.", as_json=as_json)
    elif from_nothing:
        calm_collector()
        made = rebuild_from_nothing(settings, _Progress())
        _print(msgspec.to_builtins(made), _from_nothing_text(made), as_json=as_json)
    elif empty or copy:
        with open_state(settings) as (_, connection):
            state = asyncio.run((accept_empty if empty else name_copy)(settings, connection))
        _print({"state": state}, f"The state is {state}; workers begin to work.", as_json=as_json)
    elif topics:
        count = restore_topics(settings)
        _print({"clusters": count}, f"{count:,} clusters were published; workers begin to work.", as_json=as_json)
    else:
        calm_collector()
        report = run(settings, to, _Progress())
        _print(msgspec.to_builtins(report), _report_text(report), as_json=as_json)


class _Progress:
    """Print the progress of a rebuild as one line on a terminal, and nothing elsewhere."""

    def __init__(self) -> None:
        self._watched = sys.stderr.isatty()

    def __call__(self, step: str, number: int) -> None:
        if self._watched:
            typer.echo(f"\r\033[K{step}: {number:,}", err=True, nl=False)


def _print(fields: object, text: str, *, as_json: bool) -> None:
    if sys.stderr.isatty():
        typer.echo("\r\033[K", err=True, nl=False)
    typer.echo(orjson.dumps(fields, option=orjson.OPT_INDENT_2).decode() if as_json else text)


def _report_text(report: RebuildReport) -> str:
    changes = ", ".join(f"{number:,} {kind}" for kind, number in report.changes.items()) or "none"
    lines = [
        f"Generation {report.generation} has taken over from {report.old}.",
        f"  replayed      {report.messages:,} messages" + _refused(report),
        f"  records       {report.records:,}, of which {report.carried_over:,} records and deletes were carried over",
        f"  groups        {report.groups:,}",
        f"  changes       {changes}",
        f"  took          {report.seconds:,.1f} s; workers waited {report.pause_seconds:,.1f} s",
        f"`streams rebuild --drop {report.old}` removes the old one.",
    ]
    if report.lost_messages:
        lines.insert(2, f"  lost          {report.lost_messages:,} messages that the topics no longer have")
    return "\n".join(lines)


def _from_nothing_text(report: FromNothingReport) -> str:
    changes = ", ".join(f"{number:,} {kind}" for kind, number in report.changes.items()) or "none"
    refused = ", ".join(f"{number:,} {code}" for code, number in report.refused.items())
    return "\n".join(
        (
            f"The state {report.state} was made again in generation {report.generation}.",
            f"  clusters      {report.clusters:,} were published, {report.redirects:,} of them merged away",
            f"  replayed      {report.messages:,} messages" + (f", not read: {refused}" if refused else ""),
            f"  corrections   {report.corrections:,}",
            f"  restored      {report.restored:,} records out of documents: no topic has their payload any more",
            f"  groups        {report.groups:,}",
            f"  changes       {changes}, published with {report.published:,} messages",
            f"  took          {report.seconds:,.1f} s",
            "`streams verify` says whether all agrees.",
        )
    )


def _refused(report: RebuildReport) -> str:
    if not report.refused:
        return ""
    return ", not read: " + ", ".join(f"{number:,} {code}" for code, number in report.refused.items())


def _status_text(found: GenerationStatus) -> str:
    before = f", after {', '.join(found.before)}" if found.before else ""
    rules = f"ruleset {found.ruleset or 'not noted'}"
    if found.ruleset != found.our_ruleset:
        rules += f"; this version has {found.our_ruleset}: `streams rebuild`"
    lines = [f"Generation {found.generation} is in force{before} ({rules}). Workers inside: {found.workers}."]
    if found.rebuilding:
        doing = (
            "runs and keeps workers out" if found.closed else "runs" if found.running else "was begun and does not run"
        )
        lines.append(f"A rebuild to generation {found.rebuilding} {doing}.")
    return "\n".join(lines)
