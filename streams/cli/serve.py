"""`streams serve`: the HTTP service."""

from __future__ import annotations

from pathlib import Path

import typer

from streams.cli.context import configured
from streams.cli.options import DataDir
from streams.errors import UsageError
from streams.local.endpoints import default_data_dir, find
from streams.local.serve import can_serve
from streams.serve.tokens import FILE_NAME
from streams.settings import Settings, load_settings

__all__ = ["serve"]


def serve(data_dir: DataDir = None) -> None:
    """Serve the page and answer questions about clusters over HTTP, until SIGINT or SIGTERM.

    Listens on STREAMS_SERVE_HOST:STREAMS_SERVE_PORT, 127.0.0.1:6060 by default; /api/v1/openapi.json describes the paths. It is a
    process of its own beside the workers: `streams up` starts one. On loopback everyone at this machine may read; what changes
    something needs a token, and beyond loopback all does: `streams token create` makes one.
    """
    if not can_serve():
        raise UsageError("the extra `serve` is not installed: pip install 'streams-dedup[serve]'")
    from streams.serve.process import bind, end_on_signals  # noqa: PLC0415 - Litestar takes half a second to import
    from streams.serve.process import serve as run  # noqa: PLC0415 - the same
    from streams.worker.log import configure_logging  # noqa: PLC0415 - the same

    settings = load_settings()
    if data_dir is not None or not (settings.kafka_url or settings.redis_url):
        settings = _with_tokens(find(settings, data_dir), data_dir)
    settings = configured(settings)
    bound = bind(settings)
    configure_logging(settings, "serve")
    end_on_signals()
    host, port = bound.getsockname()[:2]
    typer.echo(f"page on http://{host}:{port}/", err=True)
    typer.echo(f"API on http://{host}:{port}/api/v1", err=True)
    run(settings, bound)


def _with_tokens(settings: Settings, data_dir: Path | None) -> Settings:
    """Return the settings with the tokens of the data directory, where it has some and the settings name no file."""
    file = (data_dir or default_data_dir()) / FILE_NAME
    if settings.serve_tokens_file or not file.exists():
        return settings
    return settings.model_copy(update={"serve_tokens_file": str(file)})
