"""Any number of made-up records with known truth, as a stream: the same seed gives the same feed.

    python -m streams.synthetic.generator --works 10000 --seed 1 --out feed.jsonl.gz --gold gold.jsonl.gz

Memory does not grow with the number of works: records leave in mixed order through a bounded window.
"""

from __future__ import annotations

import argparse
import gzip
import heapq
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from random import Random
from typing import IO, Any, cast

import msgspec
import orjson

from streams.records.record import record_id
from streams.synthetic.documents import Document, make_documents, newer
from streams.synthetic.shapes import payload
from streams.synthetic.works import Work, make_family

__all__ = ["Generated", "generate", "gold_rows", "main"]

WINDOW = 2_000  # works whose records are mixed: neighbours in the stream are mostly of other works
_STRIDE = 0x9E3779B97F4A7C15  # spreads (seed, family) over the seeds of Random


class Generated(msgspec.Struct, frozen=True):
    """One message of the feed, with the truth about it.

    `document` is the record as a `document`; a delete carries only the fields that name the record. `payload` is what
    the source sends: with `shapes` its own form, else the document again; a delete is `None`, the tombstone.
    `feed` is the name under which `streams.sources` reads the payload. `work` is the true cluster and `kind` the trap
    the work belongs to (`plain`: none). `event` is `new`, `update`, `resend` or `delete`; `live` says whether the
    record still exists when the feed has ended.
    """

    source: str
    feed: str
    document: Document
    payload: dict[str, Any] | None
    record_id: str
    work: str
    kind: str
    event: str
    live: bool

    @property
    def key(self) -> bytes:
        """The message key: the id at the source, or the record id where the payload is a document."""
        return (self.record_id if self.feed == "document" else self.record_id.partition(":")[2]).encode()

    @property
    def value(self) -> bytes:
        """The message value: the payload as JSON, empty for a tombstone."""
        return b"" if self.payload is None else orjson.dumps(self.payload)


def generate(seed: int, works: int, *, noise: float = 1.0, shapes: bool = False) -> Iterator[Generated]:
    """Yield the records of `works` made-up works in mixed order, events of one record in their true order.

    `noise` scales every error a source makes: 0 is none, 1 what real feeds show, 2 twice as many. `shapes` gives
    payloads in the sources' own forms instead of documents.
    """
    heap: list[tuple[float, int, Generated]] = []
    count = made = 0
    while made < works:
        rng = Random((seed << 64) ^ (made * _STRIDE & 0xFFFFFFFFFFFFFFFF))  # noqa: S311 - not for secrets
        for work in make_family(rng, made)[: works - made]:
            for delay, message in _messages(work, rng, noise, shapes):
                heapq.heappush(heap, (made + delay * WINDOW, count, message))
                count += 1
            made += 1
        while heap and heap[0][0] <= made:
            yield heapq.heappop(heap)[2]
    while heap:
        yield heapq.heappop(heap)[2]


def gold_rows(messages: Iterator[Generated]) -> Iterator[dict[str, str]]:
    """Yield the truth of a feed as gold rows, one for each record that exists when the feed has ended."""
    for message in messages:
        if message.event == "new" and message.live:
            yield {"record": message.record_id, "cluster": message.work}


def _messages(work: Work, rng: Random, noise: float, shapes: bool) -> Iterator[tuple[float, Generated]]:
    random = rng.random
    for document in make_documents(work, rng, noise):
        source = document["source"]
        live = random() >= 0.005 * noise
        delay = random()
        yield delay, _generated(document, work, "new", live, shapes)
        roll = random()
        if roll < 0.04 * noise:
            delay += random()
            yield delay, _generated(document, work, "resend", live, shapes)
        elif roll < (0.25 if source == "arxiv" else 0.07) * noise:
            delay += random()
            yield delay, _generated(newer(document, work, rng), work, "update", live, shapes)
        if not live:
            gone = {"source": source, "id": document["id"], "deleted": True}
            yield delay + random(), _generated(gone, work, "delete", live, shapes)


def _generated(document: Document, work: Work, event: str, live: bool, shapes: bool) -> Generated:
    source = document["source"]
    own_form = shapes and source != "document"
    sent = None if event == "delete" else payload(document) if own_form else document
    return Generated(
        source=source,
        feed=source if own_form else "document",
        document=document,
        payload=sent,
        record_id=record_id(source, document["id"]),
        work=work.id,
        kind=work.kind,
        event=event,
        live=live,
    )


def _open(stack: ExitStack, path: Path) -> IO[bytes]:
    if path.suffix == ".gz":  # no name, no time: the same feed is the same file
        packed = gzip.GzipFile("", "wb", compresslevel=3, fileobj=stack.enter_context(path.open("wb")), mtime=0)
        return cast("IO[bytes]", stack.enter_context(packed))
    return stack.enter_context(path.open("wb"))


def main(arguments: list[str] | None = None) -> None:
    """Write a feed, and its gold clusters, to files; a file whose name ends in `.gz` is compressed."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--works", type=int, default=10_000, help="number of works (about 2.6 records each)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--noise", type=float, default=1.0, help="error rate: 0 none, 1 as real sources")
    parser.add_argument(
        "--shapes", action="store_true", help='write {"source", "key", "payload"} in the sources\' own forms'
    )
    parser.add_argument("--out", type=Path, required=True, help="documents, one a line")
    parser.add_argument("--gold", type=Path, help='truth, {"record", "cluster"} a line')
    chosen = parser.parse_args(arguments)
    with ExitStack() as stack:
        out = _open(stack, chosen.out)
        gold = _open(stack, chosen.gold) if chosen.gold else None
        for message in generate(chosen.seed, chosen.works, noise=chosen.noise, shapes=chosen.shapes):
            line: dict[str, Any] = message.document
            if chosen.shapes:
                line = {"source": message.feed, "key": message.key.decode(), "payload": message.payload}
            out.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
            for row in gold_rows(iter([message])) if gold else ():
                assert gold is not None  # noqa: S101 - for the type checker
                gold.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))


if __name__ == "__main__":
    main()
