"""The command `streams`. Each command is a module here; this one puts them together and turns errors into exit codes.

0 done, 1 failed, 2 wrong usage (a bad setting included). `streams verify`: 1 where something differs, 3 where it could not look.
"""

from __future__ import annotations

import sys

import typer

from streams.errors import SettingsError, StreamsError, UsageError

__all__ = ["main"]


def main() -> None:
    """Run the command line."""
    from streams.cli.commands import app  # noqa: PLC0415 - importing everything takes longer than saying what is wrong

    try:
        app()
    except (UsageError, SettingsError) as error:
        _say(error)
        sys.exit(2)
    except StreamsError as error:
        _say(error)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


def _say(error: StreamsError) -> None:
    from streams.cli.context import printable  # noqa: PLC0415 - as above

    typer.secho(f"streams: {printable(str(error))}", fg="red", err=True)
