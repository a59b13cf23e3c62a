"""The number of partitions that the topics of `dedup.*` have had since the state was begun. Key `N:meta` of `state/layout.py`.

| field              | value                                                        |
|--------------------|--------------------------------------------------------------|
| `partitions:topic` | the number, where `topic` is the full name, with its prefix  |

The numbers are in the index version that the settings name, the first one, and stay where a rebuild makes others.
"""

from __future__ import annotations

from collections.abc import Mapping

from streams.settings import Settings
from streams.state.connection import Connection
from streams.state.generation import facts
from streams.state.layout import meta_key

__all__ = ["fix_partitions", "fixed_partitions"]

_FIELD = "partitions:"


def fixed_partitions(given: Settings, connection: Connection) -> dict[str, int]:
    """Return the fixed number of each topic that has one. Raises RedisError."""
    known = facts(given.namespace, given.generation, connection)
    return {name.removeprefix(_FIELD): int(value) for name, value in known.items() if name.startswith(_FIELD)}


def fix_partitions(given: Settings, connection: Connection, found: Mapping[str, int]) -> dict[str, int]:
    """Store the numbers of topics that had none yet; return the fixed number of each topic. Raises RedisError.

    Of two workers that store different numbers at the same time one prevails.
    """
    key = meta_key(given.namespace, given.generation)
    for name, number in found.items():
        connection.call("HSETNX", key, _FIELD + name, number)
    return fixed_partitions(given, connection)
