"""`streams up`: run the embedded services by `streams.local.up`, and print their addresses."""

from __future__ import annotations

from pathlib import Path

from streams.cli.context import console
from streams.local.endpoints import default_data_dir
from streams.local.serve import can_serve
from streams.local.up import serve
from streams.settings import Settings
from streams.settings.redaction import hide

__all__ = ["up"]


def up(settings: Settings, data_dir: Path | None) -> None:
    """Serve until Ctrl-C, and print the addresses of the services, and at the first start a token for the API."""
    directory = (data_dir or default_data_dir()).resolve()
    directory.mkdir(parents=True, exist_ok=True)
    screen = console()

    def on_started(own: Settings, restored: int, token: str) -> None:
        screen.print("Streams is up; Ctrl-C stops it.")
        screen.print(f"  Kafka     {hide(own.kafka_url)}")
        screen.print(f"  Redis     {hide(own.redis_url)}")
        if can_serve():
            screen.print(f"  page      http://{own.serve_host}:{own.serve_port}/")
            screen.print(f"  API       http://{own.serve_host}:{own.serve_port}/api/v1")
            if token:
                screen.print(
                    f"  token     {token}\n            may do everything; it is not shown again, `streams token` makes others"
                )
        screen.print(f"  worker    http://{own.http_host}:{own.http_port}/")
        screen.print(f"  data      {directory} ({restored} clusters from before)")
        if not settings.kafka_url:
            screen.print(
                "  The embedded broker keeps its topics in memory only: they are empty at each start, but for the\n"
                "  state of every cluster in dedup.clusters. Records and clusters themselves stay in Redis.",
            )

    def on_waiting(reason: str) -> None:
        screen.print(f"Streams waits: {reason}", highlight=False)
        screen.print(f"  commands find the servers by --data-dir {directory}; Ctrl-C stops them.", highlight=False)

    serve(settings, directory, on_started, on_waiting)
    screen.print("stopped")
