from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from streams.subscriptions.frames import KEEP_ALIVE, RETRY, Gap, event_frame, gap_frame, position_frame
from tests.subscriptions.client import Client


@given(st.lists(st.text("ab\n\r: \u2028é", max_size=9), max_size=5))
def test_a_client_reads_what_was_written_at_whatever_byte_it_is_cut(texts: list[str]) -> None:
    stream = RETRY + b"".join(
        event_frame(b"0:%d" % number, b"cluster.created", text.encode()) + KEEP_ALIVE
        for number, text in enumerate(texts)
    )
    whole, bytewise = Client(), Client()
    whole.feed(stream)
    for byte in stream:
        bytewise.feed(bytes([byte]))
    assert whole.received == bytewise.received
    expected = [text.replace("\r\n", "\n").replace("\r", "\n") for text in texts]
    # A line break at the end is not part of the lines.
    assert [data for _, _, data in whole.received] == [text.removesuffix("\n") for text in expected]
    if texts:
        assert whole.last_event_id == f"0:{len(texts) - 1}"


def test_a_gap_names_what_is_missing() -> None:
    client = Client()
    client.feed(gap_frame(b"0:9,1:4", [Gap(0, 3, 9), Gap(1, 80, 0, "unknown_position")]))
    ((identity, name, data),) = client.received
    assert (identity, name) == ("0:9,1:4", "gap")
    assert json.loads(data) == {
        "missing": [
            {"partition": 0, "from": 3, "to": 9, "reason": "retention"},
            {"partition": 1, "from": 80, "to": 0, "reason": "unknown_position"},
        ]
    }


def test_a_position_moves_the_id_of_a_client_and_is_an_event_without_content() -> None:
    client = Client()
    client.feed(position_frame(b"0:7"))
    assert client.received == [("0:7", "position", "{}")]
    assert client.last_event_id == "0:7"
