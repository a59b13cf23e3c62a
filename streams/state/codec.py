"""Values to bytes and back: MessagePack, then Zstandard with a dictionary made for records.

A record is too short to compress alone; a shared dictionary, trained on generated records by
`bench/train_dictionaries.py`, gives it a past to refer to. Each blob begins with one byte that names
the dictionary, so a later dictionary can be read beside this one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Generic, TypeVar

import msgspec
import zstandard

from streams.errors import StateError

__all__ = ["Codec"]

T = TypeVar("T")

_LEVEL = 3
_DICTIONARY_VERSION = 1


class Codec(Generic[T]):
    """Encodes values of one type. Not safe for use from two threads at once."""

    def __init__(self, type_: type[T], dictionary: str) -> None:
        """Read the dictionary, a file beside this module that was trained for values of `type_`."""
        path = Path(__file__).parent / f"{dictionary}.zdict"
        data = zstandard.ZstdCompressionDict(path.read_bytes())
        data.precompute_compress(_LEVEL)
        parameters = zstandard.ZstdCompressionParameters.from_level(
            _LEVEL, write_content_size=True, write_checksum=False, write_dict_id=False
        )
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder = msgspec.msgpack.Decoder(type_)
        self._compressor = zstandard.ZstdCompressor(dict_data=data, compression_params=parameters)
        self._decompressor = zstandard.ZstdDecompressor(dict_data=data)
        self._prefix = bytes([_DICTIONARY_VERSION])

    def encode(self, value: T) -> bytes:
        """Return the bytes of a value; equal values give equal bytes."""
        return self._prefix + self._compressor.compress(self._encoder.encode(value))

    def decode(self, blob: bytes) -> T:
        """Return the value of bytes. Raises StateError when they were not written by this codec."""
        if blob[:1] != self._prefix:
            raise StateError(f"a value in Redis was written with dictionary {blob[:1]!r}, this version knows 1 only")
        try:
            return self._decoder.decode(self._decompressor.decompress(blob[1:]))
        except (zstandard.ZstdError, msgspec.MsgspecError) as error:
            raise StateError(f"a value in Redis cannot be read: {error}") from error
