"""What a commit of a group came to."""

from __future__ import annotations

from streams.clusters.committed import Committed, PlannedCommit
from streams.clusters.group import Group


def test_events_that_others_owe_come_before_those_of_the_commit() -> None:
    described = PlannedCommit(Group(), {"c1:2": b"ours", "c1:3": b"ours"}, (), {})
    committed = Committed(b"root", b"raw", described, before={"c1:1": b"theirs"})
    assert list(committed.events.items()) == [("c1:1", b"theirs"), ("c1:2", b"ours"), ("c1:3", b"ours")]
