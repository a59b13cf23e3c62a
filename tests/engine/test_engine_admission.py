"""The items of messages are sorted into records, corrections and dead letters, each counted."""

from __future__ import annotations

from streams import events
from streams.engine.engine import admit
from streams.engine.messages import Incoming
from streams.engine.prepare import Intake
from streams.settings import Settings
from tests.engine.worlds import CONTENTS, correction, message


def test_every_item_goes_one_way_and_is_counted() -> None:
    broken = Incoming("document", b"s:x", b"{", 5, "records.document", 0, 7)
    sent = [
        message("s:a", CONTENTS[0], 1),
        message("s:b", None, 2),
        broken,
        correction("k", "same", "s:a", "t:b", offset=0),
    ]
    admitted = admit(sent, Intake(Settings(buckets=16)).prepare([each.raw for each in sent]))
    assert [record.name for record in admitted.records] == ["s:a", "s:b"]
    assert [(each.origin, asked.id) for each, asked in admitted.corrections] == [(sent[3].origin, "k")]
    (letter,) = admitted.letters
    assert (letter.topic, letter.key) == (events.DEAD_LETTER, broken.origin.encode())
    assert admitted.statistics.parsed == {"s": 2}
    assert admitted.statistics.rejected == {("document", "not_json"): 1}
