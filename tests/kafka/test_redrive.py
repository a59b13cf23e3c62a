"""A payload that is sent again keeps its place in time, and what is not a retry is untouched."""

from __future__ import annotations

from collections.abc import Callable

import orjson
import pytest

from streams import events
from streams.engine.engine import Engine
from streams.engine.messages import Incoming
from streams.events import dead_letter_fields
from streams.kafka.redrive import ARRIVAL, RETRY_OF, retried, retry_headers
from streams.records import version
from streams.settings import Settings
from streams.state.connection import Connection
from tests.engine.worlds import handle as process


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ([], ("", 0)),
        ([(ARRIVAL, b"7")], ("", 0)),
        ([(RETRY_OF, b"t:0:1")], ("t:0:1", 0)),
        (retry_headers("t:0:1", 99), ("t:0:1", 99)),
        (retry_headers("t:0:1", 0), ("t:0:1", 0)),
        ([(RETRY_OF, b"\xff"), (ARRIVAL, b"-5")], ("\ufffd", 0)),
        ([(RETRY_OF, b"t:0:1"), (ARRIVAL, b"9" * 5000)], ("t:0:1", 0)),
        ([(RETRY_OF, b"t:0:1"), (ARRIVAL, "٣".encode())], ("t:0:1", 0)),
    ],
)
def test_the_headers_of_a_retry_are_read_whatever_they_hold(
    headers: list[tuple[str, bytes]], found: tuple[str, int]
) -> None:
    assert retried(headers) == found


def test_what_came_since_is_not_undone_by_a_retry(
    generation: Settings, new_connection: Callable[[], Connection]
) -> None:
    engine = Engine(generation, new_connection())

    def handle(offset: int, value: bytes | None, headers: list[tuple[str, bytes]]) -> None:
        message = Incoming("document", b"m:1", value, 1000 + offset, "r.document", 0, offset, *retried(headers))
        process(engine, [message], published.extend)

    published: list[events.Outgoing] = []

    def title() -> str:
        latest = [orjson.loads(out.value) for out in published if out.topic == events.CLUSTERS and out.value]
        return str(latest[-1]["document"]["title"])

    def document(text: str) -> bytes:
        return orjson.dumps({"source": "m", "id": "1", "title": text})

    # The first was a dead letter: its adapter was at fault. What the source said next was read.
    handle(1, document("What the source said second"), [])
    first = version.arrival(1000, 0)
    handle(2, document("What the source said first"), retry_headers("r.document:0:0", first))
    assert title() == "What the source said second"
    handle(3, document("What the source said third"), retry_headers("r.document:0:9", version.arrival(2000, 9)))
    assert title() == "What the source said third"
    handle(4, b"{", retry_headers("r.document:0:0", first))
    (letter,) = [dead_letter_fields(out.value, out.headers) for out in published if out.topic == events.DEAD_LETTER]
    assert (letter["retry_of"], letter["arrival"]) == ("r.document:0:0", str(first)), (
        "a second retry is as old as the first"
    )
