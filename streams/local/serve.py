"""Run `streams serve` as a supervised child process, for `streams up`."""

from __future__ import annotations

from importlib.util import find_spec

from streams.local.http_process import HttpProcess

__all__ = ["ServeProcess", "can_serve"]


def can_serve() -> bool:
    """Tell whether the extra `serve` is installed."""
    return all(find_spec(name) is not None for name in ("litestar", "uvicorn", "jinja2", "standardwebhooks"))


class ServeProcess(HttpProcess):
    """A process `streams serve`; it is ready once it answers questions."""

    command, name, listens = "serve", "the API", "serve"
    ready_seconds, answer_seconds, grace_seconds = 60.0, 5.0, 8.0

    def keep_alive(self) -> None:
        """Start it again when it has ended."""
        if self.child.poll() is not None:
            self.child.start()
