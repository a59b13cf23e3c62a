"""The stored form of a record for comparison, and the short id under which it is stored."""

from __future__ import annotations

from hashlib import blake2b
from typing import NamedTuple

from streams.records.version import RecordVersion

__all__ = ["ID_BYTES", "Stored", "id_of"]

ID_BYTES = 8


def id_of(record_id: str) -> bytes:
    """Return the 8-byte id of a record: among 10 million records, two have the same with probability 3e-6."""
    return blake2b(record_id.encode("utf-8", "surrogatepass"), digest_size=ID_BYTES).digest()


class Stored(NamedTuple):
    """A stored record: its record version and its encoded features (`b""` where it was deleted)."""

    version: RecordVersion
    features: bytes
