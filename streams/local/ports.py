"""Reserve ports among the processes of one machine that choose ports for servers which they start a moment later.

Between the choice of a free port and the moment the server binds it, another process could choose the same one. Each that chooses
holds a name in Linux' abstract socket namespace for a minute; the system gives the name up when the process ends, however it ends.
On other systems nothing is held, and the server that comes second says that its port is taken.
"""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
import time
from collections import deque

__all__ = ["reserve"]

_HELD_SECONDS = 60.0
_held: deque[tuple[float, socket.socket]] = deque()
_lock = threading.Lock()


def reserve(port: int) -> bool:
    """Hold a port for a minute; return False where another choice, of this process or another, holds it."""
    if sys.platform != "linux":
        return True
    with _lock:
        now = time.monotonic()
        while _held and now - _held[0][0] > _HELD_SECONDS:
            _held.popleft()[1].close()
        name = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            name.bind(f"\0streams-port-{port}")
        except OSError:
            with contextlib.suppress(OSError):
                name.close()
            return False
        _held.append((now, name))
        return True
