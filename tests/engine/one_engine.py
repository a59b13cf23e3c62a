"""One engine, what it published and what it was sent."""

from __future__ import annotations

from typing import Any

import orjson

from streams import events
from streams.engine.engine import Engine
from streams.engine.messages import Incoming
from streams.engine.prepare import CORRECTIONS
from streams.events import Outgoing
from streams.settings import Settings
from streams.state.connection import Connection
from tests.engine.worlds import (
    CONTENTS,
    check,
    correction,
    handle,
    message,
    stored_partition,
)

LINKED, ERRATUM, OTHER_WORK = CONTENTS[0], CONTENTS[5], CONTENTS[6]


class Bench:
    """An engine, what it published and what it was sent."""

    def __init__(self, given: Settings, connection: Connection) -> None:
        self.engine = Engine(given, connection)
        self.published: list[Outgoing] = []
        self.sent: list[Incoming] = []

    def send(self, record: str, content: dict[str, Any] | None, *, taken: int | None = None) -> list[dict[str, Any]]:
        """Handle one message; returns its events."""
        item = message(record, content, 1000 + len(self.sent) if taken is None else taken, len(self.sent))
        self.sent.append(item)
        return self.handle([item])

    def correct(self, identifier: str, action: str, a: str, b: str = "") -> list[dict[str, Any]]:
        """Handle one correction; returns its events."""
        offset = sum(item.source == CORRECTIONS for item in self.sent)
        self.sent.append(correction(identifier, action, a, b, offset=offset))
        return self.handle([self.sent[-1]])

    def letters(self) -> list[dict[str, Any]]:
        found = [out for out in self.published if out.topic == events.DEAD_LETTER]
        return [events.dead_letter_fields(out.value, out.headers) for out in found]

    def handle(self, items: list[Incoming]) -> list[dict[str, Any]]:
        before = len(self.published)
        handle(self.engine, items, self.published.extend)
        return [orjson.loads(out.value or b"") for out in self.published[before:] if out.topic == events.EVENTS]

    def check(self) -> None:
        check(self.engine, self.published, self.sent)

    def clusters(self) -> set[frozenset[str]]:
        return {frozenset(members) for members in stored_partition(self.engine).values()}


def kinds(found: list[dict[str, Any]]) -> list[str]:
    return [event["type"] for event in found]
