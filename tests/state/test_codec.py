from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.demo import feed
from streams.errors import StateError
from streams.matching.feature_values import Features
from streams.matching.features import extract
from streams.records.record import Author, Identifier, Record, Relation
from streams.sources import parse
from streams.state.codec import Codec
from streams.state.formats import FIRST, LATEST
from streams.state.record_codec import FEATURES, RECORD

text = st.text(max_size=40)
records = st.builds(
    Record,
    source=text,
    source_id=text,
    title=text | st.text(min_size=300, max_size=400),
    authors=st.lists(st.builds(Author, name=text, family=text) | st.builds(Author, name=text), max_size=3).map(tuple),
    authors_complete=st.booleans(),
    date=st.sampled_from(["", "2020", "2020-01-02"]),
    identifiers=st.lists(st.builds(Identifier, scheme=text, value=text), max_size=3).map(tuple),
    abstract=text,
    version=st.integers(0, 100),
)

WRITTEN_BY_0_1_0 = bytes.fromhex(
    "0128b52ffd608a0225090033cd2a2bdcf3bb70a72b7266902b342ebcbaa2ab2bb88aba55b355ab7700b6dcb9bb7077dd80fcd6cdcb8cd7"
    "b8c756c0ea7ccb7cb58215ac205d65d91a41153348ddcd1aa0141bd3a0a19b8aae7037c9c723c528320230071277939a8e5b642cb433d7"
    "8e4e56e8aa265a7c831b33180ce63279073951acf2239dd5ce23baf9f74caa21d379caab94d0ef996493c94f5196b2f3149ac2af80555e"
    "773345374ff50f69c1aed0519058e575050070872cfce05c0b807eebc7d3d3a20b70af6f87afcf2d7694d28be92bb539903ccf3633f110"
    "b58f72d3ec3b0757eb94732c560e314fd9024956c57428fbe73ccd37bb562b2984f5ae9c0b29c2744c02e2c71e476aa90e74b527d12c5c"
    "7ea96d64822970cb5207012eaec405fdea5bd591bd3b12c705789b01"
)
FEATURES_WRITTEN_BY_0_1_0 = bytes.fromhex(
    "0128b52ffd20d685040053081abdf78eb52df6ab273d6e13de26109897a403d78edeff1f0dffff2f7bd1e7ff39a8e56c8b07eb6c0c9748"
    "f314cb709d91806f4b4f70e9661f6a7489b20ae931bbdc3d92ab5d8a6ea99c0de11130f568de4fe5be2a2a4b37a33e55979f7d41dd1213"
    "976e1643010f850cfc56e04fb8b8ed83cdbc52b7db8faed3a8ee6d63c54ee2bf4d5df803964d98eb1b4652af"
)
LAKES = Record(
    source="lakes",
    source_id="l:1",
    title="Carbon burial in small lakes",
    subtitle="a survey of forty basins",
    authors=(
        Author("Mira Okafor", "Okafor", "Mira"),
        Author("Jon Lind"),
        Author("Lake Survey Group", organization=True),
    ),
    authors_complete=False,
    date="2019-04",
    journal="Journal of Small Lakes",
    volume="12",
    number="3",
    pages="101-118",
    publisher="Lake Press",
    abstract="We measured carbon burial in forty small lakes. " * 8,
    type="journal-article",
    language="en",
    identifiers=(Identifier("doi", "10.5555/lakes.2019.7"),),
    urls=("https://doi.org/10.5555/lakes.2019.7",),
    relations=(Relation("has_preprint", "arxiv", "1904.00001"),),
    version=3,
    updated="2020-01-02T03:04:05Z",
    warnings=("pages: repaired",),
)


def records_of(form: int = LATEST) -> Codec[Record]:
    return Codec(Record, "document", RECORD, form)


@pytest.mark.parametrize("form", [FIRST, LATEST])
@given(record=records)
@settings(deadline=None, max_examples=60)
def test_a_record_is_read_as_it_was_written_and_equal_ones_are_equal_bytes(form: int, record: Record) -> None:
    codec = records_of(form)
    blob = codec.encode(record)
    assert records_of().decode(blob) == record
    assert records_of(form).encode(msgspec.structs.replace(record)) == blob
    assert records_of(FIRST).encode(record) == codec.content(record)


def test_the_arrays_have_all_fields() -> None:
    assert sorted(RECORD.fields) == sorted(Record.__struct_fields__)
    assert not any(msgspec.structs.astuple(Features("", ""))), (
        "an array without the empty fields at its end is the whole"
    )


def test_values_that_release_0_1_0_wrote_are_read_and_written_again_in_the_same_bytes() -> None:
    assert records_of().decode(WRITTEN_BY_0_1_0) == LAKES
    assert records_of().content(LAKES) == WRITTEN_BY_0_1_0, "digests of record versions are of these bytes"
    features = Codec(Features, "features", FEATURES).decode(FEATURES_WRITTEN_BY_0_1_0)
    assert (features.title, features.page) == ("carbon burial in small lakes a survey of 40 basins", "101")
    assert Codec(Features, "features", FEATURES, FIRST).encode(features) == FEATURES_WRITTEN_BY_0_1_0


@pytest.mark.parametrize(
    ("abstract", "form"),
    [("", 2), ("Forty lakes, measured one by one. " * 40, 3), ("".join(map(chr, range(0x4E00, 0x4E00 + 30_000))), 4)],
)
def test_a_value_takes_the_smallest_form_that_it_fits(abstract: str, form: int) -> None:
    record = Record(source="lakes", source_id="l:1", title=LAKES.title, abstract=abstract)
    blob = records_of().encode(record)
    assert blob[0] == form
    assert records_of().decode(blob) == record


def test_values_of_real_records_are_smaller_than_those_of_format_1() -> None:
    records = [item for source, key, value in feed() for item in parse(source, value, key) if isinstance(item, Record)]
    sizes = []
    for form in (FIRST, LATEST):
        features, documents = Codec(Features, "features", FEATURES, form), records_of(form)
        sizes.append(sum(len(features.encode(extract(record))) + len(documents.encode(record)) for record in records))
    assert sizes[1] < 0.9 * sizes[0]


@pytest.mark.parametrize(
    "blob",
    [
        b"",
        b"\x01",
        b"\x01not compressed",
        b"\x01\x28\xb5\x2f\xfd\0\0\0",
        b"\x02",
        b"\x02abc",
        b"\x03abc",
        b"\x04",
        b"\x05abc",
    ],
)
def test_bytes_of_something_else_are_refused(blob: bytes) -> None:
    with pytest.raises(StateError):
        records_of().decode(blob)


@pytest.mark.parametrize("form", [FIRST, LATEST])
def test_bytes_of_another_type_are_refused(form: int) -> None:
    blob = Codec(Features, "document", FEATURES, form).encode(extract(LAKES))
    with pytest.raises(StateError):
        records_of().decode(blob)
