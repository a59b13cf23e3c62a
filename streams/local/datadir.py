"""The data directory of the embedded services: one owner at a time, temporary when the user names none."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from pathlib import Path

from streams.errors import EmbeddedError
from streams.ops.processes import is_running

__all__ = ["DataDirectory"]

_LEFTOVERS_STOP = 20.0  # seconds a server of a killed instance may take to stop
_POLL = 0.05


class DataDirectory:
    """A locked directory. The lock is the kernel's (flock), so a crash cannot leave it behind.

    The embedded Redis inherits `lock_fd`: the directory stays locked until its last writer has ended, not only until Streams has.
    """

    def __init__(self, path: Path | None) -> None:
        """Use `path`, created when missing; None is a new temporary directory, deleted by `close`."""
        self._wanted = path
        self.path = Path()
        self.lock_fd = -1

    @property
    def temporary(self) -> bool:
        """Tell whether `close` deletes the directory."""
        return self._wanted is None

    def open(self) -> None:
        """Create and lock the directory. Raises EmbeddedError when another process uses it or it cannot be created."""
        try:
            if self._wanted is None:
                self.path = Path(tempfile.mkdtemp(prefix="streams-")).resolve()
            else:
                self.path = self._wanted.expanduser().resolve()
                self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.lock_fd = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise EmbeddedError(f"the data directory {self._wanted} cannot be used: {error.strerror}") from None
        self._lock()

    def _lock(self) -> None:
        deadline = time.monotonic() + _LEFTOVERS_STOP
        while True:
            try:
                fcntl.flock(self.lock_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                owner = self._owner()
                if is_running(owner) or time.monotonic() > deadline:
                    os.close(self.lock_fd)
                    self.lock_fd = -1
                    who = f"process {owner}" if owner else "another process"
                    raise EmbeddedError(
                        f"the data directory {self.path} is in use by {who}; stop that one or choose another directory"
                    ) from None
                # The owner was killed and its Redis is about to stop; a blocking flock has no time limit.
                time.sleep(_POLL)
            except OSError as error:  # some network file systems have no locks
                raise EmbeddedError(f"the data directory {self.path} cannot be locked: {error.strerror}") from None
            else:
                os.truncate(self.lock_fd, 0)
                os.pwrite(self.lock_fd, f"{os.getpid()}\n".encode(), 0)
                return

    def _owner(self) -> int:
        text = os.pread(self.lock_fd, 32, 0).decode(errors="replace").strip()
        return int(text) if text.isdigit() else 0

    def close(self) -> None:
        """Release the lock and delete a temporary directory."""
        if self.lock_fd >= 0:
            # Close only: LOCK_UN would unlock it for a server that inherited the descriptor and still runs.
            os.close(self.lock_fd)
            self.lock_fd = -1
        if self.temporary and self.path != Path():
            shutil.rmtree(self.path, ignore_errors=True)
