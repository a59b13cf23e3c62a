"""Server-Sent Events are parsed as the standard says, wherever the bytes are cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import streams.client.sse as module
from streams.client.sse import SseMessage, SseParser

STREAM = (
    '\ufeff: hello\n\nretry: 2000\nid: 0:1\nevent: cluster.created\ndata: {"a":\ndata: "ü"}\n\n: keep-alive\n\n'
    "event: position\nid: 0:2\n\ndata:x\r\n\r\ndata\rid\r\rid: nul\0\ndata: y\nunknown: z\nretry: soon\n\n"
).encode()
MESSAGES = [
    SseMessage("cluster.created", '{"a":\n"ü"}', "0:1"),
    SseMessage("position", "", "0:2"),
    SseMessage("message", "x", "0:2"),
    SseMessage("message", "", ""),
    SseMessage("message", "y", ""),
]


def test_a_stream_at_once() -> None:
    parser = SseParser()
    assert parser.feed(STREAM) == MESSAGES
    assert parser.retry_ms == 2000


@given(st.lists(st.integers(0, len(STREAM)), max_size=12))
def test_a_stream_in_any_parts(cuts: list[int]) -> None:
    parser, found, start = SseParser(), [], 0
    for cut in [*sorted(cuts), len(STREAM)]:
        found += parser.feed(STREAM[start:cut])
        start = cut
    assert found == MESSAGES


def test_a_message_that_is_cut_is_left_out_with_its_id() -> None:
    parser = SseParser("0:5")
    assert parser.feed(b"id: 0:6\nevent: cluster.created\ndata: {}\n") == []
    assert SseParser("0:5").feed(b"data: {}\n\n") == [SseMessage("message", "{}", "0:5")]


def test_keep_alives_alone_are_no_messages() -> None:
    assert SseParser("0:5").feed(b": keep-alive\n\n\n\nevent: position\nid: 0:5\n\n") == []


def test_a_long_line_in_many_parts() -> None:
    parser = SseParser()
    part = b"x" * 65_536
    assert parser.feed(b"data: ") == []
    assert all(parser.feed(part) == [] for _ in range(256))
    (message,) = parser.feed(b"\n\n")
    assert len(message.data) == 256 * 65_536


def test_a_line_without_end_is_refused() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "MAX_LINE_BYTES", 100)
        parser = SseParser()
        assert all(parser.feed(b"data: xxx") == [] for _ in range(11))
        with pytest.raises(ValueError, match="more than 100 bytes"):
            parser.feed(b"data: xxx")
