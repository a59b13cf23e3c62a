"""Fold `dedup.events` and `dedup.clusters` into the clusters that subscribers know. Pure; keeps digests, not documents."""

from __future__ import annotations

from hashlib import blake2b

import msgspec

from streams.clusters.group import cluster_key
from streams.clusters.published import PublishedCluster
from streams.events.published import decode_event, decode_relations, decode_state, document_digest, is_truncated

__all__ = ["PublishedClusters", "whole_digest"]

_NO_CLUSTER = (msgspec.MsgspecError, ValueError, OverflowError)


class PublishedClusters:
    """Folds the messages of one topic or both, one by one; a message that is no event or state is ignored.

    Keeps some hundred bytes a cluster: of its event with the highest revision, and of its state.
    """

    def __init__(self) -> None:
        self.clusters: dict[bytes, PublishedCluster] = {}
        self._by_state: dict[bytes, PublishedCluster] = {}

    def add_event(self, value: bytes, time: int) -> None:
        """Add a message of `dedup.events`, published at `time` (Unix time in ms).

        Of one id with two contents the first counts, as for every subscriber.
        """
        try:
            event = decode_event(value)
            into = cluster_key(event.merged_into[0]) if event.merged_into else b""
            found = _cluster(event.cluster_id, event.after, time, event.document, event.relations)
        except _NO_CLUSTER:
            return
        known = self.clusters.get(found.key)
        if known is None or event.revision > known.events:
            created = known.created if known else time
            self.clusters[found.key] = found._replace(events=event.revision, into=into, created=created)

    def add_state(self, key: bytes, value: bytes | None, time: int) -> None:
        """Add a message of `dedup.clusters`; `value` None is a tombstone."""
        try:
            name = key.decode()
            if not value:
                self._by_state.pop(cluster_key(name), None)
                return
            state = decode_state(value)
            found = _cluster(name, state.records, time, state.document, state.relations)
        except _NO_CLUSTER:
            return
        self._by_state[found.key] = found._replace(state=state.revision)

    def end(self) -> None:
        """Bring the two topics together: the higher revision says what the cluster is."""
        for key, state in self._by_state.items():
            known = self.clusters.get(key)
            if known is None:
                self.clusters[key] = state
            elif state.state > known.events:
                self.clusters[key] = state._replace(created=known.created, events=known.events, before=known.records)
            else:
                self.clusters[key] = known._replace(state=state.state)
        self._by_state.clear()

    def settle(self) -> list[PublishedCluster]:
        """Leave each record to one cluster, the youngest of those that have it; return the clusters that lose some.

        A worker that died may have published one side of a move alone.
        """
        owner: dict[str, bytes] = {}
        reduced: dict[bytes, PublishedCluster] = {}
        for cluster in sorted(self.clusters.values(), key=lambda c: (c.created, c.key)):
            for record in cluster.records:
                if before := owner.get(record):
                    other = reduced.get(before) or self.clusters[before]
                    reduced[before] = other._replace(records=tuple(r for r in other.records if r != record))
                owner[record] = cluster.key
        return list(reduced.values())


def _cluster(
    name: str, records: list[str], time: int, document: msgspec.Raw, relations: msgspec.Raw
) -> PublishedCluster:
    text = bytes(document)
    return PublishedCluster(
        cluster_key(name),
        tuple(sorted(records)),
        time,
        0,
        document=document_digest(text),
        relations=decode_relations(relations),
        whole=whole_digest(text),
    )


def whole_digest(document: bytes) -> bytes:
    """Return the digest of all of a published document, `b""` where there is none or only a part."""
    return b"" if not document or is_truncated(document) else blake2b(document, digest_size=8).digest()
