from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.records.record import MAX_VERSION
from streams.records.version import RecordVersion, arrival

digests = st.binary(min_size=6, max_size=6)
versions = st.builds(
    RecordVersion,
    live=st.booleans(),
    version=st.integers(0, 0xFFFF) | st.integers(0, MAX_VERSION),
    updated=st.integers(0, 0xFFFFFFFF),
    taken=st.integers(0, (1 << 48) - 1),
    digest=digests,
    passed=st.integers(0, (1 << 48) - 1),
    wide=st.booleans(),
)
by_broker = st.builds(
    RecordVersion,
    live=st.booleans(),
    version=st.just(0),
    updated=st.just(0),
    taken=st.integers(0, 3),
    digest=digests,
    returned=st.just(False),
    inherited=st.just(False),
    passed=st.just(0),
)
by_source = st.builds(
    RecordVersion,
    live=st.just(True),
    version=st.integers(1, 3),
    updated=st.integers(1, 2),
    taken=st.integers(0, 3),
    digest=digests,
    returned=st.just(False),
    inherited=st.just(False),
    passed=st.just(0),
)
by_version = st.builds(
    RecordVersion,
    live=st.just(True),
    version=st.integers(1, 3),
    updated=st.just(0),
    taken=st.integers(0, 3),
    digest=digests,
    returned=st.just(False),
    inherited=st.just(False),
    passed=st.just(0),
)


@given(version=versions)
def test_a_stamp_is_read_as_it_was_written(version: RecordVersion) -> None:
    large = version.version > 0xFFFF
    fixed = 21 if version.wide else 15 + 2 * (0 < version.version <= 0xFFFF) + 4 * bool(version.updated)
    assert len(version.pack()) == fixed + 8 * bool(version.passed) + 8 * large
    assert RecordVersion.read(version.pack() + b"features") == (version, b"features")


@pytest.mark.parametrize(
    ("packed", "version"),
    [
        ("0100000000000018bcfe5680000000616263646566", RecordVersion(True, 0, 0, 1_700_000_000_000 << 20, b"abcdef")),
        (
            "0f00035e0d5da500000000000000056162636465660000000000000063",
            RecordVersion(True, 3, 1_577_934_245, 5, b"abcdef", True, True, 99),
        ),
        ("000000000000000000000000000007000000000000", RecordVersion(False, 0, 0, 7, bytes(6))),
        (
            "19000000000000000000000000000975767778797a00000000000000040000010000000000",
            RecordVersion(True, 1 << 40, 0, 9, b"uvwxyz", passed=4),
        ),
    ],
)
def test_versions_that_release_0_1_0_wrote_are_read_and_written_again_in_the_same_bytes(
    packed: str, version: RecordVersion
) -> None:
    former = version._replace(wide=True)
    assert RecordVersion.read(bytes.fromhex(packed)) == (former, b"")
    assert former.pack() == bytes.fromhex(packed)


@given(a=versions, b=versions)
def test_of_two_payloads_at_most_one_is_newer(a: RecordVersion, b: RecordVersion) -> None:
    assert not (a.supersedes(b) and b.supersedes(a))
    assert not a.supersedes(a)


@given(lot=st.one_of([st.lists(one, min_size=1, max_size=4) for one in (by_broker, by_source, by_version)]))
def test_in_any_order_the_same_payload_stands(lot: list[RecordVersion]) -> None:
    stands = set()
    for order in permutations(lot):
        best = order[0]
        for version in order[1:]:
            if version.supersedes(best):
                best = version
        stands.add((best.live, best.version, best.updated, best.digest))
    assert len(stands) == 1


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ({"version": 1, "taken": 9}, {"version": 2, "taken": 1}),
        ({"updated": "2024-01-01T00:00:00Z", "taken": 9}, {"updated": "2024-01-02T00:00:00Z", "taken": 1}),
        ({"updated": "2024-01-01T02:00:00+02:00", "taken": 9}, {"updated": "2024-01-01T00:00:01Z", "taken": 1}),
        ({"taken": 1}, {"taken": 2}),
        ({"version": 7, "taken": 1}, {"taken": 2}),
        ({"version": 7, "taken": 1}, {"live": False, "taken": 2}),
        ({"live": False, "taken": 1}, {"version": 1, "taken": 2}),
        ({"taken": 1}, {"live": False, "taken": 1}),
    ],
)
def test_which_payload_is_newer(older: dict[str, object], newer: dict[str, object]) -> None:
    a, b = RecordVersion.of(b"x", **older), RecordVersion.of(b"y", **newer)  # type: ignore[arg-type]
    assert b.supersedes(a)
    assert not a.supersedes(b)


