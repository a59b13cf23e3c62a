"""The functions that begin a subscription: arguments to sources."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from streams.api.event import Event
from streams.client.checkpoints import Checkpoint
from streams.client.items import Source
from streams.client.selection import Selection, select
from streams.client.subscription import OnGap, Snapshot, Subscription
from streams.errors import SettingsError
from streams.events.positions import BEGINNING

if TYPE_CHECKING:
    from streams.kafka.connection import KafkaConnection

__all__ = ["snapshot", "subscribe"]


def subscribe(
    *,
    kafka: str | KafkaConnection | None = None,
    url: str | None = None,
    start: str | Checkpoint = BEGINNING,
    types: Collection[str] = (),
    sources: Collection[str] = (),
    topic_prefix: str | None = None,
    token: str = "",
    documents: bool = True,
    on_gap: OnGap | None = None,
    **kafka_settings: Any,
) -> Subscription[Event]:
    """Follow the events of a running Streams: those of each cluster in order, each at least once.

    Give either `kafka` (`host:port[,host:port…]`, or a `KafkaConnection`) or the `url` of `streams serve`. It connects when the
    first event is asked for, and again for as long as it takes whenever the connection is lost.

    - `start`: `beginning` (of what the topic still has), `now`, a position that an event had, or a checkpoint. A checkpoint is
      loaded, and saved within a second once the loop has asked for the event after.
    - `types`, `sources`: only events of these types, and of clusters with a record of one of these sources before or after.
    - `topic_prefix`: by default `STREAMS_TOPIC_PREFIX`.
    - `token`: bearer token for `url`. `documents=False` leaves documents out, which over `url` saves most of the bytes.
    - `on_gap`: called with a `Gap` where events were deleted before they were read; without it GapError is raised.
    - `kafka_settings`: settings of Kafka by their names, such as `kafka_security="ssl"`, before those of the environment.

    Raises TypeError or ValueError for a wrong argument, SettingsError for a setting.
    """
    selection = select(types, sources)
    checkpoint = None if isinstance(start, str) else start
    begin = start if isinstance(start, str) else start.load()
    if (kafka is None) == (url is None):
        raise TypeError("subscribe() takes either kafka or url")
    if url is not None:
        if kafka_settings:
            raise TypeError(f"subscribe() over a url takes no {', '.join(sorted(kafka_settings))}")
        source = _http_source(url, begin, selection, token, documents)
    else:
        source = _kafka_source(*_connection(kafka, topic_prefix, kafka_settings), begin)
    return Subscription(source, selection, on_gap, checkpoint)


def snapshot(
    *,
    kafka: str | KafkaConnection,
    sources: Collection[str] = (),
    topic_prefix: str | None = None,
    checkpoint: Checkpoint | None = None,
    on_gap: OnGap | None = None,
    **kafka_settings: Any,
) -> Snapshot:
    """Yield the state of every cluster as a `ClusterState`, each once, then the events after that, without a gap.

    States are read from `dedup.clusters`, so from Kafka alone. A temporary table has the revision of every cluster: no event is
    yielded that the states have, and none twice. `checkpoint` is saved once all states are yielded: `subscribe` can start at it.
    The other arguments and errors are those of `subscribe`.
    """
    from streams.client.snapshot_source import SnapshotSource  # noqa: PLC0415 - aiokafka, for those who use Kafka

    source = SnapshotSource(*_connection(kafka, topic_prefix, kafka_settings))
    return Snapshot(source, select((), sources), on_gap, checkpoint)


def _http_source(url: str, start: str, selection: Selection, token: str, documents: bool) -> Source:
    from streams.client.http_source import HttpSource  # noqa: PLC0415 - aiohttp, for those who use HTTP

    return HttpSource(url, start, selection, token=token, documents=documents)


def _kafka_source(kafka: KafkaConnection, topic_prefix: str, start: str) -> Source:
    from streams.client.kafka_source import KafkaSource  # noqa: PLC0415 - aiokafka, for those who use Kafka

    return KafkaSource(kafka, topic_prefix, start)


def _connection(
    kafka: str | KafkaConnection | None, topic_prefix: str | None, given: dict[str, Any]
) -> tuple[KafkaConnection, str]:
    """Return how to connect to Kafka, and the prefix of its topics: what is given, else the settings of the environment."""
    from streams.kafka.connection import KafkaConnection  # noqa: PLC0415
    from streams.settings import load_settings  # noqa: PLC0415

    if isinstance(kafka, KafkaConnection):
        if given:
            raise TypeError(f"a KafkaConnection has its own {', '.join(sorted(given))}")
        return kafka, load_settings().topic_prefix if topic_prefix is None else topic_prefix
    if not kafka:
        raise SettingsError("kafka", "is empty", "host:port[,host:port…]")
    settings = load_settings(kafka_url=kafka, topic_prefix=topic_prefix, **given)
    return KafkaConnection.of(settings), settings.topic_prefix
