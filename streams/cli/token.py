"""`streams token`: make, list and revoke the tokens of `streams serve`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.table import Table

from streams.cli.context import console
from streams.cli.options import DataDir, Json
from streams.local.endpoints import default_data_dir
from streams.serve.tokens import FILE_NAME, Scope, TokenFile
from streams.settings import Settings, load_settings

__all__ = ["app"]

app = typer.Typer(
    help="Tokens of `streams serve`, kept as hashes in STREAMS_SERVE_TOKENS_FILE, by default in the data directory of "
    "`streams up`. A running service reads the file again when it changes.",
    no_args_is_help=True,
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="Who has the token; what is done with it has this author.")]


@app.command()
def create(
    name: Name,
    scope: Annotated[Scope, typer.Option(help="read; curate: correct too; operate: dead letters too.")] = "read",
    data_dir: DataDir = None,
) -> None:
    """Make a token and print it. It is shown this once: the file keeps only its hash."""
    file = _file(load_settings(), data_dir)
    token = file.create(name, scope)
    typer.echo(token)
    typer.echo(f"scope {scope}, added to {file.shown} as {name}; it is not shown again", err=True)


@app.command("list")
def list_tokens(as_json: Json = False, data_dir: DataDir = None) -> None:
    """List the names and scopes of all tokens."""
    tokens = _file(load_settings(), data_dir).tokens()
    if as_json:
        fields = [{"name": token.name, "scope": token.scope} for token in tokens]
        typer.echo(orjson.dumps(fields, option=orjson.OPT_INDENT_2).decode())
        return
    table = Table("name", "scope", box=None, pad_edge=False, header_style="bold")
    for token in tokens:
        table.add_row(token.name, token.scope)
    console().print(table)


@app.command()
def revoke(name: Name, data_dir: DataDir = None) -> None:
    """Remove a token. Services refuse it at their next request, and the browser sessions that began with it."""
    file = _file(load_settings(), data_dir)
    file.revoke(name)
    typer.echo(f"{name} was removed from {file.shown}")


def _file(settings: Settings, data_dir: Path | None) -> TokenFile:
    """Return the file of the settings, or that in a data directory."""
    if settings.serve_tokens_file and data_dir is None:
        return TokenFile(Path(settings.serve_tokens_file))
    return TokenFile((data_dir or default_data_dir()) / FILE_NAME)
