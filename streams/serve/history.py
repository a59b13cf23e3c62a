"""The history of a cluster, for the API and the page: from the events that the service has read the ends of."""

from __future__ import annotations

from streams.query.cluster_events import BoundedHistory, read_history
from streams.query.clusters import Clusters
from streams.query.explain import Inspection
from streams.query.index_reader import IndexReader
from streams.serve.resources import Resources

__all__ = ["history_of"]


async def history_of(resources: Resources, cluster: str) -> BoundedHistory:
    """Return the history of a cluster.

    Raises UsageError and NotFoundError where it is not known, BusyError where no events were read yet, and BrokerError.
    """

    def family_of(index: IndexReader) -> list[str]:
        Clusters(index).cluster(cluster)  # raises where it is not known
        return Inspection(index.settings, index.connection).family(cluster)

    family = await resources.ask(family_of)
    return await read_history(resources.settings, cluster, family, resources.hub.ring.next)
