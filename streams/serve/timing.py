"""Where the time of a request goes, for the header `Server-Timing` of its response (W3C Server Timing) and for the metrics.

| part     | until                                                                     |
|----------|---------------------------------------------------------------------------|
| `queue`  | a thread takes the question                                               |
| `redis`  | Redis has answered, all round trips                                       |
| `answer` | the thread has the answer: decoding, deciding                             |
| `resume` | the event loop takes the answer from the thread                           |
| `total`  | the first byte of the response is written, from the first of the request  |
"""

from __future__ import annotations

import time
from contextvars import ContextVar

__all__ = ["PARTS", "Timing", "current_timing"]

PARTS = ("queue", "redis", "answer", "resume")


class Timing:
    """The seconds of one request by part. One question is asked at a time; several add up."""

    __slots__ = ("_asked", "_ended", "seconds")

    def __init__(self) -> None:
        self.seconds = dict.fromkeys(PARTS, 0.0)
        self._asked = self._ended = 0.0

    def ask(self) -> None:
        """Note that a question is handed to the threads."""
        self._asked = time.perf_counter()

    def took(self, began: float, redis: float) -> None:
        """Note, on the thread, when it took the question (`perf_counter`) and how many seconds Redis took; it has ended now."""
        self._ended = time.perf_counter()
        # Of questions asked at once, as for several decisions, the last one may have been asked after this one began.
        self.seconds["queue"] += max(began - self._asked, 0.0)
        self.seconds["redis"] += redis
        self.seconds["answer"] += self._ended - began - redis

    def resume(self) -> None:
        """Note that the event loop has the answer."""
        if self._ended > self._asked:
            self.seconds["resume"] += time.perf_counter() - self._ended

    def header(self, total: float) -> bytes:
        """Return the value of `Server-Timing`, in ms, `total` seconds after the request came."""
        parts = [*self.seconds.items(), ("total", total)]
        return ", ".join(f"{name};dur={1000 * seconds:.3f}" for name, seconds in parts if seconds).encode()


current_timing: ContextVar[Timing | None] = ContextVar("current_timing", default=None)
"""That of the request whose task this is; None outside of requests."""
