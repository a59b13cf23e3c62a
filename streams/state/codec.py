"""Values to bytes and back: MessagePack, then Zstandard with a dictionary made for records.

A record is too short to compress alone; a shared dictionary gives it a past to refer to. The first byte of a value names its form:

| first byte | then                                                                                       |
|------------|--------------------------------------------------------------------------------------------|
| 1          | a Zstandard frame (RFC 8878) with the first dictionary: the value as msgspec encodes it    |
| 2          | the only block, compressed, of a frame with the second dictionary, without headers; of a   |
|            | content of less than 1,024 bytes                                                           |
| 3          | the content size, 1,024 to 65,791 bytes: 2 bytes, less 256, little-endian; the same block  |
| 4          | a whole frame with the second dictionary, where that is not one compressed block           |

In forms 2 to 4 the value is an array of its fields in the order of its `Shape`, without the empty ones at its end. State of
format 1 (`state/formats.py`) is written in form 1, later state in the others; all are read. The first dictionaries are
`features.zdict` and `document.zdict`, the second `features-2.zdict` and `document-2.zdict`, which `bench/train_dictionaries.py`
trains. A value cannot be read without its own, so another one needs another first byte.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from operator import attrgetter
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar, cast

import msgspec
import zstandard

from streams.errors import StateError
from streams.state.formats import FIRST, LATEST

__all__ = ["Arrays", "Codec", "Shape"]

T = TypeVar("T", bound=msgspec.Struct)

_LEVEL = 3
_FRAME, _SMALL, _LARGE, _WHOLE = b"\x01", b"\x02", b"\x03", b"\x04"
_MAGIC = b"\x28\xb5\x2f\xfd"
_BEGIN = len(_MAGIC) + 1
_SIZES = {_MAGIC + b"\x20": 1, _MAGIC + b"\x60": 2}
"""How a frame begins whose header is of the content size alone (one segment, no checksum, no id), and the bytes of that size."""
_SIZED, _NOT_SIZED = _MAGIC + b"\x60", _MAGIC + b"\x00\x38"
"""How a frame begins that has a content size of two bytes, and one that has none, with a window of 128 kB."""
_MOST_NOT_SIZED = 1023
_SIZE_OFFSET = 256
_BLOCK_HEADER = 3
_LAST_COMPRESSED = 0b101
"""The three low bits of a block header: the last block, compressed. Its size follows."""


class Shape(NamedTuple):
    """The array that stands for a value of a type: its fields in order, and where a field has a shorter form, both ways.

    Fields that are seldom set come last, and new ones are added at the end: the array is read by position. A type that is an array
    in the same order has empty defaults.
    """

    fields: tuple[str, ...]
    short: tuple[str, type, Callable[[Any], Any], Callable[[Any], Any]] | None = None


class Codec(Generic[T]):
    """Encodes values of one type. Not safe for use from two threads at once."""

    def __init__(self, type_: type[T], dictionary: str, shape: Shape, form: int = LATEST) -> None:
        """Read the dictionaries, files beside this module that were trained for values of `type_`; write the format `form`."""
        self._frames = _Frames(type_, dictionary)
        self._blocks = _Blocks(type_, f"{dictionary}-2", shape)
        self.encode: Callable[[T], bytes] = self._frames.encode if form == FIRST else self._blocks.encode
        """Returns the bytes of a value; equal values give equal bytes."""
        self.content: Callable[[T], bytes] = self._frames.encode
        """Returns bytes that stay the same in every format: record versions have digests of them."""

    def decode(self, blob: bytes) -> T:
        """Return the value of bytes. Raises StateError when they were not written by this codec."""
        form = blob[:1]
        try:
            if form == _FRAME:
                return self._frames.decode(blob)
            if form in (_SMALL, _LARGE, _WHOLE):
                return self._blocks.decode(form, blob)
        except (zstandard.ZstdError, msgspec.MsgspecError) as error:
            raise StateError(f"a value in Redis cannot be read: {error}") from error
        raise StateError(f"a value in Redis has form {form!r}, this version knows 1 to 4")


class _Frames(Generic[T]):
    """Form 1."""

    def __init__(self, type_: type[T], dictionary: str) -> None:
        compressor, self._decompressor = _zstandard(dictionary)
        self._compress = compressor.compress
        self._pack = msgspec.msgpack.Encoder().encode
        self._unpack = msgspec.msgpack.Decoder(type_).decode

    def encode(self, value: T) -> bytes:
        return _FRAME + self._compress(self._pack(value))

    def decode(self, blob: bytes) -> T:
        return self._unpack(self._decompressor.decompress(blob[1:]))


class _Blocks(Generic[T]):
    """Forms 2 to 4: arrays of fields, and frames without what every one of them has or what follows from its length."""

    def __init__(self, type_: type[T], dictionary: str, shape: Shape) -> None:
        compressor, self._decompressor = _zstandard(dictionary)
        self._compress = compressor.compress
        self._arrays = Arrays(type_, shape)
        self._pack = self._arrays.pack

    def encode(self, value: T) -> bytes:
        return _without_headers(self._compress(self._pack(value)))

    def decode(self, form: bytes, blob: bytes) -> T:
        return self._arrays.unpack(self._decompressor.decompress(_with_headers(form, blob), _MOST_NOT_SIZED))


class Arrays(Generic[T]):
    """Values as MessagePack arrays of their fields."""

    def __init__(self, type_: type[T], shape: Shape) -> None:
        self._type = type_
        self._fields = shape.fields
        in_order = shape.fields == type_.__struct_fields__
        self._values: Callable[[T], Iterable[Any]] = msgspec.structs.astuple if in_order else attrgetter(*shape.fields)
        self._encode = msgspec.msgpack.Encoder().encode
        self._is_array = type_.__struct_config__.array_like and shape == Shape(type_.__struct_fields__)
        self._decoder = msgspec.msgpack.Decoder(type_ if self._is_array else _array(type_, shape))
        self._short = (shape.fields.index(shape.short[0]), *shape.short[2:]) if shape.short else None

    def pack(self, value: T) -> bytes:
        """Return the array of a value."""
        values = list(self._values(value))
        if self._short is not None:
            at, shorten, _ = self._short
            values[at] = shorten(values[at])
        end = len(values)
        while end and not values[end - 1]:
            end -= 1
        return self._encode(values[:end])

    def unpack(self, packed: bytes) -> T:
        """Return the value of an array. Raises MsgspecError where it is none."""
        decoded: Any = self._decoder.decode(packed)
        if self._is_array:
            return cast(T, decoded)
        values = msgspec.structs.astuple(decoded)
        found = dict(zip(self._fields, values, strict=True))
        if self._short is not None:
            at, _, lengthen = self._short
            found[self._fields[at]] = lengthen(values[at])
        return self._type(**found)


def _array(type_: type[msgspec.Struct], shape: Shape) -> type[msgspec.Struct]:
    """Return the type of a value's array; a field that is left out is empty, whatever its default."""
    types = {field.name: field for field in msgspec.structs.fields(type_)}
    short = {shape.short[0]: shape.short[1]} if shape.short else {}
    fields = [
        (name, short.get(name, types[name].type), "" if types[name].required else type(types[name].default)())
        for name in shape.fields
    ]
    return msgspec.defstruct(f"{type_.__name__}Array", fields, array_like=True, frozen=True, gc=False)


