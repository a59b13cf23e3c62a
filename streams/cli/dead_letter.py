"""`streams dead-letter`: list dead letters, send their payloads again after a fix, or drop them."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
import orjson
import typer
from rich.table import Table

from streams import events
from streams.cli.context import console, printable
from streams.errors import BrokerError, UsageError
from streams.kafka.dead_letters import Content, Letter, contents, select, standing
from streams.kafka.redrive import Outcome, drop, retry
from streams.kafka.topics import create_topics
from streams.local.endpoints import find
from streams.settings import Settings, load_settings

__all__ = ["app"]

_PAYLOAD_SHOWN, _DETAIL_SHOWN = 2000, 120

app = typer.Typer(
    help="Messages that could not be read: list them, send them again after a fix, or drop them.\n\n"
    "A dead letter is named by its origin, topic:partition:offset of the message, followed by #place where only one item "
    "of the payload is bad. It is current until it is retried or dropped.",
    no_args_is_help=True,
)

Names = Annotated[
    list[str] | None, typer.Argument(metavar="[ORIGIN…]", help="Dead letters or whole messages, as `list` names them.")
]
Reason = Annotated[str, typer.Option("--reason", metavar="CODE", help="Those with this reason code, e.g. not_json.")]
Source = Annotated[str, typer.Option("--source", help="Those that came by the topic of this source.")]
All = Annotated[bool, typer.Option("--all", help="All current dead letters.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before --all.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
DataDir = Annotated[
    Path | None,
    typer.Option(
        "--data-dir", metavar="D", help="Where `streams up` keeps its state [default: ~/.local/share/streams]."
    ),
]


@app.command("list")
def list_letters(
    reason: Reason = "",
    source: Source = "",
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="Most dead letters shown, the newest.")] = 100,
    counts: Annotated[bool, typer.Option("--counts", help="Print only the number of each reason.")] = False,
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """List the current dead letters, the newest last, and count them by reason."""
    found = select(asyncio.run(standing(_settings(data_dir))), code=reason, source=source)
    by_reason = dict(Counter(letter.code for letter in found).most_common())
    shown = [] if counts else found[-limit:]
    if as_json:
        report = {"standing": len(found), "counts": by_reason}
        _print_json(report if counts else report | {"letters": [_fields(letter) for letter in shown]})
        return
    if shown:
        console().print(_table(shown))
    if not counts and len(found) > len(shown):
        typer.echo(f"… and {len(found) - len(shown)} older; --limit shows more\n")
    for code, count in by_reason.items():
        typer.echo(f"{count:8} {code}")
    typer.echo(f"{len(found):8} current dead letters")


@app.command()
def show(
    name: Annotated[
        str, typer.Argument(metavar="ORIGIN", help="A dead letter or a whole message, as `list` names it.")
    ],
    raw: Annotated[bool, typer.Option("--raw", help="Write only the payload, its original bytes.")] = False,
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Show a message that could not be read: what is wrong, where, and the payload."""
    settings = _settings(data_dir)
    found = asyncio.run(_contents(settings, name))
    if raw:
        out = typer.get_binary_stream("stdout")
        out.write(found[0][1].payload)
        out.flush()
        if found[0][0].truncated:
            typer.echo(f"the dead letter has only the first of {found[0][0].size} bytes", err=True)
    elif as_json:
        _print_json([{"id": each.id} | events.dead_letter_fields(c.payload, c.headers) for each, c in found])
    else:
        for letter, content in found:
            _show(letter, content)


