"""Write and read the addresses of a running `streams up`: a small file in its data directory, for the other commands."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import orjson

from streams.errors import UsageError
from streams.ops.processes import is_running
from streams.settings import Settings

__all__ = ["announce", "default_data_dir", "find", "withdraw"]

_FILE = "endpoints.json"
_FIELDS = ("kafka_url", "redis_url", "http_host", "http_port", "serve_host", "serve_port")


def default_data_dir() -> Path:
    """Return `$XDG_DATA_HOME/streams`, by default `~/.local/share/streams`."""
    home = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(home) / "streams"


def announce(data_dir: Path, settings: Settings) -> None:
    """Write the addresses of the services for other commands of this user, who alone may read the file."""
    fields = {name: getattr(settings, name) for name in _FIELDS} | {"pid": os.getpid()}
    temporary = data_dir / (_FILE + ".new")
    temporary.unlink(missing_ok=True)  # else it would keep the mode that another version gave it
    # Only for this user: the address of a Redis may have a password in it.
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(orjson.dumps(fields, option=orjson.OPT_INDENT_2))
    temporary.replace(data_dir / _FILE)


def withdraw(data_dir: Path) -> None:
    """Delete the addresses: the services have stopped."""
    with contextlib.suppress(FileNotFoundError):
        (data_dir / _FILE).unlink()


def find(settings: Settings, data_dir: Path | None) -> Settings:
    """Return the settings, with the addresses of the `streams up` of the data directory for the servers they do not name.

    With a `data_dir` its addresses replace those of the settings. Raises UsageError where no `streams up` runs there.
    """
    if settings.kafka_url and settings.redis_url and data_dir is None:
        return settings
    directory = data_dir or default_data_dir()
    fields = {"pid": 0}
    with contextlib.suppress(OSError, orjson.JSONDecodeError):
        fields = orjson.loads((directory / _FILE).read_bytes())
    if not is_running(fields.pop("pid", 0)):
        raise UsageError(
            f"nothing runs in {directory}: start `streams up`, or set STREAMS_KAFKA_URL and STREAMS_REDIS_URL"
        )
    given = {name for name in ("kafka_url", "redis_url") if getattr(settings, name) and data_dir is None}
    return settings.model_copy(update={name: value for name, value in fields.items() if name not in given})
