"""What the page of a payload shows: its text, indented where it is JSON. Pure."""

from __future__ import annotations

import msgspec
import orjson

from streams.query.payloads import Payload

__all__ = ["PayloadView", "payload_view"]

_MOST = 120_000
"""Characters of a payload that a page shows."""


class PayloadView(msgspec.Struct, frozen=True, kw_only=True):
    """A payload and where its message is; `size` is in bytes, `shown` in characters of `text` where it is not all of it."""

    topic: str
    partition: int
    offset: int
    time: float
    records: int
    size: int
    shown: int
    text: str
    is_binary: bool


def payload_view(found: Payload) -> PayloadView:
    """Return what the page shows of a payload."""
    text, is_binary = _text(found.value)
    return PayloadView(
        topic=found.topic,
        partition=found.partition,
        offset=found.offset,
        time=found.time / 1000,
        records=found.records,
        size=len(found.value),
        shown=_MOST if len(text) > _MOST else len(found.value),
        text=text[:_MOST],
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
