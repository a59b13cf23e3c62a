"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["DataDir", "Json", "Kafka", "Redis"]

Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Kafka = Annotated[
    str | None, typer.Option("--kafka", metavar="HOST:PORT", help="Kafka to use instead of the embedded broker.")
]
Redis = Annotated[str | None, typer.Option("--redis", metavar="URL", help="Redis to use instead of the embedded one.")]
DataDir = Annotated[
    Path | None,
    typer.Option(
        "--data-dir", metavar="D", help="Where `streams up` keeps its state (default: ~/.local/share/streams)."
    ),
]
