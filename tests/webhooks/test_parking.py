"""What is parked of an endpoint: replaced, removed, due, and stored before anything relies on it."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from streams.webhooks.parking import MOST_PARKED, PARK_AFTER_HOURS, Parked, Parking
from streams.webhooks.schedule import WAITS

ONE, TWO, THREE = (Parked(n % 2, n, f"c:{n}", 1.0, 10.0 - n, passed_over=n == 2) for n in (1, 2, 3))


def test_events_are_listed_by_the_time_at_which_they_were_parked() -> None:
    parking = Parking([ONE, TWO])
    parking.put(THREE)
    assert parking.all() == [THREE, TWO, ONE]
    parking.put(msgspec.structs.replace(TWO, attempts=7))
    assert [each.attempts for each in parking.all()] == [0, 7, 0]
    parking.remove(THREE)
    parking.remove(THREE)
    assert (len(parking), parking.has(1, 1, "c:1"), parking.has(1, 3, "c:3"), parking.has(1, 1, "d:1")) == (
        2, True, False, False,
    )  # fmt: skip


def test_all_are_due_when_asked_for_and_only_the_blameless_by_themselves() -> None:
    parking = Parking([ONE, TWO, THREE])
    assert parking.next_due() is None
    parking.send_blameless_again()
    for expected in (THREE, ONE):
        assert parking.next_due() == expected
        parking.settle(expected)
    assert parking.next_due() is None
    parking.send_again()
    parking.send_blameless_again()
    parking.put(msgspec.structs.replace(THREE, attempts=3))
    assert parking.next_due() == parking.all()[0], "as it is now"
    parking.remove(THREE)
    assert parking.next_due() == TWO
    parking.settle(TWO)
    parking.settle(ONE)
    assert parking.next_due() is None
    parking.send_again()
    assert parking.stop_sending() == 2
    assert parking.next_due() is None


def test_a_change_is_waited_for_until_it_is_stored() -> None:
    async def story() -> None:
        parking = Parking([ONE])
        stored = [parking.is_stored]
        await parking.until_stored()
        parking.put(TWO)
        before = parking.version
        waits = asyncio.create_task(parking.until_stored())
        await asyncio.sleep(0)
        parking.put(THREE)
        stored.append(parking.is_stored)
        parking.store(before)
        await asyncio.wait_for(waits, 5)
        stored.append(parking.is_stored)  # the second change came after what was stored
        parking.store(parking.version)
        assert [*stored, parking.is_stored] == [True, False, False, True]

    asyncio.run(story())


def test_it_is_bounded() -> None:
    parking = Parking(Parked(0, n, f"c:{n}", 1.0, 2.0) for n in range(MOST_PARKED - 1))
    before = parking.is_full
    parking.put(Parked(1, 0, "c:x", 1.0, 2.0))
    assert (before, parking.is_full) == (False, True)
    assert len(msgspec.json.encode(parking.all())) < 300_000


def test_the_waits_are_over_when_an_event_is_parked() -> None:
    assert sum(WAITS) / 3600 == pytest.approx(PARK_AFTER_HOURS, rel=0.02)
