from __future__ import annotations

import msgspec

from streams.matching.features import extract
from streams.state.formats import FIRST, LATEST
from streams.state.record_codec import RecordCodec
from tests.state.test_codec import LAKES


def test_the_content_of_a_record_is_the_same_bytes_in_every_format() -> None:
    first, latest = RecordCodec(FIRST), RecordCodec(LATEST)
    assert first.content(LAKES) == latest.content(LAKES) == first.encode_record(LAKES)
    assert latest.encode_record(LAKES) != first.encode_record(LAKES)
    assert latest.record(first.encode_record(LAKES)) == first.record(latest.encode_record(LAKES)) == LAKES


def test_an_abstract_may_be_left_out() -> None:
    codec = RecordCodec()
    without = codec.record(codec.encode_record(LAKES, abstract=False))
    assert without == msgspec.structs.replace(LAKES, abstract="")


def test_features_that_were_read_lately_are_the_same_object() -> None:
    codec = RecordCodec()
    blob = codec.encode_features(extract(LAKES))
    assert codec.features(blob) == extract(LAKES)
    assert codec.features(blob) is codec.features(bytes(bytearray(blob)))
