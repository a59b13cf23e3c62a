from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.errors import StateError
from streams.matching.features import Features, extract
from streams.records.record import Author, Identifier, Record
from streams.sources import parse
from streams.state.codec import Codec
from streams.synthetic import generate

text = st.text(max_size=40)
records = st.builds(
    Record,
    source=text,
    source_id=text,
    title=text,
    authors=st.lists(st.builds(Author, name=text, family=text), max_size=3).map(tuple),
    date=st.sampled_from(["", "2020", "2020-01-02"]),
    identifiers=st.lists(st.builds(Identifier, scheme=text, value=text), max_size=3).map(tuple),
    abstract=text,
    version=st.integers(0, 100),
)


@given(record=records)
@settings(deadline=None)
def test_a_record_is_read_as_it_was_written_and_equal_ones_are_equal_bytes(record: Record) -> None:
    codec = Codec(Record, "document")
    blob = codec.encode(record)
    assert codec.decode(blob) == record
    assert Codec(Record, "document").encode(msgspec.structs.replace(record)) == blob


def test_features_of_generated_records_are_small_and_read_back() -> None:
    codec = Codec(Features, "features")
    sizes = []
    for item in generate(8, 200):
        (record,) = parse("document", item.value or None, item.key)
        if isinstance(record, Record):
            features = extract(record)
            blob = codec.encode(features)
            assert codec.decode(blob) == features
            sizes.append(len(blob))
    assert sum(sizes) / len(sizes) < 160, "the index table of layout.py promises about 110 bytes"


@pytest.mark.parametrize("blob", [b"", b"\x02abc", b"\x01", b"\x01not compressed", b"\x01\x28\xb5\x2f\xfd\0\0\0"])
def test_bytes_of_somebody_else_are_refused(blob: bytes) -> None:
    with pytest.raises(StateError):
        Codec(Record, "document").decode(blob)


def test_bytes_of_another_type_are_refused() -> None:
    blob = Codec(list, "document").encode([1, 2, 3])
    with pytest.raises(StateError):
        Codec(Record, "document").decode(blob)
