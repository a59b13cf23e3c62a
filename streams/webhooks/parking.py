"""The events of an endpoint that were set aside, so that those after them are sent.

An event that is not taken for as long as the endpoint's `park_after` is parked, and the position moves on. `dedup.events` has the
event itself; what is kept is where it is there. At most `MOST_PARKED` are parked: beyond, an event waits at its position as long as
it takes, for an endpoint that takes so little has another fault than its events.

A parked event is sent again when a person asks for it, and once by itself when the endpoint takes events again after it took none:
then the event was not to blame. It is parked in Redis before the position moves, so a kill at any moment loses none.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import msgspec

__all__ = ["MOST_PARKED", "PARK_AFTER_HOURS", "Parked", "Parking"]

MOST_PARKED = 1_000
PARK_AFTER_HOURS = 30.0
"""The waits of the schedule are over by then."""


class Parked(msgspec.Struct, frozen=True):
    """An event that is parked: where `dedup.events` has it, and how it came about. Times are Unix seconds.

    `attempts` were made since `since`, `reason` is the last answer, and the event was parked at `parked_at`. `passed_over` says
    that the endpoint has taken other events meanwhile, or this one was sent again since.
    """

    partition: int
    offset: int
    event_id: str
    since: float
    parked_at: float
    attempts: int = 0
    reason: str = ""
    passed_over: bool = False


class Parking:
    """What is parked of one endpoint, by partition and offset, and whether that is stored.

    More than ten methods, for what is parked is changed, stored and sent again apart.
    """

    def __init__(self, parked: Iterable[Parked] = ()) -> None:
        """Continue with what was stored."""
        self._parked = {(each.partition, each.offset): each for each in parked}
        self._version = self._stored = 0
        self._was_stored = asyncio.Event()
        self._due: list[Parked] = []

    def __len__(self) -> int:
        return len(self._parked)

    @property
    def is_full(self) -> bool:
        """Tell whether no further event may be parked."""
        return len(self._parked) >= MOST_PARKED

    @property
    def version(self) -> int:
        """The number of changes so far, for `store`."""
        return self._version

    @property
    def is_stored(self) -> bool:
        """Tell whether Redis has all of it."""
        return self._stored == self._version

    def all(self) -> list[Parked]:
        """Return the parked events, the one that was parked first at first."""
        return sorted(self._parked.values(), key=lambda each: (each.parked_at, each.partition, each.offset))

    def has(self, partition: int, offset: int, event_id: str) -> bool:
        """Tell whether an event is parked."""
        found = self._parked.get((partition, offset))
        return found is not None and found.event_id == event_id

    def put(self, parked: Parked) -> None:
        """Park an event, or replace what is known of it."""
        self._parked[parked.partition, parked.offset] = parked
        self._version += 1

    def remove(self, parked: Parked) -> None:
        """Remove an event, if it is still parked."""
        if self._parked.pop((parked.partition, parked.offset), None) is not None:
            self._version += 1

    def send_again(self) -> None:
        """Let all that is parked now be due."""
        self._due = self.all()

    def send_blameless_again(self) -> None:
        """Let those be due that were parked while the endpoint took nothing at all."""
        self._due += [each for each in self.all() if not each.passed_over]

    def next_due(self) -> Parked | None:
        """Return the first event that is due and still parked, None where there is none; it stays due until `settle`."""
        while self._due:
            first = self._due[0]
            if (found := self._parked.get((first.partition, first.offset))) is not None:
                return found
            self._due.pop(0)
        return None

    def settle(self, parked: Parked) -> None:
        """Note that an event was sent again, whatever the answer."""
        self._due = [each for each in self._due if (each.partition, each.offset) != (parked.partition, parked.offset)]

    def stop_sending(self) -> int:
        """Let nothing be due; return how many events were."""
        left = len(self._due)
        self._due = []
        return left

    def store(self, version: int) -> None:
        """Note that Redis has what was parked when the version was this one."""
        self._stored = version
        self._was_stored.set()

    async def until_stored(self) -> None:
        """Wait until Redis has what is parked now."""
        wanted = self._version
        while self._stored < wanted:
            self._was_stored.clear()
            await self._was_stored.wait()
