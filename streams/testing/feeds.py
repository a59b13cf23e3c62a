"""Made-up records with known truth, for tests of programs that use Streams."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from streams.records.record import Delete, Record
from streams.sources import parse
from streams.synthetic.generator import generate

__all__ = ["FeedItem", "generated_feed"]


class FeedItem(NamedTuple):
    """One payload of a generated feed: the record, or its deletion, and the work that it truly describes.

    `document` is the payload in the `document` form. `event` is `new`, `update`, `resend` or `delete`.
    """

    record: Record | Delete
    document: dict[str, Any]
    work: str
    event: str


def generated_feed(works: int, seed: int = 1, *, noise: float = 1.0) -> Iterator[FeedItem]:
    """Yield about 2.9 payloads for each of `works` made-up works, with the errors that real feeds have.

    The same `seed` gives the same feed. `noise` scales the errors: 0 is none, 1 what real feeds show. The payloads of one
    record come in their true order, those of different works are mixed.
    """
    for message in generate(seed, works, noise=noise):
        for item in parse("document", message.value, message.key):
            if isinstance(item, (Record, Delete)):
                yield FeedItem(item, dict(message.document), message.work, message.event)
