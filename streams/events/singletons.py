"""Singleton clusters as bytes, as most records of most feeds make: what is stored and what is published when one begins."""

from __future__ import annotations

import msgspec

from streams.events.messages import CLUSTERS, EVENTS, Outgoing

__all__ = ["Singleton", "singleton_event"]

_EVENT = (
    b'{"event_id":"%b:1","type":"created","cluster_id":"%b","revision":1,"before":[],"after":[%b],"causes":[%b],'
    b'"evidence":[],"document":%b}'
)
_STATE = b'{"cluster_id":"%b","revision":1,"records":[%b]'
_BEFORE_ID, _BEFORE_DOCUMENT, _REVISION = len(b'{"event_id":"'), b',"document":', len(b":1")


class Singleton(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A singleton cluster that begins: the value of its group, its event, and its state without the document.

    The document is the last field of both, so it is here once.
    """

    group: bytes
    event: bytes
    state: bytes

    @property
    def event_id(self) -> bytes:
        """Return the id of the event, which is its field in the outbox."""
        return self.event[_BEFORE_ID : self.event.index(b'"', _BEFORE_ID)]

    def messages(self, event_id: bytes) -> tuple[Outgoing, Outgoing]:
        """Return the messages of the event, whose id the caller has read already, and of the state."""
        cluster, event = event_id[:-_REVISION], self.event
        state = self.state + event[event.index(_BEFORE_DOCUMENT) :]
        return Outgoing(EVENTS, cluster, event), Outgoing(CLUSTERS, cluster, state)


def singleton_event(cluster: bytes, record: bytes, document: bytes) -> tuple[bytes, bytes]:
    """Return the event of a singleton cluster that a message of its record creates, and the state without the document.

    `cluster` is the cluster id, `record` the record id and `document` the canonical document, both as JSON.
    """
    return _EVENT % (cluster, cluster, record, record, document), _STATE % (cluster, record)
