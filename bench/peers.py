"""The peers on the same files, scored the same way: equal title or DOI, and bib-dedupe where it is installed.

Of a feed the pairs a peer finds are closed over transitively; of labelled pairs each is taken alone. bib-dedupe (the extra
`peers`) runs in a process of its own, within a time limit.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import orjson
from scores import Scores, score
from subjects import Subject, pairs_within
from world import Pair

from streams.evaluation.scores import connected_components
from streams.records.record import Record, to_document

NAIVE, BIB_DEDUPE = "same title or DOI", "bib-dedupe"
PEERS = (NAIVE, BIB_DEDUPE)
LIMIT = 300.0
"""Seconds that a peer may take for a set."""
_SCRIPT = Path(__file__).with_name("peer_bib_dedupe.py")


class Peer(NamedTuple):
    """A peer on a set: its scores, or in a few words why there are none."""

    name: str
    peer: str
    scores: Scores | None
    why: str = ""


def naive(subject: Subject) -> Peer:
    """Put records together that have a title of equal letters and digits, or an equal DOI."""
    by_value: dict[str, list[int]] = {}
    for number in range(len(subject.world.names)):
        for value in _title_and_doi(subject.record(number)):
            by_value.setdefault(value, []).append(number)
    links = ((members[0], other) for members in by_value.values() for other in members[1:])
    if subject.is_feed:
        return Peer(subject.name, NAIVE, _score(subject, links))
    alike = (
        pair
        for pair in subject.labels
        if _title_and_doi(subject.record(pair[0])) & _title_and_doi(subject.record(pair[1]))
    )
    return Peer(subject.name, NAIVE, _score(subject, alike))


def _title_and_doi(record: Record) -> set[str]:
    title = "".join(letter for letter in f"{record.title}{record.subtitle}".casefold() if letter.isalnum())
    return {value for value in (title, record.identifier("doi")) if value}


def bib_dedupe(subject: Subject, limit: float = LIMIT) -> Peer:
    """Let bib-dedupe find the pairs of a set."""
    if find_spec("bib_dedupe") is None:
        return Peer(subject.name, BIB_DEDUPE, None, "not installed")
    with tempfile.TemporaryDirectory() as folder:
        given, taken = Path(folder, "records.jsonl"), Path(folder, "pairs.jsonl")
        given.write_bytes(b"\n".join(map(orjson.dumps, _documents(subject))))
        try:
            done = subprocess.run(
                [sys.executable, str(_SCRIPT), str(given), str(taken)], capture_output=True, timeout=limit, check=False
            )
        except subprocess.TimeoutExpired:
            return Peer(subject.name, BIB_DEDUPE, None, f"not done in {limit:.0f} s")
        if done.returncode:
            return Peer(subject.name, BIB_DEDUPE, None, "fails on this set")
        found = [(a, b) for a, b in map(orjson.loads, taken.read_bytes().splitlines())]
    return Peer(subject.name, BIB_DEDUPE, _score(subject, found))


def _documents(subject: Subject) -> Iterator[dict[str, Any]]:
    """Return the records as documents, each with its row."""
    for number in range(len(subject.world.names)):
        yield to_document(subject.record(number)) | {"row": number}


def _score(subject: Subject, links: Iterable[Pair]) -> Scores:
    if subject.is_feed:
        found = pairs_within(connected_components(range(len(subject.world.names)), links))
    else:
        found = {(min(pair), max(pair)) for pair in links} & subject.labels.keys()
    return score(subject, {pair for pair in found if subject.truth(pair) is not None})
