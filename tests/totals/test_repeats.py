# ruff: noqa: S311 - a seed makes a test repeatable
from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from streams.totals.repeats import RepeatFilter

REMEMBERED = 20


def history(random: Random, length: int, again: int = REMEMBERED) -> list[tuple[str, int]]:
    """Events of a partition: each cluster's revisions in order for the first time, some again at most `again` offsets later."""
    revisions: dict[str, int] = {}
    events: list[tuple[str, int]] = []
    for _ in range(length):
        if events and random.random() < 0.3:
            events.append(random.choice(events[-again:]))
        else:
            name = f"c{random.randrange(12)}"
            revisions[name] = revisions.get(name, 0) + 1
            events.append((name, revisions[name]))
    return events


@given(seed=st.integers(0, 10**6), length=st.integers(1, 200), start=st.integers(0, 50))
def test_each_event_is_new_once(seed: int, length: int, start: int) -> None:
    found = RepeatFilter(1, REMEMBERED)
    new = []
    for offset, event in enumerate(history(Random(seed), length), start):
        if not found.is_repeat(offset, *event):
            new.append(event)
    assert len(new) == len(set(new))
    assert set(new) == set(history(Random(seed), length))


@given(seed=st.integers(0, 10**6), length=st.integers(1, 200), at=st.integers(0, 200))
def test_a_filter_that_begins_where_it_asks_to_knows_the_same(seed: int, length: int, at: int) -> None:
    events = history(Random(seed), length, again=200)
    at = min(at, length)
    whole, resumed = RepeatFilter(3, 3 * REMEMBERED), RepeatFilter(3, 3 * REMEMBERED)
    expected = [whole.is_repeat(offset, *event) for offset, event in enumerate(events)]
    begin = resumed.begin(at)
    assert begin <= at
    assert at - begin <= 2 * REMEMBERED
    answers = [resumed.is_repeat(offset, *event) for offset, event in enumerate(events) if offset >= begin]
    assert answers[at - begin :] == expected[at:]
