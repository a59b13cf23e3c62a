"""How many partitions a topic has is stored once, by the worker that comes first."""

from __future__ import annotations

from collections.abc import Callable

from streams.settings import Settings
from streams.state.connection import Connection
from streams.state.fixed_partitions import fix_partitions, fixed_partitions


def test_the_first_number_of_each_topic_stays(generation: Settings, new_connection: Callable[[], Connection]) -> None:
    connection = new_connection()
    assert fixed_partitions(generation, connection) == {}
    assert fix_partitions(generation, connection, {"x.dedup.events": 4}) == {"x.dedup.events": 4}
    both = {"x.dedup.events": 4, "x.dedup.review": 2}
    assert fix_partitions(generation, connection, {"x.dedup.events": 8, "x.dedup.review": 2}) == both
    assert fixed_partitions(generation, connection) == both
