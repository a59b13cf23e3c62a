from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streams.serve.page.events import frame
from tests.subscriptions.client import Client


@given(st.text(st.sampled_from("ab<\n\r :é")), st.sampled_from(["", "point"]))
def test_whatever_is_in_the_data_a_frame_is_one_message(data: str, event: str) -> None:
    client = Client()
    client.feed(frame(data, event))
    ((_, name, received),) = client.received
    assert name == (event or "message")
    assert received == data.replace("\r\n", "\n").replace("\r", "\n")
