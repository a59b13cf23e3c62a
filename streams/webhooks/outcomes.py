"""What the answers of one endpoint make of its state: taken, put off, parked, given up, or the endpoint is turned off."""

from __future__ import annotations

import time
from collections.abc import Iterable

import msgspec

from streams.event_log import EventLog
from streams.webhooks.configuration import Endpoint
from streams.webhooks.metrics import WebhookMetrics
from streams.webhooks.parking import Parked, Parking
from streams.webhooks.schedule import Answer, Retry, Schedule, Verdict, renewed, verdict
from streams.webhooks.states import EndpointState

__all__ = ["OffError", "Outcomes"]

log = EventLog(__name__)


class OffError(Exception):
    """The endpoint was turned off."""


class Outcomes:
    """Keeps the state of an endpoint, and what is parked of it, by the answers that it gives. Does no I/O."""

    def __init__(
        self, endpoint: Endpoint, state: EndpointState, parking: Parking, metrics: WebhookMetrics, schedule: Schedule
    ) -> None:
        """Continue the state of before."""
        self._endpoint, self._state, self._parking = endpoint, state, parking
        self._metrics, self._schedule = metrics, schedule
        self._refusal = state.reason

    def count(self, answer: Answer) -> Verdict:
        """Count an attempt, and return what its answer says."""
        said = verdict(answer.status)
        self._metrics.count(self._endpoint.name, said.value)
        return said

    def taken(self, partition: int) -> None:
        """Note that the endpoint took the event of a partition: what waits in the others is due."""
        state, now = self._state, time.time()
        state.taken += 1
        state.last_taken = now
        state.retries.pop(partition, None)
        if state.failing_since:
            log.info("webhook_recovered", "{name} takes events again", name=self._endpoint.name)
            state.failing_since = 0.0
            self._parking.send_blameless_again()
        for retry in state.retries.values():
            renewed(retry, now)

    def failed(self, partition: int, retry: Retry, answer: Answer, said: Verdict) -> bool:
        """Note an attempt that failed; return whether the event is sent again, else it is parked. Raises OffError."""
        state, name, now = self._state, self._endpoint.name, time.time()
        if not state.failing_since:
            state.failing_since = now
            log.warning(
                "webhook_fails", "{name} did not take {event}: {reason}", name=name, event=retry.event_id,
                reason=answer.reason,
            )  # fmt: skip
        state.failed += 1
        state.last_failed = now
        self._refusal = answer.reason
        may_park = not self._parking.is_full
        again = self._schedule.after(retry, answer, now, self._endpoint.park_after, may_park=may_park)
        state.retries[partition] = retry
        if said is Verdict.GONE:
            self._turn_off("it answered 410 Gone", now)
        if not again:
            state.retries.pop(partition)
            parked = Parked(
                partition, retry.offset, retry.event_id, retry.since, now, retry.attempts, answer.reason, retry.passed
            )
            self._parking.put(parked)
            self._metrics.count(name, "parked")
            log.error(
                "webhook_parked", "{name}: {event} is parked after {attempts} attempts: {reason}", name=name,
                event=retry.event_id, attempts=retry.attempts, reason=answer.reason,
            )  # fmt: skip
        elif self._schedule.is_over(state.failing_since, now):
            self._turn_off(f"it has taken nothing for too long; at last: {answer.reason}", now)
        return again

    def resent(self, parked: Parked, answer: Answer, said: Verdict) -> None:
        """Note the answer to a parked event that was sent again. Raises OffError."""
        state, now = self._state, time.time()
        if said is Verdict.TAKEN:
            self._parking.remove(parked)
            state.taken += 1
            state.last_taken = now
            return
        state.failed += 1
        state.last_failed = now
        tried = {"attempts": parked.attempts + 1, "reason": answer.reason, "passed_over": True}
        self._parking.put(msgspec.structs.replace(parked, **tried))
        if said is Verdict.GONE:
            self._turn_off("it answered 410 Gone", now)

    def give_up(self, parked: Iterable[Parked], why: str) -> None:
        """Note that parked events are not sent again, and why."""
        for each in parked:
            self._parking.remove(each)
            self._state.given_up += 1
            self._metrics.count(self._endpoint.name, "given_up")
            log.warning(
                "webhook_given_up", "{name}: {event} {why}", name=self._endpoint.name, event=each.event_id, why=why
            )

    def enable(self, moment: float) -> None:
        """Turn the endpoint on: what waits is due now, and its waits restart."""
        state = self._state
        state.enabled_at = moment
        state.off_since = state.failing_since = 0.0
        state.reason = ""
        for retry in state.retries.values():
            retry.level, retry.due, retry.passed = 0, 0.0, False

    def finish(self, now: float, problem: str) -> EndpointState:
        """Return the state as it is to be stored now; `problem` says why events cannot be read, if they cannot."""
        state = self._state
        state.time, state.parked = now, len(self._parking)
        if state.off_since:
            state.status = "off"
        elif problem:
            state.status, state.reason = "waiting", problem
        elif state.failing_since or state.retries:
            state.status, state.reason = "retrying", self._refusal
        else:
            state.status, state.reason = "sending", ""
        return state

    def _turn_off(self, reason: str, now: float) -> None:
        self._state.off_since, self._state.reason = now, reason
        log.error(
            "webhook_off", "{name} is off: {reason}; `streams webhooks enable {name}` turns it on",
            name=self._endpoint.name, reason=reason,
        )  # fmt: skip
        raise OffError
