"""Epochs, rewinds and gaps of partitions."""

from __future__ import annotations

import pytest

from streams.worker.read_positions import Gap, ReadPositions, Seek, Start


@pytest.fixture
def reading() -> ReadPositions:
    return ReadPositions()


@pytest.mark.parametrize(
    ("committed", "stored", "start"),
    [
        (None, 0, Start(Seek.SEEK, 0)),
        (0, 0, Start(Seek.SEEK, 0)),
        (5, 5, Start(Seek.STAY, 5)),
        (5, 9, Start(Seek.STAY, 5)),
        (5, 3, Start(Seek.REWIND, 3)),
        (5, 0, Start(Seek.REWIND, 0)),
        (None, 9, Start(Seek.RESTART, 0)),
    ],
)
def test_a_partition_begins_at_the_lesser_of_both_positions(
    reading: ReadPositions, committed: int | None, stored: int, start: Start
) -> None:
    assert reading.start("p", committed, stored) == start


def test_a_partition_that_was_read_before_goes_on_where_no_offset_is_committed(reading: ReadPositions) -> None:
    reading.start("p", None, 0)
    reading.read("p", 6)
    assert reading.start("p", None, 7) == Start(Seek.SEEK, 7), "the topic is not new: its first messages were read here"
    assert reading.start("p", None, 4) == Start(Seek.REWIND, 4)


def test_a_partition_that_was_taken_away_is_new_when_it_comes_again(reading: ReadPositions) -> None:
    reading.start("p", None, 0)
    reading.read("p", 6)
    reading.request_rewind("p", 2)
    reading.revoke(["p"])
    assert not reading.requests
    assert reading.start("p", None, 7).seek is Seek.RESTART


def test_what_was_read_before_a_rewind_is_of_another_epoch(reading: ReadPositions) -> None:
    epochs = [reading.epoch("p")]
    reading.request_rewind("p", 3)
    epochs.append(reading.epoch("p"))
    reading.rewound("p", 3)
    epochs.append(reading.epoch("p"))
    reading.revoke(["p"])
    assert sorted(set(epochs)) == epochs
    assert reading.epoch("p") == epochs[-1], "it outlives the assignment, for so may a batch"
    assert reading.epoch("other") == 0


def test_of_several_requests_the_least_position_counts(reading: ReadPositions) -> None:
    for position in (8, 3, 5):
        reading.request_rewind("p", position)
    assert "p" in reading.requests
    assert "other" not in reading.requests
    assert reading.requests.pop("p") == 3
    assert "p" not in reading.requests
    assert not reading.requests


def test_an_assignment_withdraws_a_request(reading: ReadPositions) -> None:
    reading.request_rewind("p", 3)
    reading.start("p", 9, 9)
    assert not reading.requests


def test_a_rewind_says_where_reading_was(reading: ReadPositions) -> None:
    reading.start("p", 5, 5)
    reading.read("p", 8)
    assert reading.rewound("p", 5) == 9
    assert reading.next_offset("p", 0) == 5
    assert reading.next_offset("other", 7) == 7


def test_no_offset_missing_is_no_gap(reading: ReadPositions) -> None:
    reading.start("p", 5, 5)
    assert reading.find_gap("p", 5, 5) is Gap.NONE
    assert reading.find_gap("other", 5, 0) is Gap.NONE, "where reading began is not known"


def test_missing_offsets_are_read_a_second_time_and_then_believed(reading: ReadPositions) -> None:
    reading.start("p", 5, 5)
    assert reading.find_gap("p", 9, 5) is Gap.REREAD
    assert reading.requests.pop("p") == 5
    reading.rewound("p", 5)
    assert reading.find_gap("p", 9, 5) is Gap.ABSENT
    assert reading.find_gap("p", 9, 5) is Gap.NONE, "it is reported once"
    assert not reading.requests


def test_the_end_of_a_transaction_is_no_gap_unless_a_fetch_may_be_lost(reading: ReadPositions) -> None:
    reading.start("p", 5, 5)
    reading.read("p", 5)
    assert reading.find_gap("p", 7, 5) is Gap.NONE
    reading.suspect(["p"])
    assert reading.find_gap("p", 7, 5) is Gap.REREAD
    assert reading.find_gap("p", 8, 5) is Gap.ABSENT


def test_gaps_before_the_committed_offset_are_forgotten(reading: ReadPositions) -> None:
    reading.start("p", 5, 5)
    assert reading.find_gap("p", 9, 5) is Gap.REREAD
    reading.start("p", 20, 20)
    assert reading.find_gap("p", 30, 20) is Gap.REREAD
    reading.start("p", 5, 5)
    assert reading.find_gap("p", 9, 5) is Gap.REREAD, "a topic made anew may have other gaps"
