"""Train the compression dictionaries of `streams/state/` on generated records.

    python bench/train_dictionaries.py

The records are our own generator's, so nobody's data is in the dictionaries. Training them anew makes
state written before unreadable: raise the dictionary version in `streams/state/codec.py` with it.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
import zstandard

from streams.matching.features import extract
from streams.records.record import Record
from streams.sources import parse
from streams.synthetic.generator import generate

FOLDER = Path(__file__).parent.parent / "streams" / "index"
BYTES = 32 * 1024


def main() -> None:
    """Write both dictionaries and print what they save."""
    records = [
        record
        for made in generate(20261123, 6000)
        if made.event != "delete"
        for record in parse("document", made.value, made.key)
        if isinstance(record, Record)
    ]
    encode = msgspec.msgpack.encode
    samples: dict[str, list[bytes | bytearray | memoryview]] = {
        "features": [encode(extract(record)) for record in records],
        "document": [encode(msgspec.structs.replace(record, abstract=record.abstract[:200])) for record in records],
    }
    for name, blobs in samples.items():
        half = len(blobs) // 2
        data = zstandard.train_dictionary(BYTES, blobs[:half], level=3)
        (FOLDER / f"{name}.zdict").write_bytes(data.as_bytes())
        compressor = zstandard.ZstdCompressor(dict_data=data, level=3)
        plain = sum(map(len, blobs[half:]))
        small = sum(len(compressor.compress(blob)) for blob in blobs[half:])
        print(f"{name}: {plain / (len(blobs) - half):.0f} -> {small / (len(blobs) - half):.0f} bytes a record")


if __name__ == "__main__":
    main()
