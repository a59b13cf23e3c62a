"""Wait, un-ready, until the servers of a worker can be used, and bring them into the state that its first message needs.

A server that is away, full, loading or refusing writes comes back by itself or by its operator, and nothing about the worker
would be better after a restart: so it tries again, with growing pauses. What a setting is wrong about ends the worker.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import TypeVar

from streams.errors import ForeignStateError, OlderCopyError, ServiceError, SettingsError, WrongSetupError
from streams.event_log import EventLog
from streams.kafka.connection import KafkaConnection
from streams.kafka.rights import refuse_missing_rights
from streams.kafka.topics import create_topics, fixed_topics
from streams.ops.diagnosis import check_session, compare_partitions
from streams.ops.health import Health
from streams.ops.probes import ask_kafka, ask_partitions
from streams.settings import Settings
from streams.state.connection import Connection, connect
from streams.state.fixed_partitions import fix_partitions, fixed_partitions
from streams.worker.identity import establish_identity
from streams.worker.open_state import ClosedState, OpenedState, open_state
from streams.worker.restart import restart

__all__ = ["Startup", "until_possible"]

log = EventLog(__name__)
T = TypeVar("T")

_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.2, 5.0
_LOG_SECONDS = 60.0
_CLOSED_SECONDS = 1.0
_IDENTITY_SECONDS = 2.0
"""How often a worker that found another state asks again."""


async def until_possible(server: str, work: Callable[[], Awaitable[T]], report: Callable[[str], None]) -> T:
    """Call `work` until it raises no ServiceError, with growing pauses, and return what it returns.

    `report` is called with the reason after each failure, and with `""` at the end. Raises WrongSetupError and all other errors at
    once.
    """
    pause, waited, logged, last = _FIRST_PAUSE_SECONDS, 0.0, 0.0, ""
    while True:
        try:
            result = await work()
        except WrongSetupError:
            raise
        except ServiceError as error:
            reason = str(error)
            report(reason)
            if reason != last or waited - logged >= _LOG_SECONDS:
                log.warning(
                    "start_waits",
                    "this worker waits for {server} since {seconds:.0f} s: {reason}",
                    server=server,
                    seconds=waited,
                    reason=reason,
                )
                logged, last = waited, reason
            await asyncio.sleep(pause)
            waited += pause
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)
        else:
            report("")
            return result


class Startup:
    """The steps of a start that need Redis or Kafka; each waits for them, and reports to Health what it waits for.

    Raises SettingsError, StateError or WrongSetupError where waiting does not help.
    """

    def __init__(self, given: Settings, health: Health) -> None:
        self._given = given
        self._health = health
        self.kafka_reason = "not asked yet"
        """Why Kafka cannot be used, `""` where it can."""

    async def redis(self) -> OpenedState:
        """Open the index version in force, once no rebuild keeps workers out of it."""
        while isinstance(opened := await self._with_redis(lambda: open_state(self._given)), ClosedState):
            self._health.paused(f"generation {opened.generation} is being replaced by {opened.successor}")
            await asyncio.sleep(_CLOSED_SECONDS)
        self._health.paused("")
        return opened

    async def kafka(self) -> None:
        """Return once Kafka would take this worker into its group."""
        await self.with_kafka(lambda: _check_session(self._given))

    async def topics(self, connection: Connection) -> tuple[Mapping[str, int], str]:
        """Create the topics that are missing, and compare Redis and the topics.

        Returns the numbers of partitions that are fixed with the state, by topic, and the id of the state.
        """
        given = self._given
        begun = await self._with_redis(lambda: fixed_partitions(given, connection))
        found = await self.with_kafka(lambda: _ready_topics(given, begun))
        state = await self._identity()
        fixed = await self._with_redis(lambda: fix_partitions(given, connection, found))
        compare_partitions(found, fixed)
        return fixed, state

    async def with_kafka(self, work: Callable[[], Awaitable[T]]) -> T:
        """Return what `work` returns, once Kafka can be used for it."""
        return await until_possible("Kafka", work, self._report_kafka)

    async def _with_redis(self, work: Callable[[], T]) -> T:
        report = partial(self._health.redis_away, caller="start")
        return await until_possible("Redis", lambda: asyncio.to_thread(work), report)

    async def _identity(self) -> str:
        """Wait until Redis and the topics are of one state; return its id (`streams/worker/identity.py`)."""
        waited, connection = "", await asyncio.to_thread(connect, self._given)
        while True:
            try:
                state = await establish_identity(self._given, connection)
                break
            except (ForeignStateError, ServiceError) as error:
                if str(error) != waited:
                    is_refused = isinstance(error, (ForeignStateError, OlderCopyError))
                    event = "state_foreign" if is_refused else "state_unread"
                    log.error(event, "{reason}", reason=error)
                waited = str(error)
                self._health.paused(waited)
            await asyncio.sleep(_IDENTITY_SECONDS)
        connection.close()
        if waited:
            log.warning("state_found", "the state {state} is there; this worker restarts", state=state)
            restart()  # what was read of Redis before does not count
        return state

    def _report_kafka(self, reason: str) -> None:
        self.kafka_reason = reason
        self._health.broker_away(reason)


async def _check_session(settings: Settings) -> None:
    """Raise SettingsError where Kafka would refuse the worker: aiokafka logs that, and then waits without partitions."""
    facts = await ask_kafka(KafkaConnection.of(settings), [])
    for refused in check_session(facts, settings.session_timeout):
        raise SettingsError(refused.check, refused.found, refused.advice)


async def _ready_topics(settings: Settings, begun: Mapping[str, int]) -> dict[str, int]:
    """Create the topics that are missing, with the numbers of partitions that the state was `begun` with.

    Returns how many partitions the topics have whose number is fixed. Raises BrokerError, also where a right is missing.
    """
    await create_topics(settings, fixed=begun)
    await refuse_missing_rights(settings)
    return await ask_partitions(KafkaConnection.of(settings), fixed_topics(settings))
