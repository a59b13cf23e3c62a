"""Facts of the machine and the interpreter that a figure of speed depends on."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path

from streams.ops.installation import compiled_modules, interpreter

__all__ = ["facts"]

_PACKAGES = ("faust-streaming", "aiokafka", "uvloop", "redis", "hiredis", "orjson", "msgspec", "rapidfuzz", "zstandard")


def facts() -> list[tuple[str, str]]:
    """Return (name, value) of what a reader needs to know before comparing figures of two machines."""
    return [
        ("processor", f"{_processor()}, {len(os.sched_getaffinity(0))} of {os.cpu_count()} cores usable"),
        ("load", "{:.1f} {:.1f} {:.1f} (1, 5, 15 min)".format(*os.getloadavg())),
        ("system", f"{platform.system()} {platform.release()}"),
        ("Python", interpreter()),
        ("Streams", f"{version('streams-dedup')}, compiled modules: {len(compiled_modules()) or 'none'}"),
        ("packages", ", ".join(f"{name} {version(name)}" for name in _PACKAGES)),
    ]


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())
