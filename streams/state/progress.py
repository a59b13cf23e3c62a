"""The stored positions and fixed facts of an index version. Keys `N:p`, `N:{t}:p` and `N:meta` of `state/layout.py`.

A worker stores the position of every partition after a micro-batch is wholly done (state, events, decisions). The Redis
primary may lose its last acknowledged writes, in a failover or with the end of its append-only file. It loses the latest
writes first, so with the effects of a batch it loses the position stored after them, and the worker resumes from the
position that Redis still has (promise 5). Two signs show such a loss:

- a position is stored by compare-and-set: an offset range that begins beyond the stored position has a gap before it;
- the server that answers after a loss is another one or was restarted, so it has another replication id: then the worker
  stores no position for the batch under way either, because the first writes of this batch may be lost as well.

On a Redis Cluster each shard may lose writes alone. Each shard keeps all positions; the smallest is that of the partition.

Beside the positions each key has the id of the state (`state/identity.py`), so that every look at positions also shows whether
this is the state that the topics belong to: a Redis that was emptied, or another one, has not that id.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from streams.errors import LostStateError, SettingsError, StateError
from streams.matching.ruleset import RULESET
from streams.settings import PREFIX, Settings
from streams.state.connection import Command, Connection, Script
from streams.state.formats import FIRST, LATEST
from streams.state.generation import FIXED
from streams.state.layout import Layout

__all__ = ["HISTORY", "Histories", "Look", "Place", "Progress", "Step", "known_format"]

_FOLDER = Path(__file__).parent
HISTORY = _FOLDER / "history.lua"
"""Functions by which scripts ask which server answers; put before them."""
MARK_PROGRESS, READ_PROGRESS = (Script(HISTORY, _FOLDER / f"{name}.lua") for name in ("mark_progress", "read_progress"))
_ID, _STATE = b"@", b"@state:"

Place = tuple[str, int]
"""A topic and a partition of it."""

Histories = tuple[bytes, ...]
"""The replication id of the server behind each key of positions: the same ones again mean that no write was lost.

