"""Make the events that are missing at the end of `dedup.events`, where a worker died between the two topics of clusters.

Step 3 of `streams/rebuild/from_nothing.py`: with them both topics lead to the same clusters, and each record to one of them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import msgspec
import orjson

from streams import events
from streams.clusters.published import PublishedCluster, change_kind
from streams.events import CLUSTERS, EVENTS, Outgoing
from streams.events.published import decode_event, decode_state
from streams.events.published_clusters import PublishedClusters
from streams.kafka.connection import KafkaConnection
from streams.kafka.reader import read_to_now
from streams.settings import Settings

__all__ = ["MissingEvents", "complete", "published_contents", "published_messages"]

_CAUSE = "rebuild:from-nothing"


class MissingEvents(NamedTuple):
    """The events to publish; `begins_late`: `dedup.events` has no first event of some clusters."""

    messages: list[Outgoing]
    begins_late: bool


def published_messages(settings: Settings) -> AsyncIterator[Any]:
    """Yield the messages (aiokafka's ConsumerRecord) that are in `dedup.events` and `dedup.clusters` now. Raises BrokerError."""
    prefix = settings.topic_prefix
    return read_to_now(KafkaConnection.of(settings), [prefix + EVENTS, prefix + CLUSTERS])


async def complete(settings: Settings, published: PublishedClusters) -> MissingEvents:
    """Return the events that are missing, and change `published` to what is published with them. Raises BrokerError."""
    ahead = {c.key: c for c in published.clusters.values() if c.state > c.events}
    begins_late = any(c.events == 0 and c.state > 1 for c in ahead.values())
    reduced = {c.key: c for c in published.settle()}
    keys = sorted({*ahead, *reduced})
    contents = await published_contents(settings, keys) if keys else {}
    missing: list[Outgoing] = []
    for key in keys:
        cluster = published.clusters[key]
        if cluster.state > cluster.events and (cluster.events or cluster.state == 1):
            lists = [cluster.before, *[cluster.records] * (cluster.state - cluster.events)]
            missing += _between(cluster, lists, contents[key])
        cluster = cluster._replace(events=cluster.revision)
        if fewer := reduced.get(key):
            missing += _between(cluster, [cluster.records, fewer.records], contents[key])
            cluster = cluster._replace(records=fewer.records, events=cluster.events + 1, document=b"?")
        published.clusters[key] = cluster
    return MissingEvents(missing, begins_late)


async def published_contents(settings: Settings, keys: Sequence[bytes]) -> Mapping[bytes, dict[str, Any]]:
    """Return the last published relations and document of some clusters, by their keys. Raises BrokerError."""
    names = {events.state_message(key, None).key: key for key in keys}
    found: dict[bytes, tuple[int, dict[str, Any]]] = {}
    async for message in published_messages(settings):
        key = names.get(message.key)
        if key is None or message.value is None:
            continue
        try:
            decode = decode_event if message.topic.endswith(EVENTS) else decode_state
            revision = decode(message.value).revision
        except msgspec.MsgspecError:
            continue
        fields = orjson.loads(message.value)
        if "document" in fields and revision >= found.get(key, (0, {}))[0]:
            found[key] = revision, {name: fields[name] for name in ("relations", "document") if name in fields}
    return {key: found.get(key, (0, {}))[1] for key in keys}


def _between(
    cluster: PublishedCluster, lists: Sequence[tuple[str, ...]], content: Mapping[str, Any]
) -> Iterator[Outgoing]:
    """Yield an event for each step between two lists of records, with the revisions after the last event of the cluster."""
    for revision, (before, after) in enumerate(pairwise(lists), cluster.events + 1):
        fields: dict[str, Any] = {
            "event_id": f"{cluster.name}:{revision}",
            "type": change_kind(set(before), set(after)),
            "cluster_id": cluster.name,
            "revision": revision,
            "before": list(before),
            "after": list(after),
            "causes": [_CAUSE],
            "evidence": [],
        }
        yield Outgoing(EVENTS, cluster.name.encode(), orjson.dumps({**fields, **(content if after else {})}))
