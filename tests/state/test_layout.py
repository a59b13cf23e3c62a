from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from redis.crc import key_slot

from streams.records.stored import id_of
from streams.state.formats import FIRST
from streams.state.layout import Layout


@given(record=st.text(), buckets=st.integers(16, 5000))
def test_all_that_is_kept_of_a_record_shares_a_slot(record: str, buckets: int) -> None:
    layout = Layout("n", "g", buckets)
    key = id_of(record)
    places = [layout.records(key), layout.documents(key), layout.groups(key), layout.outbox(key)]
    assert len(set(places)) == 4
    assert len({key_slot(place) for place in places}) == 1
    assert all(place.startswith(b"n:g:{") for place in places)
    assert layout.outbox(key) in layout.bucket_keys("outboxes")
    assert layout.groups(key) in layout.bucket_keys("groups")


def test_generations_and_namespaces_share_no_key() -> None:
    keys = [
        {layout.records(id_of("a")), layout.key("title", "x")[0], layout.progress, layout.meta}
        for layout in (Layout("n", "1", 16), Layout("n", "2", 16), Layout("m", "1", 16))
    ]
    assert len(set.union(*keys)) == sum(map(len, keys))


@given(value=st.text())
def test_a_key_is_told_apart_by_kind(value: str) -> None:
    layout = Layout("n", "g", 4096)
    name, fingerprint = layout.key("title", value)
    assert len(fingerprint) == 3
    assert (name, fingerprint) == layout.key("title", value)
    assert (name, fingerprint) != layout.key("short", value)


@given(value=st.text())
def test_strong_and_weak_keys_have_no_fingerprint_in_common(value: str) -> None:
    layout, former = Layout("n", "g", 4096), Layout("n", "g", 4096, FIRST)
    for kind, weak in (("title", False), ("begin", True)):
        (name, fingerprint), (same, whole) = layout.key(kind, value), former.key(kind, value)
        assert (fingerprint[0] > 127) == weak
        assert (name, fingerprint[0] % 128, fingerprint[1:]) == (same, whole[1] % 128, whole[2:])


def test_fingerprints_of_format_1_stay_as_they_were() -> None:
    layout = Layout("n", "g", 4096, FIRST)
    assert layout.key("title", "cold fish of the north sea") == (b"n:g:{k2655}:k", b":w\x17\xa8")


def test_keys_spread_over_all_their_buckets() -> None:
    layout = Layout("n", "g", 16)
    assert len({layout.key("title", str(number))[0] for number in range(2000)}) == layout.key_buckets == 64
