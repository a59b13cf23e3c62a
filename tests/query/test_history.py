"""How a cluster came to be, from events in any order and with any part of them missing."""
# ruff: noqa: S311 - a seed makes a test repeatable

from __future__ import annotations

from random import Random
from typing import Any

from streams.query.history import Chronicle, History


def event(name: str, revision: int, kind: str, after: list[str], **relation: list[str]) -> dict[str, Any]:
    return {"cluster_id": name, "revision": revision, "type": kind, "before": [], "after": after, **relation}


# c1 and c2 begin; c2 goes into c1; c3 is split off, then c1 goes on without it.
LIFE = [
    (10, event("c1", 1, "created", ["a"])),
    (20, event("c2", 1, "created", ["b"])),
    (30, event("c2", 2, "record_added", ["b", "c"])),
    (41, event("c2", 3, "merged", [], merged_into=["c1"])),
    (40, event("c1", 2, "merged", ["a", "b", "c"], merged_from=["c2"])),
    (51, event("c1", 3, "split", ["a", "b"], split_into=["c3"])),
    (50, event("c3", 1, "created", ["c"], split_from=["c1"])),
    (60, event("c1", 4, "record_added", ["a", "b", "d"])),
    (70, event("c3", 2, "record_added", ["c", "e"])),
]


def history(cluster: str, *, without: frozenset[str] | set[str] = frozenset(), seed: int = 0) -> History:
    """As the command does it: read what is wanted until nothing is."""
    chronicle, wanted = Chronicle(), {cluster}
    told = [one for one in LIFE * 2 if _name(one[1]) not in without]
    Random(seed).shuffle(told)
    for _ in range(10):
        for time, one in told:
            if one["cluster_id"] in wanted:
                chronicle.add(time, one)
        chronicle.read(wanted)
        wanted = chronicle.unread(cluster)
        if not wanted:
            return chronicle.history(cluster)
    raise AssertionError("there is always something more to read")


def _name(one: dict[str, Any]) -> str:
    return f"{one['cluster_id']}:{one['revision']}"


def names(found: History) -> list[str]:
    return [_name(told.event) for told in found.events]


def test_a_cluster_has_the_history_of_those_that_went_into_it() -> None:
    for seed in range(5):
        found = history("c1", seed=seed)
        assert names(found) == ["c1:1", "c2:1", "c2:2", "c2:3", "c1:2", "c1:3", "c1:4"]
        assert (found.merged_into, found.lost) == ("", {})


def test_one_that_was_split_off_has_the_history_up_to_the_split() -> None:
    found = history("c3")
    assert names(found) == ["c1:1", "c2:1", "c2:2", "c2:3", "c1:2", "c1:3", "c3:1", "c3:2"]
    assert found.lost == {}


def test_one_that_was_merged_away_says_where_it_went() -> None:
    found = history("c2")
    assert names(found) == ["c2:1", "c2:2", "c2:3"]
    assert found.merged_into == "c1"


def test_what_left_the_topic_is_said() -> None:
    assert history("c1", without={"c2:1", "c2:2"}).lost == {"c2": 2}
    assert history("c1", without={"c2:1", "c2:2", "c2:3"}).lost == {"c2": 0}
    assert history("c3", without={"c1:1", "c1:2", "c1:3"}).lost == {"c1": 3}
    assert history("c3", without={_name(one) for _, one in LIFE}).lost == {"c3": 0}


def test_one_that_was_split_off_twice_has_both() -> None:
    chronicle = Chronicle()
    life = [
        event("c1", 1, "created", ["a"]),
        event("c1", 2, "record_added", ["a", "c"]),
        event("c1", 3, "split", ["a"], split_into=["c3"]),
        event("c3", 1, "created", ["c"], split_from=["c1"]),
        event("c3", 2, "record_removed", []),
        event("c1", 4, "record_added", ["a", "c"]),
        event("c1", 5, "split", ["a"], split_into=["c3"]),
        event("c3", 3, "created", ["c"], split_from=["c1"]),
    ]
    for time, one in enumerate(life):
        chronicle.add(time, one)
    assert names(chronicle.history("c3")) == [_name(one) for one in life]
