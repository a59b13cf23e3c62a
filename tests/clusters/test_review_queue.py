from __future__ import annotations

from streams.clusters.review_queue import (
    CROWD,
    MOST_PER_RECORD,
    RECORDS_PER_PAIR,
    Budget,
    Doubtful,
    Home,
    choose,
    is_new,
)


def alone(record: bytes) -> Home:
    return record, 0


def test_the_likeliest_pairs_of_a_record_are_asked_and_the_rest_is_counted() -> None:
    pairs = [Doubtful(b"new", bytes([n]), 0.5 + n / 100, 2) for n in range(6)]
    choice = choose(pairs, alone)
    assert [pair.other for pair in choice.asked] == [b"\x05", b"\x04", b"\x03"]
    assert choice.capped == 6 - MOST_PER_RECORD


def test_a_pair_in_one_cluster_is_settled_and_counts_for_no_cap() -> None:
    pairs = [Doubtful(b"new", b"a", 0.6, 2), Doubtful(b"new", b"b", 0.55, 2)]
    choice = choose(pairs, lambda record: (b"a" if record == b"new" else record, 0))
    assert [pair.other for pair in choice.asked] == [b"b"]
    assert choice.capped == 0


def test_one_pair_between_two_clusters_is_asked_the_likeliest() -> None:
    pairs = [Doubtful(b"new", bytes([n]), 0.5 + n / 100, 2) for n in range(6)]
    choice = choose(pairs, lambda record: (record if record == b"new" else b"other", 0))
    assert [pair.other for pair in choice.asked] == [b"\x05"]
    assert choice.capped == 0


def test_pairs_that_meet_in_a_crowd_alone_are_not_asked() -> None:
    crowded, close = Doubtful(b"x", b"hub", 0.6, CROWD + 1), Doubtful(b"y", b"hub", 0.5, CROWD)
    choice = choose([crowded, close], alone)
    assert choice.asked == [close]
    assert choice.capped == 1


def test_the_order_of_pairs_does_not_matter() -> None:
    pairs = [Doubtful(b"new", bytes([n]), 0.6, 2) for n in range(6)]
    assert choose(pairs, alone) == choose(reversed(pairs), alone)


def test_what_earlier_records_of_two_clusters_brought_up_is_not_asked_again() -> None:
    assert is_new([b"a1", b"a2"], [b"b1"], lambda one, other: False)
    assert not is_new([b"a1", b"a2"], [b"b1"], lambda one, other: (one, other) == (b"a2", b"b1"))
    assert is_new([], [b"b1"], lambda one, other: True)


def test_a_feed_of_poor_records_asks_no_more_than_its_budget() -> None:
    pairs = [Doubtful(b"%d" % n, b"o%d" % n, 0.5 + n / 1000, 2) for n in range(100)]
    budget = Budget()
    asked = 0
    for _ in range(50):
        choice = choose(pairs, alone, budget.earn(RECORDS_PER_PAIR))
        assert choice.asked[0].score == max(pair.score for pair in pairs)
        assert len(choice.asked) + choice.capped == len(pairs)
        budget.spend(len(choice.asked))
        asked += len(choice.asked)
    assert 50 <= asked <= 50 + 14


def test_a_budget_is_not_saved_for_ever() -> None:
    budget = Budget()
    for _ in range(1000):
        budget.earn(RECORDS_PER_PAIR)
    assert budget.earn(1) <= 15
    assert Budget().earn(20 * RECORDS_PER_PAIR) == 20
