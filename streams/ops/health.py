"""Decide whether a worker is live and whether it is ready, from what it reports. No I/O.

*Live*: a restart would not help. The worker is not live when it has reported that it cannot continue, and when messages wait while
none has been finished for a while: the consumer may be stuck though the process runs. While Redis or the broker is away no message
can be finished, and a restart would not bring the server back, so the worker stays live.

*Ready*: the worker handles messages now. It knows its partitions, and Redis and the broker answer.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from typing import Any, NamedTuple

__all__ = ["TROUBLES", "Check", "Health", "HealthReport"]

TROUBLES = {
    "publishing": "the broker takes what is published",
    "topics": "all topics exist",
    "partitions": "each partition has a worker",
}
"""Parts of the work that may fail while Redis and Kafka answer, and what is said of each that does not."""

_ATTEMPT_SECONDS = 180.0
"""An attempt to publish ends by then, one way or the other."""


class Check(NamedTuple):
    """One named condition; `reason` says to people what was found, good or bad."""

    name: str
    ok: bool
    reason: str


class HealthReport(NamedTuple):
    """The checks of one question, `live` or `ready`."""

    question: str
    checks: tuple[Check, ...]

    @property
    def ok(self) -> bool:
        """Tell whether all checks are ok."""
        return all(check.ok for check in self.checks)

    def as_json(self) -> dict[str, Any]:
        """Return `{"live": true, "checks": [{"name", "ok", "reason"}]}`."""
        return {self.question: self.ok, "checks": [check._asdict() for check in self.checks]}


class Health:
    """The health of one worker: takes its reports, from any thread, and answers `live` and `ready`.

    `stall_seconds`: how long messages may wait with none being finished. `answer_seconds`: how old the last answer of Redis and
    of the broker may be; a worker without traffic has to ping them at shorter intervals.

    More than ten methods, for each part of a worker has a report of its own, and each check a method.
    """

    def __init__(
        self,
        *,
        stall_seconds: float = 60.0,
        answer_seconds: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stall_seconds = stall_seconds
        self._answer_seconds = answer_seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._waiting = 0
        self._processed = 0
        self._progress = clock()  # when a message was last finished, or when none waited any more
        self._partitions: int | None = None
        self._redis_answered: float | None = None
        self._redis_failures: dict[str, str] = {}
        self._broker_answered: float | None = None
        self._broker_failure = ""
        self._fatal = ""
        self._stuck = ""
        self._troubles: dict[str, tuple[str, float]] = {}
        self._stopping = False
        self._paused = ""

    def waiting(self, messages: int) -> None:
        """Set how many messages wait now: fetched and not finished, or the lag where the broker reports it."""
        with self._lock:
            if self._waiting <= 0 < messages:
                self._progress = self._clock()
            self._waiting = messages

    def processed(self, messages: int) -> None:
        """Report that messages were finished, as records or as dead letters; they wait no more."""
        with self._lock:
            self._processed += messages
            self._waiting = max(self._waiting - messages, 0)
            self._progress = self._clock()

    def assigned(self, partitions: int) -> None:
        """Report how many partitions Kafka assigned; 0 makes it a spare worker, which is ready."""
        with self._lock:
            self._partitions = partitions  # this is no progress: a group that never stops rebalancing is stuck as well

    def unassigned(self) -> None:
        """Report that Kafka revoked the partitions and has not assigned new ones yet."""
        with self._lock:
            self._partitions = None

    def redis_away(self, reason: str, caller: str = "work") -> None:
        """Report why Redis has not answered the part of the worker named `caller`, `""`: it has just answered it.

        The failure of another caller stays: a node of a cluster may be away, and callers that use the other nodes are answered.
        """
        with self._lock:
            if reason:
                self._redis_failures[caller] = reason
            else:
                self._redis_failures.pop(caller, None)
                self._redis_answered = self._clock()

    def broker_away(self, reason: str) -> None:
        """Report why the broker has not answered, `""`: it has just answered."""
        with self._lock:
            self._broker_failure = reason
            if not reason:
                self._broker_answered = self._clock()

    def failed(self, reason: str) -> None:
        """Report that the worker cannot continue: it is neither live nor ready until it is restarted."""
        with self._lock:
            self._fatal = reason or "unknown failure"

    def stuck(self, reason: str) -> None:
        """Say that every message fails and why, until `reason` is `""`: the worker is not ready meanwhile."""
        with self._lock:
            self._stuck = reason

    def trouble(self, name: str, reason: str) -> None:
        """Report why a part of the work fails, one of `TROUBLES`, until `reason` is `""`: the worker is not ready meanwhile.

        To be reported again at each attempt: a worker that makes no more attempts at publishing is not live.
        """
        with self._lock:
            if reason:
                self._troubles[name] = reason, self._clock()
            else:
                self._troubles.pop(name, None)

    def stopping(self) -> None:
        """Report that the worker finishes the messages it has and takes no more."""
        with self._lock:
            self._stopping = True

    def paused(self, reason: str) -> None:
        """Report that the worker waits on purpose, and why, such as for a rebuild; `""`: it has resumed."""
        with self._lock:
            if self._paused and not reason:
                self._progress = self._clock()
            self._paused = reason

    @property
    def knows_partitions(self) -> bool:
        """Tell whether Kafka has assigned partitions, if only 0 of them, and has not revoked them since."""
        with self._lock:
            return self._partitions is not None

    @property
    def away(self) -> str:
        """Return why Redis or the broker counts as away, `""` where both answer."""
        with self._lock:
            return self._away()

    def live(self) -> HealthReport:
        """Report whether the worker is live; where not, its supervisor should restart it."""
        with self._lock:
            return HealthReport("live", (self._worker(), self._moving()))

    def ready(self) -> HealthReport:
        """Report whether the worker is ready, that is, handles messages now."""
        with self._lock:
            troubles = (self._trouble(name, fine) for name, fine in TROUBLES.items())
            return HealthReport("ready", (self._accepting(), self._kafka(), self._redis(), *troubles))

    def _away(self) -> str:
        return self._redis_failure or self._broker_failure

    @property
    def _redis_failure(self) -> str:
        return next(iter(self._redis_failures.values()), "")

    def _worker(self) -> Check:
        return Check("worker", not self._fatal, self._fatal or "running")

    def _moving(self) -> Check:
        idle = self._clock() - self._progress
        if away := self._away():
            said = f"{self._waiting} messages wait for a server that is away or refuses: {away}"
            return Check("progress", True, said)
        trouble = "; ".join(reason for reason, _ in self._troubles.values())
        if self._is_trying():
            return Check("progress", True, f"{self._waiting} messages wait: {trouble}")
        cause = f": {trouble or self._stuck}" if trouble or self._stuck else ""
        if self._waiting > 0 and idle > self._stall_seconds and not self._paused:
            return Check(
                "progress", False, f"{self._waiting} messages wait and none was finished for {idle:.0f} s{cause}"
            )
        return Check("progress", True, f"{self._processed} messages finished, {self._waiting} wait{cause}")

    def _is_trying(self) -> bool:
        """Tell whether messages cannot be published, and the worker tries again: a restart would not help."""
        _, since = self._troubles.get("publishing", ("", -math.inf))
        return self._clock() - since < _ATTEMPT_SECONDS

    def _trouble(self, name: str, fine: str) -> Check:
        reason, _ = self._troubles.get(name, ("", 0.0))
        return Check(name, not reason, reason or fine)

    def _accepting(self) -> Check:
        if self._fatal:
            return Check("worker", False, self._fatal)
        if self._paused or self._stuck:
            return Check("worker", False, self._paused or self._stuck)
        return Check("worker", not self._stopping, "stopping" if self._stopping else "running")

    def _kafka(self) -> Check:
        if self._partitions is None:
            return Check("kafka", False, self._broker_failure or "no partitions assigned yet")
        if self._broker_failure:
            return Check("kafka", False, self._broker_failure)
        # A probe that hangs reports no failure either.
        if self._broker_answered is not None and (age := self._clock() - self._broker_answered) > self._answer_seconds:
            return Check("kafka", False, f"has not answered for {age:.0f} s")
        if self._partitions == 0:
            return Check("kafka", True, "standing by: there are more workers than partitions")
        return Check("kafka", True, f"{self._partitions} partitions assigned")

    def _redis(self) -> Check:
        if self._redis_failure:
            return Check("redis", False, self._redis_failure)
        if self._redis_answered is None:
            return Check("redis", False, "has not answered yet")
        age = self._clock() - self._redis_answered
        if age > self._answer_seconds:
            return Check("redis", False, f"has not answered for {age:.0f} s")
        return Check("redis", True, f"answered {age:.0f} s ago")
