"""Refuse a copy of Redis that is older than the topics of the feeds reach back.

A copy that is restored has the positions of the time at which it was made, and workers read on from there: what was handled
since then comes again. Where a topic has deleted some of that, it was handled by a state that is lost and cannot be handled again.
Taken up, the copy would end the clusters of those messages for subscribers.

The group of the workers has committed what was handled, about a second late. So messages of a partition are lost where both the
offset that is committed and the first offset that the topic has are beyond the position in Redis. A worker that is slow has
committed nothing that it has not handled: what retention deletes unread is counted as skipped, and the worker continues.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from streams.errors import OlderCopyError
from streams.kafka.connection import KafkaConnection
from streams.kafka.group_offsets import committed_offsets, first_offsets
from streams.kafka.topics import input_topics
from streams.settings import Settings
from streams.state.identity import IdentityStore
from streams.state.progress import Place

__all__ = ["begin_with_what_is_there", "inspect_copy", "lost_messages", "refuse_older_copy"]

_RESTORE = "restore a newer copy (docs/how-to/backup.md)"
_REMAKE = "stop the workers and run `streams rebuild --from-nothing`, which makes the state again from the topics"


def lost_messages(
    positions: Mapping[Place, int], committed: Mapping[Place, int], first: Mapping[Place, int]
) -> dict[Place, tuple[int, int]]:
    """Return, by partition, the offsets from and up to which messages were handled, are not in Redis and cannot be read again.

    `positions` are those stored in Redis, none of a partition that had no message when the copy was made; `committed` are the
    offsets of the group, `first` the first ones that the topics have.
    """
    found = {}
    for place, offset in committed.items():
        begins, ends = positions.get(place, 0), min(offset, first.get(place, 0))
        if begins < ends:
            found[place] = begins, ends
    return found


async def inspect_copy(settings: Settings, positions: Mapping[Place, int]) -> str:
    """Return why the state with these positions may not be taken up, `""` where it may. Raises BrokerError.

    Asks for the first offsets of the topics only where the group is ahead of Redis.
    """
    kafka = KafkaConnection.of(settings)
    committed = await committed_offsets(kafka, settings.app_id, input_topics(settings))
    ahead = {place: offset for place, offset in committed.items() if positions.get(place, 0) < offset}
    lost = lost_messages(positions, ahead, await first_offsets(kafka, ahead)) if ahead else {}
    return _reason(lost) if lost else ""


async def begin_with_what_is_there(settings: Settings, store: IdentityStore) -> None:
    """Store the first offsets of partitions as positions of a state that has handled nothing, where its group has committed any.

    Committed was what another state handled: of what the topics have deleted this one lacks nothing. Raises ServiceError.
    """
    kafka = KafkaConnection.of(settings)
    if committed := await committed_offsets(kafka, settings.app_id, input_topics(settings)):
        await asyncio.to_thread(store.put_positions, await first_offsets(kafka, committed))


async def refuse_older_copy(settings: Settings, positions: Mapping[Place, int]) -> None:
    """Check that what follows the positions in Redis can still be read, where the group has handled it already.

    Raises OlderCopyError where it cannot, BrokerError.
    """
    if reason := await inspect_copy(settings, positions):
        raise OlderCopyError(reason)


def _reason(lost: Mapping[Place, tuple[int, int]]) -> str:
    (topic, partition), (begins, ends) = min(lost.items())
    others = f" and {len(lost) - 1} other partitions" if len(lost) > 1 else ""
    return (
        f"Redis has a copy of the state that is older than the topics reach back: the messages {begins} to {ends - 1} of "
        f"{topic}:{partition}{others} were handled after it was made, and are deleted. {_RESTORE}; or {_REMAKE}"
    )
