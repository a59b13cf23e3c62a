"""The pace of a client, whatever its requests look like in time; and that the memory is bounded."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.serve.rate_limit import RateLimit, client_address


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_twice_the_rate_at_once_then_the_rate() -> None:
    clock = Clock()
    limit = RateLimit(60, clock=clock)
    assert [limit.wait("a") for _ in range(120)] == [0.0] * 120
    assert limit.wait("a") == pytest.approx(1 / 60)
    assert limit.wait("b") == 0.0
    clock.now += 1.0
    assert sum(limit.wait("a") == 0.0 for _ in range(200)) in (60, 61)  # of floating point
    clock.now += 100.0
    assert sum(limit.wait("a") == 0.0 for _ in range(200)) == 120


@given(st.integers(1, 50), st.lists(st.floats(0, 0.2), max_size=300))
def test_no_client_gets_more_than_its_pace(rate: int, pauses: list[float]) -> None:
    clock = Clock()
    limit = RateLimit(rate, clock=clock)
    granted = 0
    for pause in pauses:
        clock.now += pause
        wait = limit.wait("a")
        if wait == 0.0:
            granted += 1
        else:
            clock.now += wait + 1e-9
            assert limit.wait("a") == 0.0, "the time that was named is enough"
            granted += 1
        assert granted <= 2 * rate + (clock.now - 1000.0) * rate + 1e-6


def test_the_memory_is_bounded_and_forgets_those_that_pause() -> None:
    clock = Clock()
    limit = RateLimit(10, most_clients=100, clock=clock)
    for number in range(1000):
        limit.wait(f"client {number}")
    assert len(limit) == 100
    clock.now += 5.0
    limit.wait("another")
    assert len(limit) == 1


def test_no_rate_is_no_limit() -> None:
    limit = RateLimit(0)
    assert all(limit.wait("a") == 0.0 for _ in range(1000))
    assert len(limit) == 0


@pytest.mark.parametrize(
    ("address", "client"),
    [
        ("10.0.0.7", "10.0.0.7"),
        ("::ffff:10.0.0.7", "10.0.0.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("testclient", "testclient"),
        ("not:an:address", "not:an:address"),
        ("", ""),
    ],
)
def test_what_counts_as_one_client(address: str, client: str) -> None:
    assert client_address(address) == client
