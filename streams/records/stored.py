"""The stored form of a record for comparison, and the short id under which it is stored."""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from typing import Self

import msgspec

from streams.records.version import RecordVersion

__all__ = ["ID_BYTES", "Stored", "id_of"]

ID_BYTES = 8


def id_of(record_id: str) -> bytes:
    """Return the 8-byte id of a record: among 10 million records, two have the same with probability 3e-6."""
    return blake2b(record_id.encode("utf-8", "surrogatepass"), digest_size=ID_BYTES).digest()


class Stored(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A stored record: the bytes of its record version and its encoded features (`b""` where it was deleted).

    The version is read where it is needed: of most records nothing but these bytes is.
    """

    header: bytes
    features: bytes

    @classmethod
    def of(cls, version: RecordVersion, features: bytes) -> Self:
        """Return a record to store."""
        return cls(version.pack(), features)

    @classmethod
    def read(cls, value: bytes) -> Self:
        """Return the record of a value in Redis."""
        features = RecordVersion.read(value)[1]
        return cls(value[: len(value) - len(features)], features)

    @property
    def version(self) -> RecordVersion:
        """Return the record version."""
        return _version(self.header)


@lru_cache(maxsize=4096)
def _version(header: bytes) -> RecordVersion:
    """Return the version in a header; a plan asks for those of its records several times."""
    return RecordVersion.read(header)[0]
