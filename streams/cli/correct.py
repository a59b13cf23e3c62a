"""`streams correct`: state that two records are the same paper, or are not, and undo such a correction."""

from __future__ import annotations

import asyncio
import getpass
import time
from collections.abc import Sequence
from typing import Annotated, Any

import orjson
import typer
from rich.table import Table

from streams.cli.context import console, open_state
from streams.cli.options import DataDir, Json
from streams.clusters.corrections import DIFFERENT, SAME, UNDO, Correction, Standing, Verdict
from streams.curation.corrections import (
    correction_log,
    decided,
    make_correction,
    publish_correction,
    statuses,
    verdict_fields,
)
from streams.errors import RefusedError, UsageError
from streams.local.endpoints import find
from streams.query.explain import Inspection
from streams.settings import Settings, load_settings
from streams.state.connection import Connection

__all__ = ["correct"]

_POLL_SECONDS = 0.1

correct = typer.Typer(
    no_args_is_help=True,
    help="State that two records are the same paper, or are not. A correction outranks every decision, takes effect at "
    "once, and stays when the records change, are deleted or are sent again.",
)

A = Annotated[str, typer.Argument(metavar="A", help="A record id, e.g. arxiv:2111.12710. The record may come later.")]
B = Annotated[str, typer.Argument(metavar="B", help="The other record.")]
Author = Annotated[str | None, typer.Option(help="Who decides (default: your user name).")]
Reason = Annotated[str, typer.Option(help="Why; `list`, `explain` and `history` show it.")]
Wait = Annotated[float, typer.Option(min=0, metavar="SECONDS", help="How long to wait for a worker; 0: not at all.")]


@correct.command()
def same(
    a: A,
    b: B,
    author: Author = None,
    reason: Reason = "",
    wait: Wait = 30.0,
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """State that two records are one paper: they come into one cluster, whatever the rules decide.

    Refused, with exit code 1, where it contradicts a current correction; `streams correct undo` that one first.
    """
    _correct(find(load_settings(), data_dir), _made(SAME, author, reason, a=a, b=b), wait, as_json=as_json)


@correct.command()
def different(
    a: A,
    b: B,
    author: Author = None,
    reason: Reason = "",
    wait: Wait = 30.0,
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """State that two records are two papers: a cluster with both is split at once, and no other record will ever join them.

    Refused, with exit code 1, where it contradicts a current correction; `streams correct undo` that one first.
    """
    _correct(find(load_settings(), data_dir), _made(DIFFERENT, author, reason, a=a, b=b), wait, as_json=as_json)


@correct.command()
def undo(
    correction: Annotated[str, typer.Argument(metavar="ID", help="The correction to undo; `list` shows ids.")],
    author: Author = None,
    reason: Reason = "",
    wait: Wait = 30.0,
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Undo a correction: the rules decide again."""
    _correct(find(load_settings(), data_dir), _made(UNDO, author, reason, undoes=correction), wait, as_json=as_json)


@correct.command("list")
def list_all(as_json: Json = False, data_dir: DataDir = None) -> None:
    """List all corrections and their outcomes, oldest first."""
    settings = find(load_settings(), data_dir)
    with open_state(settings) as (current, connection):
        verdicts = correction_log(current, connection).all()
    if as_json:
        typer.echo(orjson.dumps(_listed(verdicts), option=orjson.OPT_INDENT_2).decode())
    elif verdicts:
        console().print(_table(verdicts))
    else:
        typer.echo("There are no corrections.")


def _made(action: str, author: str | None, reason: str, *, a: str = "", b: str = "", undoes: str = "") -> Correction:
    given = _user() if author is None else author
    if not given.strip():
        raise UsageError("--author is empty; say who decides")
    return make_correction(action, given, reason, a=a, b=b, undoes=undoes)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        raise UsageError("who decides? The system knows no name of this user: give --author") from None


def _correct(settings: Settings, correction: Correction, wait: float, *, as_json: bool) -> None:
    with open_state(settings) as (current, connection):
        expected = Standing(correction_log(current, connection).all()).decide(correction)
        if expected.accepted:
            _warn(Inspection(current, connection).unknown([expected.a, expected.b]))
            asyncio.run(publish_correction(settings, correction, expected))
            verdict = _await(settings, connection, correction.id, wait)
        else:
            verdict = expected
    _print_outcome(verdict or expected, decided=verdict is not None, wait=wait, as_json=as_json)


def _warn(unknown: Sequence[str]) -> None:
    for record in unknown:
        typer.secho(f"streams: no record {record} is known yet; the correction waits for it", fg="yellow", err=True)


def _await(settings: Settings, connection: Connection, identifier: str, seconds: float) -> Verdict | None:
    """Wait for the outcome of a correction and for the clusters to follow it; returns None where that takes too long."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if verdict := decided(settings, connection, identifier):
            return verdict
        time.sleep(_POLL_SECONDS)
    return None


def _print_outcome(verdict: Verdict, *, decided: bool, wait: float, as_json: bool) -> None:
    """Print the outcome of a correction; exits with 1 where it was refused, or no worker decided it within `wait` seconds."""
    if as_json:
        status = ("accepted" if verdict.accepted else "refused") if decided else "sent"
        typer.echo(orjson.dumps({"status": status, **verdict_fields(verdict)}).decode())
        if not verdict.accepted or (wait and not decided):
            raise typer.Exit(1)
        return
    if not verdict.accepted:
        raise RefusedError(f"refused: {verdict.detail}")
    typer.echo(verdict.correction.id)
    if wait and not decided:
        raise RefusedError(
            f"correction {verdict.correction.id} was sent, but no worker has decided it within {wait:g} s; "
            "one will when it runs, and `streams correct list` shows it then"
        )


def _statuses(verdicts: Sequence[Verdict]) -> list[str]:
    texts = {"active": "stands"}
    found = statuses(verdicts)
    return [f"undone by {each.undone_by}" if each.undone_by else texts.get(each.name, each.name) for each in found]


def _listed(verdicts: Sequence[Verdict]) -> list[dict[str, Any]]:
    return [{"status": s, **verdict_fields(v)} for s, v in zip(_statuses(verdicts), verdicts, strict=True)]


def _table(verdicts: Sequence[Verdict]) -> Table:
    table = Table("id", "action", "of", "status", "author", "time", "reason", box=None, pad_edge=False)
    for status, verdict in zip(_statuses(verdicts), verdicts, strict=True):
        made = verdict.correction
        about = made.undoes if made.action == UNDO else f"{made.a} × {made.b}"
        why = verdict.detail if status == "refused" else made.reason
        table.add_row(made.id, made.action, about, status, made.author, made.time[:19].replace("T", " "), why)
    return table
