"""Pack the state of a cluster into 28 bytes, so that millions can be compared in memory.

A packed state is the revision (4 bytes) and the digests (8 bytes each) of its record ids, its relations and its document. The
values behind the digests are kept for those clusters only whose differences are shown.
"""

from __future__ import annotations

import struct
from collections.abc import Collection, Mapping, Sequence
from hashlib import blake2b
from typing import NamedTuple

import msgspec
import orjson

from streams.events.published import PublishedState, is_truncated

__all__ = [
    "DIGEST_BYTES",
    "ENDED",
    "STATE_BYTES",
    "Values",
    "differing",
    "ended",
    "is_live",
    "pack",
    "packed_state",
    "revision_of",
]

Json = bytes | msgspec.Raw
DIGEST_BYTES = 8
_FIELDS = ("revision", "records", "relations", "document")
_STATE = struct.Struct(">I8s8s8s")
STATE_BYTES = _STATE.size
_NOTHING, _CUT = b"\0" * DIGEST_BYTES, b"\xff" * DIGEST_BYTES
_MOST_VALUES = 1000
_MOST_CHARACTERS = 160


class _State(NamedTuple):
    """An unpacked state; `revision` 0: not known. `records` is all zero where the cluster has ended."""

    revision: int
    records: bytes
    relations: bytes
    document: bytes


def ended(revision: int = 0) -> bytes:
    """Return the packed state of a cluster that has ended; `revision` 0: not known."""
    return _STATE.pack(revision, _NOTHING, _NOTHING, _NOTHING)


ENDED = ended()


def _unpack(state: bytes) -> _State:
    """Return the fields of a packed state, the reverse of `pack`."""
    return _State(*_STATE.unpack(state))


def revision_of(state: bytes) -> int:
    """Return the revision of a packed state, 0 where it is not known."""
    return int.from_bytes(state[:4], "big")


def is_live(state: bytes | None) -> bool:
    """Tell whether a packed state is that of a current cluster, not of an ended one or none."""
    return state is not None and state[4:12] != _NOTHING


def pack(values: Values, cluster: str, revision: int, records: Sequence[str], relations: Json, document: Json) -> bytes:
    """Pack a state; `relations` and `document` are JSON as published.

    The digest of a document that was truncated to fit the broker's limit equals any other: the whole one is in Redis.
    """
    if not records:
        return ended(revision)
    text = bytes(document)
    cut: Collection[str] = orjson.loads(text).get("truncated", ()) if is_truncated(text) else ()
    return _STATE.pack(
        revision,
        values.records(cluster, records),
        _CUT if "relations" in cut else values.digest(cluster, bytes(relations)),
        _CUT if cut else values.digest(cluster, text),
    )


def packed_state(values: Values, state: PublishedState) -> bytes:
    """Pack the published state of a cluster."""
    return pack(values, state.cluster_id, state.revision, state.records, state.relations, state.document)


def differing(a: bytes | None, b: bytes | None) -> tuple[str, ...]:
    """Return the fields in which two packed states differ; `standing` where the cluster is current in only one of them."""
    if a == b:
        return ()
    if is_live(a) != is_live(b):
        return ("standing",)
    if a is None or b is None:
        return ()
    one, other = _unpack(a), _unpack(b)
    fields = [] if one.revision == other.revision or 0 in (one.revision, other.revision) else ["revision"]
    for name in _FIELDS[1:]:
        mine, theirs = getattr(one, name), getattr(other, name)
        if mine != theirs and _CUT not in (mine, theirs):
            fields.append(name)
    return tuple(fields)


class Values:
    """Compute digests, and keep the values behind them for clusters whose differences are shown."""

    def __init__(self, shown: Collection[str] = ()) -> None:
        """Keep values for the cluster ids in `shown`, the first 1,000 of them."""
        self._shown = frozenset(sorted(shown)[:_MOST_VALUES])
        self._known: dict[bytes, bytes] = {_NOTHING: b"", _CUT: b"(cut)"}

    def records(self, cluster: str, records: Sequence[str]) -> bytes:
        """Return the digest of a list of record ids; all zero for an empty one."""
        return self.digest(cluster, "\n".join(records).encode("utf-8", "surrogatepass"))

    def digest(self, cluster: str, value: bytes) -> bytes:
        """Return the digest of a value; all zero for an empty one."""
        if not value:
            return _NOTHING
        digest = blake2b(value, digest_size=DIGEST_BYTES).digest()
        if cluster in self._shown:
            self._known[digest] = value
        return digest

    def texts(self, field: str, states: Sequence[bytes | None]) -> tuple[str, ...]:
        """Return the value of a field in each packed state as short text; of documents the fields that differ, if known."""
        if field == "standing":
            return tuple("there" if is_live(state) else "gone" for state in states)
        live = [_unpack(state) if state is not None and is_live(state) else None for state in states]
        if field == "revision":
            found = [revision_of(state) if state is not None else 0 for state in states]
            return tuple(str(revision) if revision else "" for revision in found)
        digests = [getattr(state, field) if state else _NOTHING for state in live]
        values = [self._known.get(digest) for digest in digests]
        if any(value is None for value in values):
            return tuple("" if digest == _NOTHING else digest.hex() for digest in digests)
        texts = [value or b"" for value in values]
        if field == "document":
            texts = _parts(texts)
        return tuple(_short(text.decode("utf-8", "replace").replace("\n", ", ")) for text in texts)


def _parts(documents: Sequence[bytes]) -> list[bytes]:
    """Return of each document the JSON of those fields that are not the same in all."""
    try:
        read: list[Mapping[str, object] | None] = [
            orjson.loads(each) if each[:1] == b"{" else None for each in documents
        ]
    except orjson.JSONDecodeError:
        return list(documents)
    known = [each for each in read if each is not None]
    names = {name for each in known for name in each if any(other.get(name) != each[name] for other in known)}
    return [
        text if each is None else msgspec.json.encode({name: each[name] for name in sorted(names) if name in each})
        for text, each in zip(documents, read, strict=True)
    ]


def _short(text: str) -> str:
    return text if len(text) <= _MOST_CHARACTERS else text[: _MOST_CHARACTERS - 1] + "…"
