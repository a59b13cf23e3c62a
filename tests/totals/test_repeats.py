# ruff: noqa: S311 - a seed makes a test repeatable
from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from streams.totals.fold import Change
from streams.totals.repeats import Place, RepeatFilter

REMEMBERED = 20


def history(random: Random, length: int, again: int = REMEMBERED) -> list[Change]:
    """Events of a partition: each cluster's revisions in order for the first time, some again at most `again` offsets later."""
    last: dict[str, Change] = {}
    events: list[Change] = []
    for number in range(length):
        if events and random.random() < 0.3:
            events.append(random.choice(events[-again:]))
        else:
            name = f"c{random.randrange(12)}"
            before = last.get(name, Change("", name, 0, [], []))
            last[name] = Change("record_added", name, before.revision + 1, before.after, [*before.after, f"s:{number}"])
            events.append(last[name])
    return events


@given(seed=st.integers(0, 10**6), length=st.integers(1, 200), start=st.integers(0, 50))
def test_each_event_is_new_once(seed: int, length: int, start: int) -> None:
    found = RepeatFilter(1, REMEMBERED)
    events = history(Random(seed), length)
    places = [found.add(offset, event) for offset, event in enumerate(events, start)]
    assert set(places) <= {Place.NEXT, Place.REPEAT}
    new = [
        (event.cluster_id, event.revision) for event, place in zip(events, places, strict=True) if place is Place.NEXT
    ]
    assert len(new) == len(set(new))
    assert set(new) == {(event.cluster_id, event.revision) for event in events}


@given(seed=st.integers(0, 10**6), length=st.integers(1, 200), at=st.integers(0, 200))
def test_a_filter_that_begins_where_it_asks_to_knows_the_same(seed: int, length: int, at: int) -> None:
    events = history(Random(seed), length, again=200)
    at = min(at, length)
    whole, resumed = RepeatFilter(3, 3 * REMEMBERED), RepeatFilter(3, 3 * REMEMBERED)
    expected = [whole.add(offset, event) for offset, event in enumerate(events)]
    begin = resumed.begin(at)
    assert begin <= at
    assert at - begin <= 2 * REMEMBERED
    answers = [resumed.add(offset, event) for offset, event in enumerate(events) if offset >= begin]
    assert answers[at - begin :] == expected[at:]


def test_another_content_of_a_revision_and_what_does_not_follow_are_noticed() -> None:
    found = RepeatFilter(1)
    events = [
        (Change("created", "c", 1, [], ["s:1"]), Place.NEXT),
        (Change("record_added", "c", 2, ["s:1"], ["s:1", "s:2"]), Place.NEXT),
        (Change("record_added", "c", 2, ["s:1"], ["s:1", "s:3"]), Place.CONFLICT),
        (Change("created", "c", 1, [], ["s:9"]), Place.REPEAT),
        (Change("record_added", "c", 3, ["s:1", "s:3"], ["s:1", "s:3", "s:4"]), Place.BROKEN),
        (Change("record_updated", "c", 4, ["s:1", "s:3", "s:4"], ["s:1", "s:3", "s:4"]), Place.NEXT),
        (Change("record_updated", "d", 7, ["s:5"], ["s:5"]), Place.NEXT),
    ]
    assert [found.add(offset, event) for offset, (event, _) in enumerate(events)] == [place for _, place in events]