@pytest.mark.parametrize("updated", ["", "yesterday", "2024-13-45", "1960-01-01T00:00:00Z"])
def test_a_time_that_cannot_be_read_is_no_time(updated: str) -> None:
    assert RecordVersion.of(b"", updated=updated).updated == 0


def test_numbers_beyond_the_format_are_cut_to_it() -> None:
    version = RecordVersion.of(b"", version=10**9, taken=1 << 60)
    assert RecordVersion.read(version.pack()) == (version, b"")


def payload(live: bool, version: int, updated: int, digest: bytes) -> RecordVersion:
    return RecordVersion(live, version if live else 0, updated if live else 0, 0, digest if live else b"")


def fed(feed: Iterable[RecordVersion], stands: RecordVersion | None = None) -> RecordVersion | None:
    """What stands after payloads were handled one after the other."""
    for version in feed:
        if stands is None or version.supersedes(stands):
            stands = version if stands is None else version.next_after(stands)
        else:
            stands = stands.after_rejecting(version)
    return stands


# A source whose versions and times agree and which gives both, one of the two, or neither, as it likes.
habits = st.tuples(st.booleans(), st.booleans(), st.booleans(), st.integers(1, 4), digests)


@given(said=st.lists(habits, min_size=1, max_size=8), data=st.data())
def test_a_replay_changes_nothing_whatever_the_source_says_of_its_versions(
    said: list[tuple[bool, bool, bool, int, bytes]], data: st.DataObject
) -> None:
    feed = [
        payload(live, number if has_version else 0, 1000 * number if has_time else 0, digest)._replace(
            taken=arrival(2_000_000 + place, place)
        )
        for place, (live, has_version, has_time, number, digest) in enumerate(said)
    ]
    stands = fed(feed)
    again = data.draw(st.integers(0, len(feed) - 1))
    assert fed(feed[again:], stands) == stands
    assert fed(data.draw(st.permutations(feed)), stands) == stands


def test_what_comes_after_a_delete_is_not_undone_by_what_was_before_it() -> None:
    before, returned = (
        RecordVersion.of(b"a", version=3, updated="2024-01-01", taken=1),
        RecordVersion.of(b"b", version=1, taken=3),
    )
    grave = RecordVersion.of(b"", live=False, taken=2)
    stands = fed([before, grave, returned])
    assert stands == returned._replace(returned=True)
    assert RecordVersion.read(stands.pack()) == (stands, b"")
    assert not before.supersedes(stands)


def test_a_version_outlives_a_payload_that_gave_none() -> None:
    second, silent, first = (
        RecordVersion.of(b"a", version=2, taken=1),
        RecordVersion.of(b"b", taken=2),
        RecordVersion.of(b"c", version=1, taken=3),
    )
    stands = fed([second, silent])
    assert stands == silent._replace(version=2, inherited=True)
    assert RecordVersion.read(stands.pack()) == (stands, b"")
    assert not first.supersedes(stands)
    assert RecordVersion.of(b"d", version=3, taken=4).supersedes(stands)


def test_a_payload_that_a_version_replaced_does_not_come_back() -> None:
    """Without versions it is later than the second version, and came before it: a replay must not tell otherwise."""
    first, silent, second = (
        RecordVersion.of(b"a", version=1, taken=arrival(2_000_000, 0)),
        RecordVersion.of(b"b", updated="1970-01-01T00:50:00", taken=arrival(2_000_001, 1)),
        RecordVersion.of(b"c", version=2, taken=arrival(2_000_002, 2)),
    )
    stands = fed([first, silent, second])
    assert stands == second._replace(passed=3_000_000)
    assert RecordVersion.read(stands.pack()) == (stands, b"")
    assert fed([silent, first, second], stands) == stands
    later = RecordVersion.of(b"d", updated="1970-01-01T00:50:01", taken=arrival(2_000_003, 3))
    assert later.supersedes(stands)


def test_large_versions_keep_their_order() -> None:
    said = [
        RecordVersion.of(b"%d" % n, version=version, taken=n)
        for n, version in enumerate((70_001, 20_240_101, 20_240_501))
    ]
    for earlier, later in pairwise(said):
        kept, _ = RecordVersion.read(later.next_after(earlier).pack())
        assert later.supersedes(earlier)
        assert not earlier._replace(taken=99).supersedes(kept)
