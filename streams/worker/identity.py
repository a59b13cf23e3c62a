"""Check that Redis and the topics are of one state before anything is read or published (`state/identity.py`).

| Redis has                  | the topics have        | what happens                                                           |
|----------------------------|------------------------|------------------------------------------------------------------------|
| the id                     | the same               | work                                                                   |
| nothing                    | nothing                | a new installation: a new id is named in both                          |
| state without an id        | no id                  | a state of 0.2.0 or before: it is given an id, named in both           |
| nothing, or no positions   | an id, or clusters     | refused: the state is lost                                             |
| another id                 | an id                  | refused: another installation's Redis, or the topics of another one    |
| the id, on some shards     | the same               | refused: a part of the state is lost                                   |
| state without an id        | an id                  | refused: a copy from before the state had an id, or a foreign one      |
| an id                      | no id                  | refused: the topics are lost                                           |
| the id, an older copy      | no longer what follows | refused: `worker/older_copy.py`                                        |

An id that Redis has and that was not yet named in the topics counts as none; it is the one that is named.

A worker that runs looks now and then whether the topics still name its state: another program may name another one, and a topic
may be deleted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import NamedTuple

from streams.errors import ForeignStateError
from streams.event_log import EventLog
from streams.kafka.control import name_state, named_state, tell_of_a_life
from streams.settings import Settings
from streams.state.connection import Connection
from streams.state.identity import IdentityStore, StoredIdentity
from streams.worker.older_copy import begin_with_what_is_there, refuse_older_copy

__all__ = [
    "Verdict",
    "accept_empty",
    "check_still_named",
    "compare_identity",
    "establish_identity",
    "inspect_identity",
    "name_copy",
    "replace_state",
    "watch_identity",
]

log = EventLog(__name__)

_LOOK_SECONDS = 30.0

_RESTORE = "restore a copy of Redis (docs/how-to/backup.md)"
_REMAKE = "stop the workers and run `streams rebuild --from-nothing`, which makes the state again from the topics"
_ANEW = "`streams rebuild --accept-empty` for a really new beginning"
_SETTINGS = "check STREAMS_REDIS_URL, STREAMS_NAMESPACE, STREAMS_KAFKA_URL and STREAMS_TOPIC_PREFIX"


class Verdict(NamedTuple):
    """What a worker may do: `reason` says why it may not work, `""` where it may; then `state` is the id, `""` for a new one.

    `is_named`: both places have the id already; `is_lost`: the topics have a state that Redis lost, all of it or a part.
    """

    reason: str = ""
    state: str = ""
    is_named: bool = False
    is_lost: bool = False


def compare_identity(stored: StoredIdentity, topics: str, *, is_lived: bool) -> Verdict:
    """Compare the identity in Redis with the one in the topics, `""` for none; `is_lived`: the topics know of clusters."""
    mine = stored.state if stored.is_named else ""
    if topics:
        if stored.state == topics:
            whole = stored.is_whole or not stored.is_named
            return Verdict("" if whole else _partly_lost(topics), topics, stored.is_named, not whole)
        if mine:
            return Verdict(_other(mine, topics))
        return Verdict(_unnamed(topics)) if stored.is_handled else Verdict(_lost(topics), is_lost=True)
    if mine:
        return Verdict(_topics_lost(mine))
    if is_lived and not stored.is_filled:
        return Verdict(_lost(""), is_lost=True)
    return Verdict("", stored.state)


def _lost(topics: str) -> str:
    whose = f"the state {topics}" if topics else "a state"
    return (
        f"Redis is empty, but the topics tell of a life before: {whose} is lost. {_RESTORE}; or {_REMAKE}; or {_ANEW}"
    )


def _partly_lost(topics: str) -> str:
    return f"a part of Redis was emptied: the state {topics} is not whole. {_RESTORE}; or {_REMAKE}"


def _other(mine: str, topics: str) -> str:
    return (
        f"Redis has the state {mine}, the topics belong to {topics}: one of them is another installation's. {_SETTINGS}"
    )


def _unnamed(topics: str) -> str:
    return (
        f"Redis has a state without an id, the topics belong to {topics}: it is another installation's, or a copy from before "
        f"the state had an id. {_SETTINGS}. Where it is such a copy: `streams rebuild --name-copy`"
    )


def _topics_lost(mine: str) -> str:
    return (
        f"the topics do not know the state {mine} that Redis has: they are lost, or another installation's. {_SETTINGS}. "
        "Where they are lost: `streams rebuild --topics` publishes all clusters again"
    )


async def inspect_identity(given: Settings, connection: Connection) -> Verdict:
    """Return what a worker with these settings may do; changes nothing but what an earlier version left. Raises ServiceError."""
    return await _compare(given, IdentityStore(given, connection))


async def establish_identity(given: Settings, connection: Connection) -> str:
    """Return the id of the state, after it was named in both places where it was not.

    Raises ForeignStateError where Redis and the topics are not of one state, OlderCopyError, ServiceError.
    """
    store = await asyncio.to_thread(IdentityStore, given, connection)
    verdict = await _compare(given, store)
    if verdict.reason:
        raise ForeignStateError(verdict.reason)
    positions = await asyncio.to_thread(store.positions)
    if verdict.is_named or positions:
        await refuse_older_copy(store.settings, positions)
    else:
        await begin_with_what_is_there(store.settings, store)
    return verdict.state if verdict.is_named else await replace_state(given, store, verdict.state)


async def watch_identity(given: Settings, state: str, on_foreign: Callable[[ForeignStateError], None]) -> None:
    """Look every 30 seconds whether the topics name `state`, until this task is cancelled; call `on_foreign` where they do not."""
    while True:
        await asyncio.sleep(_LOOK_SECONDS)
        try:
            await check_still_named(given, state)
        except ForeignStateError as error:
            on_foreign(error)
        except (
            Exception
        ) as error:  # a broker that is away, or answers what aiokafka cannot read: the next look may tell
            log.debug("state_unread", "{error!r}", error=error, kind=type(error).__name__)


async def check_still_named(given: Settings, state: str) -> None:
    """Check that the topics name the state that this worker publishes; name it again where they have its clusters and no name.

    That is what is left where `dedup.control` alone was deleted: a worker that starts would take the topics for lost ones.
    Raises ForeignStateError where they name another state, or have nothing of this one; BrokerError.
    """
    current = await named_state(given)
    if not current and await tell_of_a_life(given):
        current = await name_state(given, state)
        log.warning(
            "state_named_again", "the topics had lost the name of the state {state}; they have it again", state=state
        )
    if current != state:
        raise ForeignStateError(_other(state, current) if current else _topics_lost(state))


async def accept_empty(given: Settings, connection: Connection) -> str:
    """Let an empty Redis begin a new state beside topics that know another one; return its id.

    Raises ForeignStateError where Redis is not empty, ServiceError.
    """
    store = IdentityStore(given, connection)
    stored = store.read()
    if stored.is_named or stored.is_handled:
        raise ForeignStateError("Redis is not empty, so this is no new beginning; `streams doctor` says what it has")
    store.clear()
    await begin_with_what_is_there(store.settings, store)
    return await replace_state(given, store)


async def name_copy(given: Settings, connection: Connection) -> str:
    """Give a state without an id, a copy from before it had one, the id that the topics have; return it.

    Raises ForeignStateError where that is not what Redis has, ServiceError.
    """
    store = IdentityStore(given, connection)
    stored, topics = store.read(), await named_state(given)
    if not (topics and stored.is_handled and not stored.is_named):
        raise ForeignStateError(
            "Redis has no state without an id, or the topics have no id; `streams doctor` says more"
        )
    store.confirm(topics)
    return topics


async def replace_state(given: Settings, store: IdentityStore, state: str = "") -> str:
    """Name the state in Redis as the one that replaces the one that the topics have, if any; return its id.

    `state` is the id where it is known, by default the one that Redis has, or a new one. Raises ForeignStateError where another
    one was named meanwhile, ServiceError.
    """
    chosen = state or await asyncio.to_thread(store.choose)
    before = await named_state(given)
    if before != chosen and (current := await name_state(given, chosen, before)) != chosen:
        raise ForeignStateError(_other(chosen, current))
    await asyncio.to_thread(store.confirm, chosen)
    return chosen


async def _compare(given: Settings, store: IdentityStore) -> Verdict:
    stored, topics = await asyncio.to_thread(store.read), await named_state(given)
    unknown = not (topics or stored.is_named or stored.is_filled)
    return compare_identity(stored, topics, is_lived=unknown and await tell_of_a_life(given))
