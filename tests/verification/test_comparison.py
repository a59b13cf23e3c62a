"""The three places side by side: who is alone with what he says is named, whatever the three say."""

from __future__ import annotations

from collections import Counter

import orjson
from hypothesis import given
from hypothesis import strategies as st

from streams.verification.comparison import between
from streams.verification.differences import Difference
from streams.verification.folds import Folded
from streams.verification.scan import Findings
from streams.verification.states import ENDED, Values, differing, ended, pack

NAME = "caaaaaaaaaaaaa"
_VALUES = Values({NAME})


def state(revision: int, records: str, title: str = "t", relation: str = "", *, cut: str = "") -> bytes:
    document = {"title": title} | ({"truncated": [cut]} if cut else {})
    relations = orjson.dumps([{"other": relation}]) if relation else b""
    return pack(_VALUES, NAME, revision, list(records), relations, orjson.dumps(document))


STATES = st.one_of(
    st.builds(
        state, st.integers(1, 3), st.sampled_from(["a", "ab"]), st.sampled_from("tu"), st.sampled_from(["", "x"])
    ),
    st.builds(ended, st.integers(1, 3)),
)


def differences(
    redis: bytes | None, events: bytes | None, clusters: bytes | None, *, late: bool = False, first: int = 1
) -> list[Difference]:
    findings = Findings()
    findings.states = {NAME: redis} if redis is not None else {}
    told = {NAME: Folded(first, 3, events, "")} if events is not None else {}
    states = {NAME: clusters} if clusters is not None else {}
    return list(between(findings, told, states, _VALUES, lambda _: late, Counter()))


def codes(*states: bytes | None, late: bool = False, first: int = 1) -> list[str]:
    return [difference.code for difference in differences(*states, late=late, first=first)]


@given(STATES, STATES, STATES)
def test_who_is_alone_is_named(redis: bytes, events: bytes, clusters: bytes) -> None:
    places = {difference.code.split("_")[0] for difference in differences(redis, events, clusters)}
    pairs = [bool(differing(a, b)) for a, b in ((redis, events), (redis, clusters), (events, clusters))]
    if not any(pairs):
        assert places == set()
    elif not pairs[2]:
        assert places == {"redis"} if pairs[0] and pairs[1] else places
    elif not pairs[0]:
        assert places == {"clusters"}
    elif not pairs[1]:
        assert places == {"events"}
    else:
        assert places == {"events", "clusters"}


@given(STATES)
def test_what_agrees_is_no_difference(one: bytes) -> None:
    assert differences(one, one, one) == []
    assert differing(one, one) == ()


def test_each_way_to_be_there_or_not() -> None:
    one, other, gone = state(2, "a"), state(3, "ab"), ended(2)
    assert codes(one, one, None) == ["clusters_missing"]
    assert codes(one, one, ENDED) == ["clusters_missing"]
    assert codes(gone, gone, one) == ["clusters_ghost"]
    assert codes(None, None, one) == ["clusters_ghost"]
    assert codes(one, None, one) == ["events_missing"]
    assert codes(gone, None, None) == ["events_missing"]
    assert codes(gone, one, None) == ["events_ghost"]
    assert codes(None, one, None) == ["events_ghost"]
    assert codes(one, gone, one) == ["events_differ"]
    assert codes(None, one, one) == ["redis_missing"]
    assert codes(None, gone, ENDED) == ["redis_missing"], "Redis knows for ever what was merged away or emptied"
    assert codes(one, gone, ENDED) == ["redis_ghost"]
    assert codes(one, other, other) == ["redis_differs"]
    assert codes(one, None, None) == ["events_missing", "clusters_missing"]


def test_events_whose_beginning_is_gone_are_no_difference_but_a_gap_is() -> None:
    one, other = state(2, "a"), state(3, "ab")
    assert codes(one, None, one, late=True) == []
    assert codes(one, one, one, late=True, first=2) == []
    assert codes(one, one, one, late=False, first=2) == ["event_gap"]
    assert codes(one, None, other, late=True) == ["clusters_differ"]
    assert codes(other, one, other, late=True, first=2) == ["events_differ"]
    assert codes(None, None, one, late=True) == ["clusters_ghost"]


def test_what_was_cut_to_fit_agrees_with_the_whole() -> None:
    whole, cut = state(2, "a", "long", "x"), state(2, "a", "lo", "x", cut="title")
    assert codes(whole, cut, cut) == []
    assert codes(whole, cut, state(2, "a", "lo", "y", cut="title")) == ["clusters_differ"]
    assert codes(whole, whole, state(2, "a", "lo", "", cut="relations")) == []
    assert codes(whole, whole, state(2, "ab", "lo", "x", cut="title")) == ["clusters_differ"]


def test_what_differs_is_shown() -> None:
    (found,) = differences(state(2, "ab", "old"), state(2, "ab", "old"), state(1, "a", "new"))
    assert found.as_json() == {
        "code": "clusters_differ",
        "cluster_id": NAME,
        "record": "",
        "detail": "",
        "fields": {
            "revision": {"redis": "2", "dedup.events": "2", "dedup.clusters": "1"},
            "records": {"redis": "a, b", "dedup.events": "a, b", "dedup.clusters": "a"},
            "document": {
                "redis": '{"title":"old"}',
                "dedup.events": '{"title":"old"}',
                "dedup.clusters": '{"title":"new"}',
            },
        },
    }


def test_what_is_shown_is_short() -> None:
    found = differences(state(2, "a", "x" * 1000), state(2, "a", "x" * 1000), state(2, "a", "y" * 1000))[0].as_json()
    assert all(len(text) <= 160 for text in found["fields"]["document"].values())


def test_a_redirect_is_followed_through_all_merges() -> None:
    names = ["caaaaaaaaaaaaa", "cbbbbbbbbbbbbb", "ccccccccccccccc"]
    findings = Findings()
    findings.redirects = dict.fromkeys(names[:2], names[2])
    findings.states = {names[2]: state(2, "a")}
    told = {
        names[0]: Folded(1, 2, ended(2), names[1]),
        names[1]: Folded(1, 2, ended(2), names[2]),
        names[2]: Folded(1, 2, state(2, "a"), ""),
    }
    states = {names[2]: state(2, "a")}

    def found() -> list[str]:
        return [d.code for d in between(findings, told, states, _VALUES, lambda _: False, Counter())]

    assert found() == []
    findings.redirects[names[0]] = names[1]
    assert found() == ["redirect_differs"]
