"""The feed that `streams demo` plays: records of nine sources about a hundred well-known papers.

Titles, authors, dates, arXiv ids and DOIs are facts about real papers; ids that sources give to records of their own
(corpus ids, OpenAlex and CORE numbers, fatcat idents) are made up and lie outside the real ranges, as are all records
with a DOI under 10.5555. Those under 10.5555/demo.doubt are each one half of a doubtful pair; the other half has the same number
at its end, and is made up too. The one-sentence abstracts are written for the demo. Among them are updates, deletes and broken
payloads.
`gold.jsonl` beside this module says which records are of one work; a work printed twice by its authors counts as one.
"""

from __future__ import annotations

from importlib.resources import files

from streams.records.record import Delete, Record
from streams.sources import parse

__all__ = ["feed"]


def feed() -> list[tuple[str, bytes, bytes]]:
    """Yield the messages of the demo in the order they are sent: (source, message key, payload).

    Sources are mixed evenly while each keeps its own order. The key is the id of the record, empty where the payload
    holds several records or none that can be read. Deletes by tombstone (an empty payload) come last.
    """
    placed: list[tuple[float, str, bytes]] = []
    deletes: list[tuple[str, bytes, bytes]] = []
    for file in sorted(files("streams.demo").joinpath("feed").iterdir(), key=lambda file: file.name):
        source, content = file.name.partition(".")[0], file.read_bytes()
        if source == "deletes":
            deletes += [
                (name, key.encode(), b"") for name, key in (line.split() for line in content.decode().splitlines())
            ]
            continue
        payloads = content.splitlines() if file.name.endswith(".jsonl") else [content]
        placed += [((place + 0.5) / len(payloads), source, payload) for place, payload in enumerate(payloads)]
    placed.sort(key=lambda item: item[:2])
    return [(source, _key(source, payload), payload) for _, source, payload in placed] + deletes


def _key(source: str, payload: bytes) -> bytes:
    items = parse(source, payload, b"")
    only = items[0] if len(items) == 1 else None
    return only.source_id.encode() if isinstance(only, Record | Delete) else b""
