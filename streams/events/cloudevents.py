"""Headers that make messages of `dedup.events` and `dedup.clusters` CloudEvents 1.0 in binary mode; values stay as they are. Pure.

| header           | of an event                                   | of a state                     |
|------------------|-----------------------------------------------|--------------------------------|
| `ce_specversion` | `1.0`                                         | the same                       |
| `ce_id`          | the event id, `cluster id:revision`           | the same: of its latest event  |
| `ce_source`      | `/streams/<namespace>`                        | the same                       |
| `ce_type`        | `streams.cluster.<type>.v1`                   | `streams.cluster.state.v1`     |
| `ce_subject`     | the cluster id                                | the same                       |
| `ce_time`        | that of its correction, absent where it has none | absent                      |
| `ce_dataschema`  | `urn:streams:schema:event`                    | `urn:streams:schema:cluster`   |
| `content-type`   | `application/json`                            | the same                       |

Every header is made of the value, so an event that is published again has the same ones. A tombstone is no CloudEvent: it has
the headers of `streams/events/messages.py`.
"""

from __future__ import annotations

from functools import lru_cache

import msgspec

from streams.events.messages import CLUSTERS, EVENTS, Headers, Outgoing

__all__ = ["STATE_TYPE", "CloudEvents", "event_type", "source"]

STATE_TYPE = "streams.cluster.state.v1"
_ID, _TYPE, _CLUSTER, _REVISION = b'{"event_id":"', b'","type":"', b'{"cluster_id":"', b'","revision":'
_ID_BEGINS, _TYPE_BEGINS = len(_ID), len(_TYPE)
_CORRECTIONS = b'"corrections":'  # within a text its first quotation mark would follow a backslash


class _Correction(msgspec.Struct):
    time: str = ""


class _Event(msgspec.Struct):
    event_id: str
    type: str
    corrections: list[_Correction] = []


class _State(msgspec.Struct):
    cluster_id: str
    revision: int


_EVENT, _STATE = msgspec.json.Decoder(_Event), msgspec.json.Decoder(_State)


def source(namespace: str) -> str:
    """Return the `ce_source` of an installation."""
    return f"/streams/{namespace}"


def event_type(kind: str) -> str:
    """Return the `ce_type` of events of a type, such as `merged`."""
    return f"streams.cluster.{kind}.v1"


class CloudEvents:
    """Adds the headers to the messages of one installation; what does not change with the message is made once."""

    def __init__(self, namespace: str) -> None:
        self._source = source(namespace)
        self._of_events = lru_cache(maxsize=64)(self._of_event_type)
        self._of_states = self._constant(STATE_TYPE, "urn:streams:schema:cluster")

    def add_headers(self, message: Outgoing) -> Outgoing:
        """Return the message as a CloudEvent; unchanged where it is of another topic, a tombstone, or no event or state."""
        topic, key, value, headers = message
        if not value or topic not in (EVENTS, CLUSTERS):
            return message
        added = self._of_event(key, value) if topic == EVENTS else self._of_state(key, value)
        return Outgoing(topic, key, value, added + headers if headers else added) if added else message

    def _of_event(self, key: bytes, value: bytes) -> Headers:
        """Return the headers of an event, read from its first two fields; decoded where it begins in another way."""
        end = value.find(b'"', _ID_BEGINS)
        first = end + _TYPE_BEGINS
        # An event without corrections ends with its document, most often.
        corrected = value.endswith(b"]}") and _CORRECTIONS in value
        if corrected or not value.startswith(_ID) or not value.startswith(_TYPE, end):
            try:
                event = _EVENT.decode(value)
            except msgspec.MsgspecError:
                return ()
            time = event.corrections[0].time.encode() if event.corrections else b""
            headers = _headers(event.event_id.encode(), key, self._of_events(event.type.encode()))
            return (*headers, ("ce_time", time)) if time else headers
        return _headers(value[_ID_BEGINS:end], key, self._of_events(value[first : value.find(b'"', first)]))

    def _of_state(self, key: bytes, value: bytes) -> Headers:
        start = len(_CLUSTER) + len(key)
        end = start + len(_REVISION)
        if value.startswith(_CLUSTER) and value.startswith(_REVISION, start):
            revision = value[end : value.find(b",", end)]
        else:
            try:
                revision = str(_STATE.decode(value).revision).encode()
            except msgspec.MsgspecError:
                return ()
        return _headers(key + b":" + revision, key, self._of_states)

    def _of_event_type(self, kind: bytes) -> Headers:
        return self._constant(event_type(kind.decode()), "urn:streams:schema:event")

    def _constant(self, kind: str, schema: str) -> Headers:
        return (
            ("ce_specversion", b"1.0"),
            ("ce_type", kind.encode()),
            ("ce_source", self._source.encode()),
            ("ce_dataschema", schema.encode()),
            ("content-type", b"application/json"),
        )


def _headers(identity: bytes, subject: bytes, constant: Headers) -> Headers:
    return ("ce_id", identity), ("ce_subject", subject), *constant
