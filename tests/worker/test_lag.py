"""What a worker says that it is behind."""

from __future__ import annotations

from streams.worker.lag import Lag, Offsets

ONE, TWO = ("records.arxiv", 0), ("records.arxiv", 1)


def behind(*places: tuple[str, int]) -> Lag:
    lag = Lag()
    lag.assigned(places or (ONE, TWO))
    return lag


def test_without_traffic_the_lag_is_0_and_without_partitions_there_is_none() -> None:
    lag = behind()
    assert lag.by_topic(1000.0) == {"records.arxiv": (0, 0.0)}
    lag.revoked()
    assert lag.by_topic(1000.0) == {}


def test_fetched_messages_wait_until_the_position_behind_them_is_stored() -> None:
    lag = behind()
    lag.fetched(ONE, 10, 10, 990_000)
    lag.fetched(ONE, 15, 5, 995_000)
    lag.fetched(TWO, 3, 3, 998_000)
    assert lag.by_topic(1000.0) == {"records.arxiv": (18, 10.0)}
    lag.stored({ONE: 10})
    assert lag.by_topic(1000.0) == {"records.arxiv": (8, 5.0)}
    lag.stored({ONE: 15, TWO: 3})
    assert lag.by_topic(1000.0) == {"records.arxiv": (0, 0.0)}


def test_a_clock_that_is_behind_the_broker_gives_no_negative_age() -> None:
    lag = behind()
    lag.fetched(ONE, 1, 1, 2_000_000)
    assert lag.by_topic(1000.0) == {"records.arxiv": (1, 0.0)}


def test_what_the_broker_has_and_nobody_fetched_counts_and_ages_from_when_it_was_seen() -> None:
    lag = behind(ONE)
    assert lag.reported({ONE: Offsets(0, 40, 0)}) == {}, "no position is known yet"
    lag.stored({ONE: 12})
    lag.reported({ONE: Offsets(0, 40, 12)})
    assert lag.by_topic(1000.0) == {"records.arxiv": (28, 0.0)}
    assert lag.by_topic(1007.0) == {"records.arxiv": (28, 7.0)}
    lag.fetched(ONE, 40, 28, 900_000)
    assert lag.by_topic(1008.0) == {"records.arxiv": (28, 108.0)}
    lag.stored({ONE: 40})
    assert lag.by_topic(1009.0) == {"records.arxiv": (0, 0.0)}


def test_the_end_of_a_transaction_is_no_message() -> None:
    lag = behind(ONE)
    lag.stored({ONE: 12})
    lag.reported({ONE: Offsets(0, 13, 13)})
    assert lag.by_topic(1000.0) == {"records.arxiv": (0, 0.0)}


def test_offsets_that_the_topic_lost_unread_are_reported_though_no_later_message_comes() -> None:
    lag = behind(ONE, TWO)
    lag.stored({ONE: 100, TWO: 100})
    lag.fetched(TWO, 637, 537, 0)
    known = Offsets(637, 637, 637)
    assert lag.reported({ONE: known, TWO: known}) == {ONE: (100, 637)}, "those of the other one were fetched before"
    lag.stored({ONE: 100, TWO: 637})
    assert lag.by_topic(1000.0) == {"records.arxiv": (0, 0.0)}


def test_a_rewound_partition_begins_anew() -> None:
    lag = behind(ONE)
    lag.fetched(ONE, 10, 10, 990_000)
    lag.rewound(ONE)
    lag.fetched(ONE, 10, 10, 990_000)
    assert lag.by_topic(1000.0) == {"records.arxiv": (10, 10.0)}


def test_partitions_of_other_workers_are_nobody_s_lag_here() -> None:
    lag = behind(ONE)
    lag.fetched(TWO, 10, 10, 0)
    lag.rewound(TWO)
    assert lag.reported({TWO: Offsets(5, 9, 0)}) == {}
    assert lag.by_topic(1000.0) == {"records.arxiv": (0, 0.0)}


def test_each_partition_has_its_position_and_what_waits() -> None:
    lag = behind()
    lag.fetched(ONE, 10, 10, 990_000)
    lag.stored({ONE: 4})
    assert lag.by_partition(1000.0) == [(ONE, 4, 10, 10.0), (TWO, 0, 0, 0.0)]