`b""` where a server does not say; then only positions show a loss.
"""


class Step(NamedTuple):
    """Messages of one partition, all handled: from the offset where reading began to the next one to handle."""

    topic: str
    partition: int
    begins: int
    ends: int


class Look(NamedTuple):
    """What Redis has stored: the position of each partition, and the replication ids of the servers.

    `marked` has, for each key of positions and each replication id, the Unix time in ms at which a position was last stored.
    """

    positions: dict[Place, int]
    histories: Histories
    marked: tuple[dict[bytes, int], ...]

    def forgotten_since(self, known: Histories) -> int | None:
        """Return the Unix time in ms since which writes may be lost; None where none are.

        `known` are the replication ids when the caller wrote; where empty, those of the last positions that any worker stored.
        """
        since: list[int] = []
        for place, (now, marked) in enumerate(zip(self.histories, self.marked, strict=True)):
            former = {history: time for history, time in marked.items() if history != now}
            last = max(former.values(), default=0)
            if known and known[place] != now:
                since.append(former.get(known[place], last))
            elif not known and former and now not in marked:
                since.append(last)
        return min(since, default=None)


class Progress:
    """Stores positions and fixed facts of one index version. Not safe for use from two threads at once.

    More than ten methods, for positions and replication ids are stored and compared together.
    """

    def __init__(self, layout: Layout, connection: Connection, *, spread: bool | None = None) -> None:
        """Keep positions on every shard where `spread`; by default on a Redis Cluster."""
        self._layout = layout
        self._connection = connection
        spread = connection.is_cluster if spread is None else spread
        self._keys = layout.spread_progress if spread else (layout.progress,)
        self._registered = False
        self.state = ""
        """The id of the state that must be there: where it is not, `mark`, `check` and `look` raise LostStateError. `""`: any."""

    def begin_topics(self, milliseconds: int) -> None:
        """Store the Unix time at which the broker, having lost its topics, restarted them at offset 0."""
        self._connection.call("HSET", self._layout.meta, "topics_since", milliseconds)

    def topics_since(self) -> int:
        """Return the Unix time in ms at which the topics last restarted at offset 0; 0 if they never did."""
        return int(self._connection.call("HGET", self._layout.meta, "topics_since") or 0)

    def claim(self, settings: Settings) -> int:
        """Fix the facts of the index version, or check the settings against them; store the ruleset it was begun with.

        Return the format of its values (`state/formats.py`): the latest where it begins here. Raises SettingsError where the
        settings contradict what the index version was made with, StateError where its format is of a later release.
        """
        facts = {"format": str(LATEST), **{name: str(getattr(settings, name)) for name in FIXED}}
        key, form = self._layout.meta, LATEST
        for name, value in facts.items():
            self._connection.call("HSETNX", key, name, value)
            fixed = self._connection.call("HGET", key, name).decode()
            if name == "format":
                form = known_format(settings.generation, fixed)
                continue
            if fixed == value:
                continue
            raise SettingsError(
                PREFIX + name.upper(),
                f"is {value}, but generation {settings.generation!r} was made with {fixed}",
                f"{fixed}, or run `streams rebuild` with the new value first",
            )
        self._connection.call("HSETNX", key, "ruleset", RULESET)
        return form

    def mark(self, steps: Sequence[Step], known: Histories) -> tuple[dict[Place, int], Histories]:
        """Store how far partitions are handled; return those to rewind, with their offsets, and the replication ids now.

        `known` are the replication ids as they were before the first write of these steps. Steps of a partition are in order.
        A position never goes back. Raises LostStateError where the state is not there.
        """
        arguments = [argument for t, p, begins, ends in steps for argument in (f"{t}:{p}", begins, ends)]
        commands = [
            MARK_PROGRESS.call((key,), (history, self.state, *arguments))
            for key, history in zip(self._keys, known, strict=True)
        ]
        replies = self._run(commands)
        if not all(there for _, there, *_ in replies):
            raise LostStateError(self.state)
        back: dict[Place, int] = {}
        for history, (now, _, *positions) in zip(known, replies, strict=True):
            for step, position in zip(steps, positions, strict=True):
                if now != history or position < step.begins:
                    place = step.topic, step.partition
                    back[place] = min(back.get(place, step.begins), position, step.begins)
        return back, tuple(reply[0] for reply in replies)

    def check(self, steps: Sequence[Step], known: Histories) -> tuple[dict[Place, int], Histories]:
        """Return as `mark` does, before anything is handled, which partitions have a gap before their first step."""
        ends = {(step.topic, step.partition, step.ends) for step in steps}
        first = [step for step in steps if (step.topic, step.partition, step.begins) not in ends]
        return self.mark([step._replace(ends=step.begins) for step in first], known)

    def look(self) -> Look:
        """Read the stored positions and the replication ids. Raises LostStateError where the state is not there."""
        replies = self._run([READ_PROGRESS.call((key,), ()) for key in self._keys])
        kept = [reply[1:] for reply in replies]
        if self.state and not all(_STATE + self.state.encode() in reply[::2] for reply in kept):
            raise LostStateError(self.state)
        marked = tuple(
            {f[1:]: int(value) for f, value in _pairs(reply) if f.startswith(_ID) and not f.startswith(_STATE)}
            for reply in kept
        )
        return Look(_smallest(kept), tuple(reply[0] for reply in replies), marked)

    def positions(self) -> dict[Place, int]:
        """Return the next offset to handle of every (topic, partition) ever handled in this index version."""
        return _smallest(self._connection.execute([Command(key, ("HGETALL", key)) for key in self._keys]))

    def put(self, positions: Mapping[Place, int]) -> None:
        """Store positions, whatever Redis has stored, also smaller ones."""
        fields = [entry for (topic, partition), at in positions.items() for entry in (f"{topic}:{partition}", at)]
        if fields:
            self._connection.execute([Command(key, ("HSET", key, *fields)) for key in self._keys])

    def take_over(self, other: Progress) -> None:
        """Store the positions and replication ids of another index version, and nothing else.

        So the next worker on this one detects whether Redis lost writes whose events were published from the other one.
        """
        positions = [entry for (t, p), at in other.positions().items() for entry in (f"{t}:{p}", at)]
        replies = other._connection.execute([Command(key, ("HGETALL", key)) for key in other._keys])
        commands = []
        for key, reply in zip(self._keys, replies, strict=True):
            marked = [part for field, value in _pairs(reply) if field.startswith(_ID) for part in (field, value)]
            commands.append(Command(key, ("DEL", key)))
            if positions or marked:
                commands.append(Command(key, ("HSET", key, *positions, *marked)))
        self._connection.execute(commands)

    def forget_positions(self) -> None:
        """Remove all positions: the broker lost its topics, so their offsets restart at 0."""
        replies = self._connection.execute([Command(key, ("HKEYS", key)) for key in self._keys])
        positions = [[field for field in reply if not field.startswith(_STATE)] for reply in replies]
        self._connection.execute(
            [Command(key, ("HDEL", key, *fields)) for key, fields in zip(self._keys, positions, strict=True) if fields]
        )

    def name_state(self, state: str) -> None:
        """Store the id of the state beside the positions, under every key."""
        field = _STATE + state.encode()
        self._connection.execute([Command(key, ("HSET", key, field, 0)) for key in self._keys])

    def has_state(self, state: str) -> bool:
        """Return whether every key of positions has the id of a state."""
        field = _STATE + state.encode()
        return all(self._connection.execute([Command(key, ("HEXISTS", key, field)) for key in self._keys]))

    def _run(self, commands: Sequence[Command]) -> list[Any]:
        if not self._registered:
            self._connection.register(MARK_PROGRESS, READ_PROGRESS)
            self._registered = True
        return self._connection.execute(commands)


def _smallest(replies: Sequence[Sequence[bytes]]) -> dict[Place, int]:
    """Return the smallest position of each partition in any key; one that a key does not know is 0 there."""
    found: list[dict[Place, int]] = []
    for reply in replies:
        known: dict[Place, int] = {}
        for field, offset in _pairs(reply):
            if not field.startswith(_ID):
                topic, _, partition = field.decode().rpartition(":")
                known[topic, int(partition)] = int(offset)
        found.append(known)
    places = dict.fromkeys(place for known in found for place in known)
    return {place: min(known.get(place, 0) for known in found) for place in places}


def _pairs(reply: Sequence[bytes]) -> Iterator[tuple[bytes, bytes]]:
    return zip(reply[::2], reply[1::2], strict=True)


def known_format(generation: str, stored: str) -> int:
    """Return the format of the values of a generation, as stored. Raises StateError where it is of a later release."""
    if not FIRST <= int(stored) <= LATEST:
        raise StateError(
            f"generation {generation} has state format {int(stored)}, this version reads {FIRST} to {LATEST}: "
            "run the version of Streams that wrote it, or rebuild the state (docs/operations.md)"
        )
    return int(stored)
