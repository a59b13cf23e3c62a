"""What the page of a payload shows: its text, indented where it is JSON. Pure."""

from __future__ import annotations

import msgspec
import orjson

from streams.query.payloads import Payload
from streams.serve.page.views.page_bytes import MOST_PAYLOAD_BYTES, beginning

__all__ = ["PayloadView", "payload_view"]


class PayloadView(msgspec.Struct, frozen=True, kw_only=True):
    """A payload and where its message is; `size` is in bytes; `left_out` are the characters of its text after `text`."""

    topic: str
    partition: int
    offset: int
    time: float
    records: int
    size: int
    left_out: int
    text: str
    is_binary: bool


def payload_view(found: Payload) -> PayloadView:
    """Return what the page shows of a payload."""
    text, is_binary = _text(found.value)
    shown = beginning(text, MOST_PAYLOAD_BYTES)
    return PayloadView(
        topic=found.topic,
        partition=found.partition,
        offset=found.offset,
        time=found.time / 1000,
        records=found.records,
        size=len(found.value),
        left_out=len(text) - len(shown),
        text=shown,
        is_binary=is_binary,
    )


def _text(value: bytes) -> tuple[str, bool]:
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return value.decode("utf-8", "replace"), True
    try:
        return orjson.dumps(orjson.loads(value), option=orjson.OPT_INDENT_2).decode(), False
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return text, False
