"""Workers over one log of messages: interleaved at every round trip, dying anywhere, coming back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from streams.engine.engine import Engine
from streams.engine.messages import Incoming
from streams.events import Outgoing
from streams.settings import Settings
from streams.state.connection import Connection
from tests.engine.interleaving import Crash, Stepped, interleave
from tests.engine.worlds import CONTENTS, correction, drain, finish, handle, message, repeat

RECORDS = [f"s{number % 3}:{number}" for number in range(7)]
LANES = 3


class Workers:
    """A log of messages and workers over it; whatever was published, in the order it was."""

    def __init__(self, given: Settings, connection: Connection, pool: dict[int, Engine] | None = None) -> None:
        """`pool` keeps engines for worlds to come, where there are many: they remember nothing but decisions."""
        self.settings = given
        self._pool = pool
        self._connection = connection
        self.log: list[Incoming] = []
        self.published: list[Outgoing] = []
        self.on_their_way: list[Outgoing] = []  # sent by a worker that died, and not yet there
        self.unsafe: list[Incoming] = []  # handled by a worker that died: its offsets were not committed
        self.corrections: list[Incoming] = []  # the topic, which has one partition
        self.position = 0  # of the worker that has it

    def send(self, record: str, content: int | None, *, late: bool = False) -> Incoming:
        taken = 1000 + 10 * len(self.log) - (35 if late else 0)
        self.log.append(message(record, None if content is None else CONTENTS[content], taken))
        return self.log[-1]

    def correct(self, action: str, a: str, b: str = "") -> Incoming:
        """Send a correction; the lane that has the partition takes it at the next `run`."""
        number = len(self.corrections)
        self.corrections.append(correction(f"k{number}", action, a, b, offset=number))
        self.log.append(self.corrections[-1])
        return self.corrections[-1]

    def engine(self, lane: int = -1) -> Engine:
        if self._pool is None:
            return Engine(self.settings, Stepped(self._connection))
        if lane not in self._pool:
            self._pool[lane] = Engine(self.settings, Stepped(self._connection))
        engine = self._pool[lane]
        assert isinstance(engine.connection, Stepped)
        engine.connection.before = engine.connection.after = lambda: None
        return engine

    def run(self, batches: Sequence[Sequence[Incoming]], choices: Random, crashes: dict[int, tuple[int, bool]]) -> None:
        """Each batch by an engine of its own, all at once. `crashes`: lane -> (round trip, after it was done).

        The first has the partition of corrections. Another that handles some has lost it without knowing;
        should it die, nobody repeats them.
        """
        end = len(self.corrections)
        batches = [[*batches[0], *self.corrections[self.position : end]], *batches[1:]]
        works = [self._work(lane, batch, choices, crashes.get(lane)) for lane, batch in enumerate(batches)]
        died = interleave(works, choices.choice)
        for batch, crashed in zip(batches, died, strict=True):
            if crashed:
                self.unsafe += (item for item in batch if item not in self.corrections)
        if not died[0]:
            self.position = end

    def _work(
        self, lane: int, batch: Sequence[Incoming], choices: Random, crash: tuple[int, bool] | None
    ) -> Callable[[Callable[[], None]], None]:
        engine = self.engine(lane)

        def work(step: Callable[[], None]) -> None:
            trips = 0

            def before() -> None:
                nonlocal trips
                step()
                trips += 1
                if crash == (trips, False):
                    raise Crash

            def after() -> None:
                if crash == (trips, True):
                    raise Crash

            def publish(messages: Sequence[Outgoing]) -> None:
                nonlocal trips
                step()
                trips += 1
                if crash and crash[0] == trips:
                    # The topics are sent to in parallel: of each some beginning has arrived, and some more will.
                    for topic in sorted({m.topic for m in messages}):
                        sent = [m for m in messages if m.topic == topic]
                        most = choices.randrange(4)
                        self.published += sent[:most]
                        self.on_their_way += sent[most : most + choices.randrange(4)]
                    raise Crash
                self.published += messages

            connection = engine.connection
            assert isinstance(connection, Stepped)
            connection.before, connection.after = before, after
            handle(engine, batch, publish)

        return work

    def recover(self) -> Engine:
        """Workers come back: what was pending is published, what was not committed is handled again, in order.

        Only then what the dead ones had sent arrives, and a quarter of an hour goes by.
        """
        engine = self.engine()
        drain(engine, self.published.extend)
        waiting = {*self.unsafe, *self.corrections[self.position :]}
        again, self.unsafe = sorted(waiting, key=self.log.index), []
        self.position = len(self.corrections)
        handle(engine, again, self.published.extend)
        finish(engine, self.published.extend)
        self.published += self.on_their_way
        self.on_their_way = []
        repeat(engine, self.published.extend)
        return engine
