"""What a generation remembers of itself. Keys `N:p` and `N:meta` of `index/layout.py`.

The position of every partition is written after a micro-batch is wholly done (state, events, decisions).
Redis may forget its last acknowledged writes in a failover; then the position it remembers is behind the
offset committed in Kafka, and the worker rewinds to it (promise 5).
"""

from __future__ import annotations

from collections.abc import Mapping

from streams.errors import SettingsError, StateError
from streams.index.connection import Command, Connection
from streams.index.generation import FIXED
from streams.index.layout import Layout
from streams.matching.rules import RULESET
from streams.settings import PREFIX, Settings

__all__ = ["FORMAT", "Progress"]

FORMAT = 1
"""Version of the layout of state in Redis; a worker refuses state of another version."""


class Progress:
    """Positions and fixed facts of one generation."""

    def __init__(self, layout: Layout, connection: Connection) -> None:
        self._layout = layout
        self._connection = connection

    def begin_topics(self, milliseconds: int) -> None:
        """Remember that the broker lost its topics and that they begin anew at this Unix time."""
        self._connection.call("HSET", self._layout.meta, "topics_since", milliseconds)

    def topics_since(self) -> int:
        """The Unix time in ms at which the topics began anew for the last time, 0 if they never did."""
        return int(self._connection.call("HGET", self._layout.meta, "topics_since") or 0)

    def claim(self, settings: Settings) -> None:
        """Fix the generation's facts, or check ours against them; note by which ruleset it was begun.

        Raises SettingsError where the settings contradict what the generation was made with.
        """
        facts = {"format": str(FORMAT), **{name: str(getattr(settings, name)) for name in FIXED}}
        key = self._layout.meta
        for name, value in facts.items():
            self._connection.call("HSETNX", key, name, value)
            stands = self._connection.call("HGET", key, name)
            stands = stands.decode() if isinstance(stands, bytes) else str(stands)
            if stands == value:
                continue
            if name == "format":
                raise StateError(
                    f"generation {settings.generation} has state format {stands}, this version knows {FORMAT}"
                )
            raise SettingsError(
                PREFIX + name.upper(),
                f"is {value}, but generation {settings.generation!r} was made with {stands}",
                f"{stands}, or run `streams rebuild` with the new value first",
            )
        self._connection.call("HSETNX", key, "ruleset", RULESET)

    def mark(self, positions: Mapping[tuple[str, int], int]) -> list[Command]:
        """Remember the next offset to handle of each (topic, partition)."""
        if not positions:
            return []
        fields: list[str | int] = []
        for (topic, partition), offset in positions.items():
            fields += (f"{topic}:{partition}", offset)
        return [Command(self._layout.progress, ("HSET", self._layout.progress, *fields))]

    def positions(self) -> dict[tuple[str, int], int]:
        """The next offset to handle of every (topic, partition) ever handled in this generation."""
        reply = self._connection.call("HGETALL", self._layout.progress)
        pairs = reply.items() if isinstance(reply, dict) else zip(reply[::2], reply[1::2], strict=True)
        positions = {}
        for field, offset in pairs:
            topic, _, partition = field.decode().rpartition(":")
            positions[topic, int(partition)] = int(offset)
        return positions

    def forget_positions(self) -> None:
        """Forget all positions: the broker lost its topics and their offsets begin anew."""
        self._connection.execute([Command(self._layout.progress, ("DEL", self._layout.progress))])
