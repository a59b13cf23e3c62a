from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streams.events.positions import parse_position
from streams.subscriptions.ring import Ring, merged, read_event
from tests.subscriptions.memory_feed import cluster_event


def filled(count: int, most: int, most_bytes: int = 10**9) -> Ring:
    ring = Ring([0, 5], most, most_bytes)
    for number in range(count):
        ring.append(number % 2, number // 2 + (5 if number % 2 else 0), 1000 + number, cluster_event("c", number + 1))
    return ring


@given(st.integers(0, 60), st.integers(1, 20))
def test_it_has_every_event_between_its_positions(count: int, most: int) -> None:
    ring = filled(count, most)
    entries = ring.read(ring.first, 10**6)
    assert ring.end == count
    assert min(count, most) <= len(entries) <= most * 1.1
    for partition in (0, 1):
        offsets = [entry.place[1] for entry in entries if entry.place[0] == partition]
        assert offsets == list(range(ring.start[partition], ring.next[partition]))
    assert parse_position(ring.identity.decode(), 2) == ring.next
    if entries:
        assert entries[-1].identity == ring.identity
    assert ring.lagging(ring.start) == []
    assert ring.lagging([0, 0]) == [p for p in (0, 1) if ring.start[p] > 0]


def test_it_is_bounded_in_bytes() -> None:
    one = filled(1, 10**6).read(0, 1)[0].size
    assert len(filled(400, 10**6, one * 50).read(0, 0)) == 0
    ring = filled(400, 10**6, one * 50)
    assert 45 <= ring.end - ring.first <= 55


def test_what_is_no_event_moves_the_position_only() -> None:
    ring = Ring([0])
    for offset, value in enumerate(
        [None, b"{", b"[]", b"{}", b'{"type":"a\\nb","before":[],"after":[],"cluster_id":"c"}']
    ):
        ring.append(0, offset, 1000, value)
    assert (ring.end, ring.next, ring.identity) == (0, [5], b"0:5")


def test_a_topic_made_anew_leaves_no_cursor_valid() -> None:
    ring = filled(8, 100)
    cursor = ring.end
    ring.append(0, 0, 2000, cluster_event("d", 1))
    assert cursor < ring.first
    assert [entry.facts.clusters for entry in ring.read(ring.first, 9)] == [{"d"}]
    assert (ring.start, ring.next) == ([0, 9], [1, 9])


def test_frames_are_with_the_document_or_without() -> None:
    entry = read_event((0, 1), 1000, b"0:2", cluster_event("c", 1))
    assert entry is not None
    assert entry.frame(with_document=True).startswith(b"id: 0:2\nevent: cluster.record_added\ndata: {")
    assert b"document" in entry.frame(with_document=True)
    assert b"document" not in entry.frame(with_document=False)
    ring = filled(9, 100)
    assert ring.joined(0, 9, with_document=True) == b"".join(e.frame(with_document=True) for e in ring.read(0, 9))
    assert ring.joined(2, 3, with_document=False) == ring.read(2, 1)[0].frame(with_document=False)
    assert ring.joined(2, 3, with_document=False) is ring.joined(2, 3, with_document=False)


def test_with_many_partitions_the_id_is_a_time() -> None:
    ring = Ring([0] * 65)
    ring.clock = 123
    ring.append(64, 0, 1000, cluster_event("c", 1))
    assert ring.read(0, 1)[0].identity == b"123"


def test_two_positions_become_the_later_one() -> None:
    assert merged([1, 9], [4, 2]) == b"0:4,1:9"