@app.command("retry")
def retry_letters(
    names: Names = None,
    reason: Reason = "",
    source: Source = "",
    every: All = False,
    to: Annotated[
        str,
        typer.Option("--to", metavar="SOURCE", help="The source whose topic it belongs to, where it came by another."),
    ] = "",
    yes: Yes = False,
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Redrive: send the original payloads to the topic of their source again, then delete the dead letters.

    A payload that still cannot be read becomes a new dead letter, marked as a retry. A payload keeps its first broker timestamp:
    it does not replace a newer version of the record that its source has sent since.
    """
    settings = _settings(data_dir)
    letters, chosen = _chosen(settings, names, reason, source, every=every)
    if every and not yes and sys.stdin.isatty():
        typer.confirm(f"Send {len(chosen)} dead letters again?", abort=True)

    async def send_again() -> list[Outcome]:
        await create_topics(settings)
        return await retry(settings, letters, chosen, to=to, on_done=(lambda _: None) if as_json else _print_outcome)

    outcomes = asyncio.run(send_again())
    failed = [outcome for outcome in outcomes if outcome.problem]
    if as_json:
        _print_json({"sent": [_outcome(o) for o in outcomes if not o.problem], "failed": [_outcome(o) for o in failed]})
    else:
        typer.echo(f"{len(outcomes) - len(failed)} payloads sent again, {len(failed)} not")
    if failed:
        raise typer.Exit(1)


@app.command("drop")
def drop_letters(
    names: Names = None,
    reason: Reason = "",
    source: Source = "",
    every: All = False,
    yes: Yes = False,
    data_dir: DataDir = None,
) -> None:
    """Delete dead letters permanently without sending anything. --all asks on a terminal, and needs --yes elsewhere."""
    settings = _settings(data_dir)
    _, chosen = _chosen(settings, names, reason, source, every=every)
    if every and not yes:
        if not sys.stdin.isatty():
            raise UsageError("`drop --all` deletes every dead letter: give --yes to confirm")
        typer.confirm(f"Drop {len(chosen)} dead letters?", abort=True)
    asyncio.run(drop(settings, chosen))
    typer.echo(f"{len(chosen)} dead letters dropped")


def _settings(data_dir: Path | None) -> Settings:
    return find(load_settings(), data_dir)


def _chosen(
    settings: Settings, names: Sequence[str] | None, reason: str, source: str, *, every: bool
) -> tuple[list[Letter], list[Letter]]:
    """Return all current dead letters, and those that the command line selects. Raises UsageError where it selects none."""
    if not (names or reason or source or every):
        raise UsageError("which dead letters? Name them, or give --reason, --source or --all")
    if names and every:
        raise UsageError("either name dead letters or give --all")
    letters = asyncio.run(standing(settings))
    return letters, select(letters, names or (), code=reason, source=source)


async def _contents(settings: Settings, name: str) -> list[tuple[Letter, Content]]:
    chosen = select(await standing(settings), [name])
    found = [pair async for pair in contents(settings, chosen)]
    if not found:
        raise BrokerError(f"the dead letter {name!r} was deleted or replaced just now; try again")
    return found


def _table(letters: Iterable[Letter]) -> Table:
    table = Table("origin", "source", "reason", "detail", "size", "time", box=None, pad_edge=False, header_style="bold")
    table.columns[0].overflow = table.columns[3].overflow = "fold"
    for letter in letters:
        detail = letter.detail[:_DETAIL_SHOWN] + (f" (retry of {letter.retry_of})" if letter.retry_of else "")
        cells = (letter.id, letter.source, letter.code, detail, str(letter.size), _time(letter.time))
        table.add_row(*(cell.replace("[", "\\[") for cell in cells))
    return table


def _show(letter: Letter, content: Content) -> None:
    rows = {
        "letter": letter.id,
        "reason": f"{letter.code}: {letter.detail}",
        "where": letter.where or "all of it",
        "source": letter.source,
        "origin": letter.origin,
        "key": content.key.decode("utf-8", "backslashreplace"),
        "time": _time(letter.time),
        "retry of": letter.retry_of,
        "size": f"{letter.size} bytes"
        + (f", of which the dead letter has {len(content.payload)}" if letter.truncated else ""),
    }
    for name, value in rows.items():
        if value:
            typer.echo(f"{name:9} {printable(value)}")
    text = content.payload[: 4 * _PAYLOAD_SHOWN].decode("utf-8", "backslashreplace")
    typer.echo(f"payload   {printable(text[:_PAYLOAD_SHOWN])}")
    if len(text) > _PAYLOAD_SHOWN:
        typer.echo("          … (--raw gives all of it)")
    typer.echo("")


def _print_outcome(outcome: Outcome) -> None:
    letter = outcome.letters[0]
    if outcome.problem:
        typer.echo(f"{letter.origin}: not sent, {outcome.problem}")
    else:
        others = f", {len(outcome.letters)} dead letters" if len(outcome.letters) > 1 else ""
        typer.echo(f"{letter.origin} ({letter.code}{others}) sent to {outcome.topic}")


def _outcome(outcome: Outcome) -> dict[str, Any]:
    fields: dict[str, Any] = {"origin": outcome.letters[0].origin, "letters": [letter.id for letter in outcome.letters]}
    return fields | ({"problem": outcome.problem} if outcome.problem else {"topic": outcome.topic})


def _fields(letter: Letter) -> dict[str, Any]:
    return msgspec.structs.asdict(letter.shown) | {"arrival": letter.arrival, "time": _time(letter.time)}


def _time(milliseconds: int) -> str:
    return datetime.fromtimestamp(max(milliseconds, 0) / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _print_json(value: Any) -> None:
    typer.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode())
