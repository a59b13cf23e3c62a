"""The command `streams`. Each command is a module of this package; this one runs them and turns errors into exit codes.

0 done, 1 failed, 2 wrong usage (a bad setting included). `streams verify`: 1 where something differs, 3 where Redis or Kafka could
not be read.
"""

from __future__ import annotations

import sys

import typer

from streams.errors import SettingsError, StreamsError, UsageError

__all__ = ["main"]


def main() -> None:
    """Run the command line."""
    from streams.cli.commands import app  # noqa: PLC0415 - importing all commands takes longer than printing an error

    try:
        app()
    except (UsageError, SettingsError) as error:
        _print_error(error)
        sys.exit(2)
    except StreamsError as error:
        _print_error(error)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


def _print_error(error: StreamsError) -> None:
    from streams.cli.context import printable  # noqa: PLC0415 - as above

    typer.secho(f"streams: {printable(str(error))}", fg="red", err=True)
