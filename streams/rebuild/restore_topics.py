"""Publish the state to new topics: the broker has lost the old ones, and Redis has everything (`streams up` after each restart)."""

from __future__ import annotations

import asyncio
import time
from contextlib import closing

from streams.engine.engine import Engine
from streams.errors import RefusedError
from streams.kafka.control import name_state, named_state, tell_of_a_life
from streams.kafka.topics import create_topics
from streams.settings import Settings
from streams.state.connection import connect
from streams.state.fixed_partitions import fixed_partitions
from streams.state.generation import current_generation
from streams.state.identity import IdentityStore
from streams.worker.older_copy import begin_with_what_is_there
from streams.worker.reconciler import open_reconciler

__all__ = ["restore_topics"]

_CHUNK = 500


def restore_topics(given: Settings, *, are_new: bool = False) -> int:
    """Publish every cluster in Redis to `dedup.clusters`, and name the state in `dedup.control`; return the number of clusters.

    `are_new`: the caller knows that the topics were just made. Raises RefusedError where they are not empty, ServiceError.
    """
    with closing(connect(given)) as connection:
        asyncio.run(create_topics(given, fixed=fixed_partitions(given, connection)))
        if not are_new and (asyncio.run(named_state(given)) or asyncio.run(tell_of_a_life(given))):
            raise RefusedError(
                "the topics are not empty: they belong to a state, and this is for topics that were lost"
            )
        engine = Engine(current_generation(given, connection), connection)
        # The offsets of the new topics begin at 0: the stored positions belong to topics that are gone.
        engine.progress.forget_positions()
        engine.progress.begin_topics(int(time.time() * 1000))
        store = IdentityStore(given, connection)
        if not are_new:  # those of the feeds may be the former ones
            asyncio.run(begin_with_what_is_there(store.settings, store))
        count = asyncio.run(_publish_states(engine))
        if (stored := store.read()).is_named:
            asyncio.run(name_state(given, stored.state))
        return count


async def _publish_states(engine: Engine) -> int:
    count = 0
    async with open_reconciler(engine) as reconciler:
        for chunk in engine.outbox.all_states(_CHUNK):
            await reconciler.publish(chunk)
            count += len(chunk)
    return count
