"""Who may work on a generation: its workers, or a rebuild; on real Redis."""

from __future__ import annotations

import pytest

from streams.settings import Settings
from streams.state.connection import Connection
from streams.state.fence import Fence, Gate, Hold


@pytest.fixture
def fence(generation: Settings, connection: Connection) -> Fence:
    return Fence(generation.namespace, generation.generation, connection)


def test_workers_are_inside_until_they_leave(fence: Fence) -> None:
    assert fence.enter("one") == fence.enter("two") == Gate("open")
    assert fence.hold("t", "2", take=True, closed=False) == Hold("held", "2")
    fence.leave("one")
    assert fence.hold("t", "2", take=False, closed=False) == Hold("held", "1")


def test_a_rebuild_that_closes_lets_nobody_in_and_asks_those_inside_to_leave(fence: Fence) -> None:
    fence.enter("one")
    fence.hold("t", "2", take=True, closed=True)
    assert fence.enter("one") == Gate("closing", "2")
    assert fence.enter("two") == Gate("closed", "2")


def test_one_rebuild_at_a_time_and_to_one_generation(fence: Fence) -> None:
    fence.hold("t", "2", take=True, closed=False)
    assert fence.hold("u", "2", take=True, closed=False).state == "busy"
    assert fence.end("t", "release")
    assert fence.hold("u", "3", take=True, closed=False) == Hold("other", "2")
    assert fence.hold("u", "2", take=True, closed=False).state == "held"
    assert not fence.end("t", "switch"), "it holds no more"


def test_after_a_switch_all_are_sent_to_the_generation_that_took_over(fence: Fence) -> None:
    fence.hold("t", "2", take=True, closed=True)
    assert fence.end("t", "switch")
    assert fence.enter("one") == Gate("successor", "2")
    assert fence.hold("u", "3", take=True, closed=False) == Hold("successor", "2")


def test_after_one_was_given_up_another_may_begin(fence: Fence) -> None:
    fence.hold("t", "2", take=True, closed=True)
    assert fence.end("t", "abort")
    assert fence.enter("one") == Gate("open")
    assert fence.hold("u", "3", take=True, closed=False).state == "held"
