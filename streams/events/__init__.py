"""Messages that Streams publishes: those of every topic, and the changes of clusters described as events."""

from streams.events.cause import Cause
from streams.events.describe import describe, describe_singletons, fingerprint, state_messages, states
from streams.events.messages import (
    CLUSTERS,
    CONTROL,
    CORRECTIONS,
    DEAD_LETTER,
    DECISIONS,
    EVENTS,
    MERGED_INTO_HEADER,
    REVIEWS,
    REVISION_HEADER,
    Evidence,
    Outgoing,
    dead_letter,
    dead_letter_fields,
    decision_message,
    review_message,
    state_message,
)
from streams.events.singletons import Singleton

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
    "Cause",
    "Evidence",
    "Outgoing",
    "Singleton",
    "dead_letter",
    "dead_letter_fields",
    "decision_message",
    "describe",
    "describe_singletons",
    "fingerprint",
    "review_message",
    "state_message",
    "state_messages",
    "states",
]
