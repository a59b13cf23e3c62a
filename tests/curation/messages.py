"""Messages of the three topics as a consumer yields them, without a broker."""

from __future__ import annotations

from typing import Any, NamedTuple

import orjson

from streams.curation.corrections import make_correction
from streams.errors import PayloadError
from streams.events import CORRECTIONS, DEAD_LETTER, REVIEWS, dead_letter


class Message(NamedTuple):
    """What of aiokafka's ConsumerRecord the folds read."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()


class Topics:
    """Writes messages, each with the next offset of its partition and a later time."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    def review(self, a: str, b: str, score: float = 0.5, *reasons: str, partition: int = 0) -> Message:
        value = {"a": a, "b": b, "decision": "review", "score": score, "reasons": reasons, "ruleset": "r"}
        return self.add(REVIEWS, partition, f"{a}|{b}".encode(), orjson.dumps(value))

    def correct(self, identifier: str, action: str, **about: str) -> Message:
        made = make_correction(action, "ada", identifier=identifier, **about)
        return self.add(
            CORRECTIONS,
            0,
            b"",
            orjson.dumps({"id": made.id, "action": action, "author": "ada", "time": made.time, **about}),
        )

    def letter(
        self, origin: str, code: str, source: str = "document", where: str = "", partition: int = 0, **more: Any
    ) -> Message:
        made = dead_letter(PayloadError(code, "it is wrong", where), b"payload", origin, source, b"key", **more)
        return self.add(DEAD_LETTER, partition, made.key, made.value, made.headers)

    def tombstone(self, name: str, partition: int = 0) -> Message:
        return self.add(DEAD_LETTER, partition, name.encode(), None)

    def add(
        self, topic: str, partition: int, key: bytes, value: bytes | None, headers: tuple[tuple[str, bytes], ...] = ()
    ) -> Message:
        offset = sum(m.topic == topic and m.partition == partition for m in self.messages)
        time = 1_000 + len(self.messages)
        self.messages.append(Message(topic, partition, offset, time, key, value, headers))
        return self.messages[-1]
