"""Topics folded: any order, any repetition, nothing missing that is not told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.verification.folds import ClusterFold, EventFold
from streams.verification.states import ENDED, Values, ended, is_live

NAME = "caaaaaaaaaaaaa"
KEY = NAME.encode()
RECORDS = ("s:a", "s:b", "s:c", "s:d")
Event = dict[str, Any]


def event(revision: int, before: Sequence[str], after: Sequence[str], kind: str, **fields: object) -> Event:
    document = {"document": {"id": NAME, "title": f"{len(after)} of {revision}"}} if after else {}
    told = {"event_id": f"{NAME}:{revision}", "type": kind, "cluster_id": NAME, "revision": revision}
    return told | {"before": sorted(before), "after": sorted(after), "causes": [], "evidence": []} | document | fields


def kind(before: set[str], after: set[str]) -> str:
    if not before:
        return "created"
    if before - after:
        return "record_removed"
    return "record_added" if after - before else "record_updated"


@st.composite
def histories(draw: st.DrawFn) -> list[Event]:
    """The events of a cluster, from the first, in order."""
    sets = draw(st.lists(st.sets(st.sampled_from(RECORDS)), min_size=1, max_size=8))
    told: list[Event] = []
    before: set[str] = set()
    for after in sets:
        if before or after:
            told.append(event(len(told) + 1, sorted(before), sorted(after), kind(before, after)))
            before = after
    return told


def fold(told: Sequence[Event]) -> EventFold:
    folded = EventFold(Values())
    for one in told:
        folded.add(KEY, orjson.dumps(one))
    return folded


def codes(folded: EventFold | ClusterFold) -> list[str]:
    return [difference.code for difference in folded.differences()]


@given(histories(), st.data())
def test_order_and_repetition_do_not_matter(told: list[Event], data: st.DataObject) -> None:
    again = data.draw(st.lists(st.sampled_from(told), max_size=5)) if told else []
    mixed = data.draw(st.permutations([*told, *again]))
    folded, straight = fold(mixed), fold(told)
    assert dict(folded) == dict(straight)
    assert codes(folded) == []
    assert (folded.events, folded.repeated) == (len(told), len(again))


@given(histories(), st.data())
def test_a_missing_event_is_told_wherever_it_can_be_seen(told: list[Event], data: st.DataObject) -> None:
    if not told:
        return
    missing = data.draw(st.integers(0, len(told) - 1))
    folded = fold([one for n, one in enumerate(told) if n != missing])
    assert codes(folded) == (["event_gap"] if 0 < missing < len(told) - 1 else [])
    found = dict(folded)
    if len(told) > 1:
        assert (found[NAME].first, found[NAME].last) == (1 + (missing == 0), len(told) - (missing == len(told) - 1))


@given(histories(), st.data())
def test_an_event_that_does_not_follow_is_told(told: list[Event], data: st.DataObject) -> None:
    if len(told) < 2:
        return
    changed = data.draw(st.integers(0, len(told) - 2))
    told = [one | ({"after": [*one["after"], "x:x"]} if n == changed else {}) for n, one in enumerate(told)]
    assert "event_chain" in codes(fold(told))


@given(histories(), st.data())
def test_one_id_with_two_contents_is_told(told: list[Event], data: st.DataObject) -> None:
    if not told:
        return
    other = data.draw(st.sampled_from(told)) | {"causes": ["s:z"]}
    mixed = data.draw(st.permutations([*told, other]))
    assert codes(fold(mixed)) == ["event_conflict"]


GOOD: list[Event] = [
    event(1, [], ["s:a"], "created"),
    event(1, [], ["s:a"], "created", split_from=["cbbbbbbbbbbbbb"]),
    event(2, ["s:a"], ["s:a", "s:b"], "record_added"),
    event(2, ["s:a"], ["s:a"], "record_updated"),
    event(2, ["s:a", "s:b"], ["s:a"], "record_removed"),
    event(2, ["s:a"], [], "record_removed"),
    event(2, ["s:a", "s:b"], ["s:a", "s:c"], "record_removed"),
    event(2, ["s:a"], ["s:a", "s:b"], "merged", merged_from=["cbbbbbbbbbbbbb"]),
    event(2, ["s:a"], [], "merged", merged_into=["cbbbbbbbbbbbbb"]),
    event(2, ["s:a", "s:b"], ["s:a"], "split", split_into=["cbbbbbbbbbbbbb"]),
    event(2, ["s:a"], ["s:a"], "canonical_changed"),
    event(2, ["s:a"], ["s:a"], "relation_added", relations=[{"relation": "corrects", "record": "s:a", "other": "s:b"}]),
    event(2, ["s:a"], ["s:a"], "relation_removed"),
]
BAD: list[Event] = [
    event(1, ["s:a"], ["s:a"], "record_updated"),
    event(1, ["s:a"], ["s:a", "s:b"], "created"),
    event(1, [], [], "created"),
    event(2, ["s:a"], ["s:a"], "record_added"),
    event(2, [], ["s:a"], "record_added"),
    event(2, ["s:a"], ["s:b"], "record_added"),
    event(2, ["s:a"], ["s:b"], "record_updated"),
    event(2, ["s:a"], ["s:a", "s:b"], "record_removed"),
    event(2, ["s:a"], ["s:a", "s:b"], "merged"),
    event(2, ["s:a"], [], "merged"),
    event(2, ["s:a"], [], "merged", merged_into=["cbbbbbbbbbbbbb", "ccccccccccccccc"]),
    event(2, ["s:a", "s:b"], ["s:a"], "split"),
    event(2, ["s:a"], [], "split", split_into=["cbbbbbbbbbbbbb"]),
    event(2, [], [], "canonical_changed"),
    event(2, ["s:a"], ["s:b"], "relation_added"),
    event(2, ["s:a"], ["s:a"], "improved"),
    event(0, [], ["s:a"], "created"),
    event(2, ["s:a"], ["s:a"], "record_updated", event_id=f"{NAME}:3"),
    event(2, ["s:a"], ["s:a"], "record_updated", cluster_id="cbbbbbbbbbbbbb"),
]


@pytest.mark.parametrize("told", GOOD, ids=lambda told: told["type"])
def test_an_event_as_documented_is_in_order(told: Event) -> None:
    assert codes(fold([told])) == []


@pytest.mark.parametrize("told", BAD, ids=lambda told: told["type"])
def test_an_event_that_is_not_what_its_type_says_is_told(told: Event) -> None:
    assert "event_malformed" in codes(fold([told]))


@pytest.mark.parametrize("value", [b"", b"{}", b"[]", b"\xff", orjson.dumps(event(1, [], ["s:a"], "created"))[:-1]])
def test_a_message_that_is_no_event_is_told(value: bytes) -> None:
    folded = EventFold(Values())
    folded.add(KEY, value)
    assert codes(folded) == ["event_malformed"]
    assert dict(folded) == {}


def state(revision: int, records: Sequence[str], **fields: object) -> bytes:
    return orjson.dumps({"cluster_id": NAME, "revision": revision, "records": records, "document": {}, **fields})


def test_the_last_state_of_a_key_stands() -> None:
    folded = ClusterFold(Values())
    folded.add(KEY, state(3, ["s:a"]))
    folded.add(KEY, b"nonsense")
    assert codes(folded) == ["state_malformed"]
    folded.add(KEY, state(2, ["s:a"]))
    assert codes(folded) == []
    assert is_live(folded.states[NAME])
    folded.add(KEY, None)
    assert folded.states == {NAME: ENDED}
    assert not is_live(ended(7))


@pytest.mark.parametrize(
    "value",
    [state(0, ["s:a"]), state(1, []), state(1, ["s:a"], cluster_id="cbbbbbbbbbbbbb"), b"{}", state(1, [7])],  # type: ignore[list-item]
)
def test_a_message_that_is_no_state_is_told(value: bytes) -> None:
    folded = ClusterFold(Values())
    folded.add(KEY, value)
    assert codes(folded) == ["state_malformed"]
    assert not is_live(folded.states[NAME])


def test_only_what_is_asked_for_is_kept() -> None:
    told, states = EventFold(Values(), {"cbbbbbbbbbbbbb"}), ClusterFold(Values(), {"cbbbbbbbbbbbbb"})
    told.add(KEY, b"nonsense")
    states.add(KEY, b"nonsense")
    assert codes(told) == codes(states) == []
    assert states.states == {}
    assert dict(told) == {}
