"""The lock of a generation: its workers may work on it, or a rebuild keeps them out. Key `N:meta` of `state/layout.py`.

| field         | value                                                                                          |
|---------------|------------------------------------------------------------------------------------------------|
| `worker:<id>` | when this worker last said that it is at work here, the server's time in ms                    |
| `rebuilding`  | the generation that a rebuild makes from this one; stays until it is switched to or given up   |
| `holder`      | token of the rebuild that runs, `held_until` how long it may say nothing (server's time in ms) |
| `closing`     | workers are kept out while it is held: the generation that is about to take over               |
| `successor`   | the generation that took over, permanently: a program that opens this one opens that one       |

All are fields of one hash, and each step is one script on it: so a worker sees that it is closing, or the rebuild sees
that a worker is inside. A rebuild does not wait for a worker that is silent for `DEAD_SECONDS`; that worker stops well before,
after `LEASE_SECONDS` by its own clock. A rebuild that dies keeps workers out no longer than `HOLD_SECONDS`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, NamedTuple

from streams.state.connection import Command, Connection, Script
from streams.state.layout import meta_key
from streams.state.progress import HISTORY

__all__ = ["DEAD_SECONDS", "HOLD_SECONDS", "LEASE_SECONDS", "Fence", "Gate", "Hold"]

DEAD_SECONDS, LEASE_SECONDS, HOLD_SECONDS = 30.0, 20.0, 10.0

_FOLDER = Path(__file__).parent
ENTER, HOLD = (Script(_FOLDER / f"{name}.lua") for name in ("enter_generation", "hold_generation"))
END = Script(HISTORY, _FOLDER / "end_hold.lua")


class Gate(NamedTuple):
    """The answer to a worker: it is inside (`open`, `closing`) or outside (`closed`, `successor`).

    `closing` asks it to leave; `successor` is permanent. `generation` is the one that is about to take over, or has.
    """

    state: Literal["open", "closing", "closed", "successor"]
    generation: str = ""


class Hold(NamedTuple):
    """The answer to a rebuild: `held`, with the number of workers inside, or why it does not hold the generation.

    `successor`, `other` (a rebuild to `detail` was begun), `busy` (one runs), `lost` (this one was silent for too long).
    """

    state: Literal["held", "successor", "other", "busy", "lost"]
    detail: str


class Fence:
    """The fence of one generation. Not safe for use from two threads at once."""

    def __init__(self, namespace: str, generation: str, connection: Connection) -> None:
        self._key = meta_key(namespace, generation)
        self._connection = connection
        connection.register(ENTER, HOLD, END)

    def enter(self, worker: str) -> Gate:
        """Register a worker on this generation, or renew its registration; return whether it may work there."""
        state, generation = self._run(ENTER.call((self._key,), (worker, _ms(DEAD_SECONDS))))
        return Gate(state, generation)  # type: ignore[arg-type]

    def leave(self, worker: str) -> None:
        """Leave as a worker that has ended its work."""
        self._connection.execute([Command(self._key, ("HDEL", self._key, f"worker:{worker}"))])

    def hold(self, token: str, to: str, *, take: bool, closed: bool) -> Hold:
        """Take the generation (`take`) for a rebuild to generation `to`, or renew the hold; `closed` keeps workers out."""
        flags = (int(take), int(closed))
        arguments = (token, to, _ms(HOLD_SECONDS), *flags, _ms(DEAD_SECONDS))
        state, detail = self._run(HOLD.call((self._key,), arguments))
        return Hold(state, detail)  # type: ignore[arg-type]

    def end(self, token: str, how: Literal["switch", "release", "abort"], known: bytes = b"") -> bool:
        """End a rebuild; return False where it no longer held the generation.

        `switch` makes the new generation take over, `release` lets the rebuild be resumed later, `abort` gives it up.
        With `known` (replication ids, see `state/progress.py`) it raises ForgottenError on a server of another one.
        """
        return bool(self._connection.execute([END.call((self._key,), (token, how, known))])[0])

    def _run(self, command: Command) -> tuple[str, str]:
        state, detail = self._connection.execute([command])[0]
        return state.decode(), detail.decode()


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
