"""Who may work on a generation: its workers, or a rebuild that keeps them out. Key `N:meta` of `state/layout.py`.

| field         | value                                                                                          |
|---------------|------------------------------------------------------------------------------------------------|
| `worker:<id>` | when this worker last said that it is at work here, the server's time in ms                    |
| `rebuilding`  | the generation that a rebuild makes from this one; stays until it is switched to or given up   |
| `holder`      | token of the rebuild that runs, `held_until` how long it may say nothing (server's time in ms) |
| `closing`     | workers are kept out while it is held: the generation that is about to take over               |
| `successor`   | the generation that took over, for ever: whoever opens this one opens that one                 |

All are fields of one hash, and each step is one script on it: so a worker sees that it is closing, or the rebuild sees
that a worker is inside. A worker that says nothing for `DEAD_SECONDS` is not waited for; it takes itself for gone well before,
after `LEASE_SECONDS` by its own clock. A rebuild that dies keeps nobody out longer than `HOLD_SECONDS`.
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
    """What a worker finds: it is inside (`open`, or `closing`: it should leave) or outside (`closed`, or for ever: `successor`).

    `generation` is the one that is about to take over, or has.
    """

    state: Literal["open", "closing", "closed", "successor"]
    generation: str = ""


class Hold(NamedTuple):
    """What a rebuild finds: `held`, with the number of workers inside; else why it does not hold the generation.

    `successor`, `other` (a rebuild to `detail` was begun), `busy` (one runs), `lost` (we said nothing for too long).
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
        """A worker begins, or says that it is still there."""
        state, generation = self._run(ENTER.call((self._key,), (worker, _ms(DEAD_SECONDS))))
        return Gate(state, generation)  # type: ignore[arg-type]

    def leave(self, worker: str) -> None:
        """A worker has ended what it did."""
        self._connection.execute([Command(self._key, ("HDEL", self._key, f"worker:{worker}"))])

    def hold(self, token: str, to: str, *, take: bool, closed: bool) -> Hold:
        """A rebuild to generation `to` begins (`take`) or goes on; `closed` keeps workers out from now on."""
        flags = (int(take), int(closed))
        arguments = (token, to, _ms(HOLD_SECONDS), *flags, _ms(DEAD_SECONDS))
        state, detail = self._run(HOLD.call((self._key,), arguments))
        return Hold(state, detail)  # type: ignore[arg-type]

    def end(self, token: str, how: Literal["switch", "release", "abort"], known: bytes = b"") -> bool:
        """A rebuild ends: the new generation takes over, the old one goes on, or does so for good. False where it held no more.

        With `known` (replication ids, see `state/progress.py`) it raises ForgottenError on a server of another one.
        """
        return bool(self._connection.execute([END.call((self._key,), (token, how, known))])[0])

    def _run(self, command: Command) -> tuple[str, str]:
        state, detail = self._connection.execute([command])[0]
        return state.decode(), detail.decode()


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