def _zstandard(dictionary: str) -> tuple[zstandard.ZstdCompressor, zstandard.ZstdDecompressor]:
    path = Path(__file__).parent / f"{dictionary}.zdict"
    data = zstandard.ZstdCompressionDict(path.read_bytes())
    data.precompute_compress(_LEVEL)
    parameters = zstandard.ZstdCompressionParameters.from_level(
        _LEVEL, write_content_size=True, write_checksum=False, write_dict_id=False
    )
    return (
        zstandard.ZstdCompressor(dict_data=data, compression_params=parameters),
        zstandard.ZstdDecompressor(dict_data=data),
    )


def _without_headers(frame: bytes) -> bytes:
    size = _SIZES.get(frame[:_BEGIN], 0)
    block = _BEGIN + size
    content = block + _BLOCK_HEADER
    if not size or int.from_bytes(frame[block:content], "little") != (len(frame) - content) << 3 | _LAST_COMPRESSED:
        return _WHOLE + frame
    if size == 1 or int.from_bytes(frame[_BEGIN:block], "little") + _SIZE_OFFSET <= _MOST_NOT_SIZED:
        return _SMALL + frame[content:]
    return _LARGE + frame[_BEGIN:block] + frame[content:]


def _with_headers(form: bytes, blob: bytes) -> bytes:
    if form == _WHOLE:
        return blob[1:]
    begin, block = (_NOT_SIZED, 1) if form == _SMALL else (_SIZED + blob[1:3], 3)
    header = max(len(blob) - block, 0) << 3 | _LAST_COMPRESSED
    return begin + header.to_bytes(_BLOCK_HEADER, "little") + blob[block:]
