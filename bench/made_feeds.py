"""The made-up feeds that the benchmarks of the API index: one that grows as real ones do, and one with crowds of like titles."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import NamedTuple

import orjson

from streams.synthetic.generator import generate
from streams.synthetic.growing import growing_documents, works

__all__ = ["FEEDS", "Message"]

_SEED = 1
_PREFIX = "10.5555/made."  # 10.5555 is kept for examples


class Message(NamedTuple):
    """A message of a feed: `source` and `key` as in its topic, `value` the document as JSON."""

    source: str
    key: bytes
    value: bytes


def growing(records: int) -> list[Message]:
    """Return documents of `streams.synthetic.growing`, each second work with a DOI.

    They compare about as many pairs a record as real feeds of one field do (docs/performance.md, "How work grows with a feed").
    """
    messages = []
    for document, work in zip(growing_documents(_SEED, records), works(_SEED, records), strict=True):
        if work % 2:
            document["doi"] = f"{_PREFIX}{work}"
        key = f"{document['source']}:{document['id']}".encode()
        messages.append(Message("document", key, orjson.dumps(document)))
    return messages


def crowded(records: int) -> list[Message]:
    """Return messages of `streams.synthetic.generator` without its deletes: collaborations have hundreds of like titles there."""
    return list(islice(_crowded(records), records))


def _crowded(records: int) -> Iterator[Message]:
    return (Message(m.source, m.key, m.value) for m in generate(_SEED, records // 2 + 1000) if m.value)


FEEDS: Mapping[str, Callable[[int], list[Message]]] = {"growing": growing, "crowded": crowded}
