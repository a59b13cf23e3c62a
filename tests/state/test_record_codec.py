from __future__ import annotations

import msgspec
from hypothesis import example, given
from hypothesis import strategies as st

from streams.matching.features import extract
from streams.records.record import Author, Record
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


part = st.sampled_from(["", " ", ", ", "\t", "\n", "Ito", "A.", "van der"])
name = st.lists(part, max_size=4).map("".join)


@given(name, name, name, st.booleans())
@example("Ito, A.", "Ito", "A.", False)
@example("Aya van der Ito", "Ito", "Aya van der", False)
@example("\tIto, A.", "", "", False)
@example("\nAya Ito", "", "", False)
def test_any_author_is_read_as_it_was_written(whole: str, family: str, given_: str, organization: bool) -> None:
    codec = RecordCodec()
    for each in (Author(whole, family, given_, organization=organization), Author(f"{family}, {given_}", family, given_),
                 Author(f"{given_} {family}", family, given_)):  # fmt: skip
        record = Record(source="s", source_id="1", authors=(each, Author(whole)))
        assert codec.record(codec.encode_record(record)) == record


def test_parts_of_a_name_that_it_says_are_not_stored_again() -> None:
    codec = RecordCodec()
    for whole in ("Skaldbrekke, Thorvinn", "Thorvinn Skaldbrekke"):
        known, parted = (
            codec.encode_record(Record(source="s", source_id="1", authors=(author,)))
            for author in (Author(whole), Author(whole, "Skaldbrekke", "Thorvinn"))
        )
        assert len(parted) <= len(known) + 1


def test_features_that_were_read_lately_are_the_same_object() -> None:
    codec = RecordCodec()
    blob = codec.encode_features(extract(LAKES))
    assert codec.features(blob) == extract(LAKES)
    assert codec.features(blob) is codec.features(bytes(bytearray(blob)))
