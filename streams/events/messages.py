"""The contract of everything published: topics' messages, their keys and their order.

| topic               | key            | value                                                             |
|---------------------|----------------|-------------------------------------------------------------------|
| `dedup.decisions`   | `a|b`          | a decision on a pair, JSON: for a person who asks why             |
| `dedup.review`      | `a|b`          | the same, doubtful pairs only: for the people who judge them      |
| `dedup.events`      | cluster id     | one change of one cluster, JSON: for subscribers to every change  |
| `dedup.clusters`    | cluster id     | the cluster's latest state, JSON; a tombstone when it is no more  |
| `dedup.dead-letter` | dead letter id | the original bytes, headers say what is wrong; tombstone: deleted |
| `dedup.control`     | `state`        | the id of the state that publishes here, JSON: for workers        |

An event's id is `cluster id:revision`. Events of a cluster have growing revisions; after a crash one may
be published again, with the same id: a subscriber that folds events ignores those no newer than its state.
`docs/events.md` and the JSON Schemas in `streams/events/schemas/` describe every field.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from typing import Any, NamedTuple

import orjson

from streams.clusters.group import cluster_id
from streams.errors import PayloadError
from streams.matching.decision import Decision

__all__ = [
    "CLUSTERS",
    "CONTROL",
    "CORRECTIONS",
    "DEAD_LETTER",
    "DECISIONS",
    "EVENTS",
    "MERGED_INTO_HEADER",
    "REVIEWS",
    "REVISION_HEADER",
    "Evidence",
    "Headers",
    "Outgoing",
    "dead_letter",
    "dead_letter_fields",
    "decision_message",
    "review_message",
    "state_message",
]

DECISIONS, REVIEWS, EVENTS = "dedup.decisions", "dedup.review", "dedup.events"
CLUSTERS, DEAD_LETTER, CORRECTIONS = "dedup.clusters", "dedup.dead-letter", "dedup.corrections"
CONTROL = "dedup.control"
REVISION_HEADER, MERGED_INTO_HEADER = "revision", "merged-into"
"""Headers of a tombstone in `dedup.clusters`."""
_MAX_WHERE = 500


Headers = tuple[tuple[str, bytes], ...]
"""Names and values of a message's headers."""


class Outgoing(NamedTuple):
    """A message to publish; `value` None is a tombstone."""

    topic: str
    key: bytes
    value: bytes | None
    headers: Headers = ()


class Evidence(NamedTuple):
    """A decision with the two record ids it is about, `a` < `b`."""

    a: str
    b: str
    decision: Decision

    def fields(self) -> dict[str, Any]:
        """Return the JSON fields of a decision message."""
        fields = {
            "a": self.a,
            "b": self.b,
            "decision": self.decision.verdict,
            "score": round(self.decision.score, 6),
            "reasons": list(self.decision.reasons),
            "ruleset": self.decision.ruleset,
        }
        return fields | ({"relation": self.decision.relation} if self.decision.relation else {})


def decision_message(evidence: Evidence) -> Outgoing:
    """Return the message of a decision for `dedup.decisions`."""
    return Outgoing(DECISIONS, f"{evidence.a}|{evidence.b}".encode(), orjson.dumps(evidence.fields()))


def review_message(evidence: Evidence) -> Outgoing:
    """Return the message that asks a person about a doubtful pair, for `dedup.review`."""
    return decision_message(evidence)._replace(topic=REVIEWS)


def dead_letter(
    error: PayloadError,
    payload: bytes,
    origin: str,
    source: str,
    key: bytes,
    *,
    arrival: int = 0,
    retry_of: str = "",
) -> Outgoing:
    """Make a dead letter: the original bytes, with the error and the origin (`topic:partition:offset`) as headers.

    Its id is the origin, with `#` and the place of the item where only a part of the payload is bad. `arrival` orders the
    message among others (`records/version.py`); `retry_of` is the id of the dead letter that was redriven, empty for a new one.
    """
    where = error.where[:_MAX_WHERE].encode("utf-8", "replace")
    headers: tuple[tuple[str, bytes], ...] = (
        ("streams-code", error.code.encode()),
        ("streams-detail", error.detail[:2000].encode("utf-8", "replace")),
        ("streams-where", where),
        ("streams-source", source.encode()),
        ("streams-origin", origin.encode()),
        ("streams-key", key),
        ("streams-arrival", str(arrival).encode()),
    )
    if retry_of:
        headers += (("streams-retry-of", retry_of.encode("utf-8", "replace")),)
    return Outgoing(DEAD_LETTER, origin.encode() + (b"#" + where if where else b""), payload, headers)


def dead_letter_fields(payload: bytes | None, headers: Iterable[tuple[str, bytes]]) -> dict[str, Any]:
    """Return a dead letter as JSON fields; the payload as text, or as base 64 where it is no UTF-8."""
    fields: dict[str, Any] = {
        name.removeprefix("streams-").replace("-", "_"): value.decode("utf-8", "replace")
        for name, value in headers
        if name.startswith("streams-")
    }
    try:
        fields["payload"] = (payload or b"").decode()
    except UnicodeDecodeError:
        fields["payload_base64"] = b64encode(payload or b"").decode()
    return fields


def state_message(key: bytes, state: bytes | None, revision: int = 0, merged_into: bytes = b"") -> Outgoing:
    """Make the message of a cluster's latest state for `dedup.clusters`; a tombstone where the cluster is no more.

    A tombstone names in its headers the `revision` of the event that ended the cluster, and after a merge the cluster
    that it redirects to, `merged-into` (its key is `merged_into`); each is left out where it is not known.
    """
    headers: Headers = ()
    if state is None:
        headers += ((REVISION_HEADER, str(revision).encode()),) if revision else ()
        headers += ((MERGED_INTO_HEADER, cluster_id(merged_into).encode()),) if merged_into else ()
    return Outgoing(CLUSTERS, cluster_id(key).encode(), state, headers)
