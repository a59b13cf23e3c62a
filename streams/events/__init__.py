"""What Streams publishes: the messages of every topic, and the changes of clusters described as events."""

from streams.events.describe import describe, describe_birth, fingerprint, states
from streams.events.messages import (
    CLUSTERS,
    CORRECTIONS,
    DEAD_LETTER,
    DECISIONS,
    EVENTS,
    REVIEWS,
    Evidence,
    Outgoing,
    dead_letter,
    decision_message,
    letter_fields,
    review_message,
    state_message,
)

__all__ = [
    "CLUSTERS",
    "CORRECTIONS",
    "DEAD_LETTER",
    "DECISIONS",
    "EVENTS",
    "REVIEWS",
    "Evidence",
    "Outgoing",
    "dead_letter",
    "decision_message",
    "describe",
    "describe_birth",
    "fingerprint",
    "letter_fields",
    "review_message",
    "state_message",
    "states",
]
