"""A snapshot taken in the middle of any interleaving of the two topics, then the events, gives the fold of all events."""

from __future__ import annotations

from typing import NamedTuple

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.api.cluster_view import ClusterView
from streams.api.event import Event, read_event
from streams.client.items import ClusterEnd
from streams.client.snapshot_table import SnapshotTable
from streams.errors import PayloadError

OVERLAP, DELAY = 8, 3


class StateMessage(NamedTuple):
    """A message of `dedup.clusters`."""

    key: bytes
    value: bytes | None
    headers: dict[str, bytes]


def event(name: str, revision: int, records: int) -> Event:
    after = [f"x:{name}{revision}{number}" for number in range(records)]
    into = {} if after else {"merged_into": ["cz"]}
    return read_event({"cluster_id": name, "revision": revision, "after": after, "document": {"r": revision}, **into})


def state_of(change: Event, *, with_headers: bool) -> StateMessage:
    key = change.cluster_id.encode()
    if change.ended:
        headers = {"revision": str(change.revision).encode(), "merged-into": change.merged_into[0].encode()}
        return StateMessage(key, None, headers if with_headers else {})
    fields = {"cluster_id": change.cluster_id, "revision": change.revision, "records": change.after}
    return StateMessage(key, msgspec.json.encode(fields | {"document": change.document}), {})


@st.composite
def histories(draw: st.DrawFn) -> list[Event]:
    """Changes of a few clusters in the order of their commits; clusters end and come back."""
    revisions: dict[str, int] = {}
    found = []
    for name, records in draw(
        st.lists(st.tuples(st.sampled_from("abcde"), st.integers(0, 2)), min_size=1, max_size=60)
    ):
        revisions[name] = revision = revisions.get(name, 0) + 1
        found.append(event(f"c{name}", revision, max(records, revision == 1)))
    return found


@given(histories(), st.data(), st.booleans())
def test_snapshot_then_follow_is_the_fold_of_all_events(
    history: list[Event], data: st.DataObject, with_headers: bool
) -> None:
    whole = ClusterView()
    for change in history:
        whole.apply(change)
    # Both topics: an event comes again later, a state before its event or after it, also behind newer ones.
    repeats = data.draw(st.lists(st.integers(0, len(history) - 1), max_size=12))
    furthest = len(history) if with_headers else DELAY
    slots = [(float(number), number) for number in range(len(history))]
    slots += [(at + data.draw(st.integers(1, furthest)) + 0.5, at) for at in repeats]
    events = [(time, history[number]) for time, number in sorted(slots)]
    same = data.draw(
        st.integers(-DELAY, DELAY)
    )  # without headers a tombstone that comes late cannot be seen to be older
    delays = [data.draw(st.integers(-DELAY, DELAY)) if with_headers else same for _ in history]
    states = sorted((n + delay + 0.2, n) for n, delay in enumerate(delays))

    noted = data.draw(st.integers(0, len(history)))
    read_at = noted + data.draw(st.integers(0, 10))
    seen = [(time, state_of(history[number], with_headers=with_headers)) for time, number in states if time <= read_at]
    compacted_until = data.draw(st.integers(0, len(seen)))
    last = {message.key: number for number, (_, message) in enumerate(seen[:compacted_until])}
    kept = [each for number, (_, each) in enumerate(seen) if number >= compacted_until or last[each.key] == number]

    end = sum(time < noted for time, _ in events)
    begin = max(0, end - OVERLAP - len(repeats))
    view, table = ClusterView(), SnapshotTable()
    for message in kept:
        table.add_message(*message)
    for _, change in events[begin:end]:
        table.add_event(change)
    names = []
    for state in table.states():
        assert view.apply(state)
        names.append(state.id)
    assert len(names) == len(set(names)), "each cluster once"
    for ended in table.ends():
        view.end(*ended)
    for _, change in events[end:]:
        if table.note(change):
            assert view.apply(change), "none that the snapshot has, and none twice"
    assert {each.id: each for each in view} == {each.id: each for each in whole}
    table.close()


def test_ends_that_the_topics_know_of_lead_on() -> None:
    table = SnapshotTable()
    table.add_message(b"ca", None, {"revision": b"4", "merged-into": b"cb"})
    table.add_event(event("cc", 2, 0))
    table.add_message(b"cd", None, {})
    table.add_message(b"ce", b'{"cluster_id":"ce","revision":1,"records":["x:1"],"document":{}}', {})
    assert list(table.ends()) == [ClusterEnd("ca", 4, "cb"), ClusterEnd("cc", 2, "cz"), ClusterEnd("cd", 1)]
    assert [state.id for state in table.states()] == ["ce"]
    assert not table.note(event("ca", 4, 0))
    assert table.note(event("ca", 5, 1))


def test_a_tombstone_without_a_revision_ends_the_state_before_it_and_not_the_one_after() -> None:
    table = SnapshotTable()
    alive = state_of(event("ca", 3, 1), with_headers=False)
    table.add_message(*alive)
    table.add_message(b"ca", None, {"revision": b"x"})
    table.add_message(*alive)
    assert list(table.states()) == []
    assert table.note(event("ca", 5, 1))


@pytest.mark.parametrize("value", [b"", b"{", b'{"cluster_id": "ca"}', b"[]"])
def test_what_is_no_state_is_refused_and_changes_nothing(value: bytes) -> None:
    table = SnapshotTable()
    with pytest.raises(PayloadError, match="not_a_state"):
        table.add_message(b"ca", value, {})
    assert [*table.states(), *table.ends()] == []


def test_many_states_are_yielded_in_lots() -> None:
    table = SnapshotTable()
    for number in range(1, 1001):
        table.add_event(event(f"c{number}", 1, 1))
    assert len({state.id for state in table.states()}) == 1000
