"""The verdicts on all corrections, in Redis. Key `N:c` of `state/layout.py`.

`c`, field = correction id, value = its verdict (JSON, see `corrections.Verdict`): written once, never changed,
never removed. A verdict is written only if no other was written since all were read, so verdicts form one sequence,
whichever worker writes them: a replay, or a worker that has lost its partition and does not know it, gets the verdict
that was written first. It is one hash of about 300 bytes a correction, read as a whole when a new one comes: meant
for what people and careful tools say, up to some 100,000.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from streams.clusters.corrections import ID_USED, Correction, Standing, Verdict
from streams.errors import RedisError
from streams.state.connection import Command, Connection, Script
from streams.state.layout import Layout
from streams.state.progress import HISTORY

__all__ = ["DECIDE_CORRECTION", "CorrectionLog"]

DECIDE_CORRECTION = Script(HISTORY, Path(__file__).parent / "decide_correction.lua")

_MAX_ATTEMPTS = 200


class CorrectionLog:
    """Reads the verdicts and adds new ones."""

    def __init__(self, layout: Layout, connection: Connection) -> None:
        """Use a connection on which `DECIDE_CORRECTION` is registered before `decide` is called."""
        self._key = layout.corrections
        self._connection = connection
        self._decoder = msgspec.json.Decoder(Verdict)
        self._encoder = msgspec.json.Encoder()
        self.known = b""
        """Replication ids (`state/progress.py`). Where not empty, a server with another one refuses verdicts: it may have
        lost earlier ones in a failover, and the order of verdicts counts."""

    def all(self) -> list[Verdict]:
        """Return every verdict, oldest first."""
        (reply,) = self._connection.execute([Command(self._key, ("HVALS", self._key))])
        return sorted(map(self._decoder.decode, reply), key=lambda verdict: verdict.serial)

    def find(self, identifiers: Sequence[str]) -> list[Verdict | None]:
        """Return the verdict on each correction, None where there is none yet."""
        if not identifiers:
            return []
        (replies,) = self._connection.execute([Command(self._key, ("HMGET", self._key, *identifiers))])
        return [self._decoder.decode(reply) if reply else None for reply in replies]

    def decide(self, corrections: Sequence[Correction]) -> list[Verdict]:
        """Return the verdicts on corrections, in their order; write one for each that has none."""
        known = {found.correction.id: found for found in self.find([c.id for c in corrections]) if found}
        for _ in range(_MAX_ATTEMPTS):
            new = {c.id: c for c in reversed(corrections) if c.id not in known}
            if not new:
                return [_answer(correction, known[correction.id]) for correction in corrections]
            known |= self._write([c for c in corrections if new.get(c.id) is c])
        raise RedisError("other workers decide corrections faster than this one can")

    def _write(self, corrections: Iterable[Correction]) -> dict[str, Verdict]:
        """Try to write a verdict on each; return those in Redis now, of this worker or another one."""
        verdicts = self.all()
        read, standing = len(verdicts), Standing(verdicts)
        ours: list[Verdict] = []
        for correction in corrections:
            ours.append(standing.decide(correction))
            standing.take(ours[-1])
        calls = [
            DECIDE_CORRECTION.call(
                (self._key,), (v.correction.id, read + position, self._encoder.encode(v), self.known)
            )
            for position, v in enumerate(ours)
        ]
        replies = self._connection.execute(calls)
        return {
            verdict.correction.id: self._decoder.decode(reply) if reply else verdict
            for verdict, reply in zip(ours, replies, strict=True)
            if reply is None or reply
        }


def _answer(correction: Correction, verdict: Verdict) -> Verdict:
    """Return the outcome of a correction whose id is stored already: the stored one, or a refusal where it is another correction's.

    Two that differ in their time alone are the same correction, sent twice: the sender did not learn that the first one arrived.
    """
    if verdict.correction == msgspec.structs.replace(correction, time=verdict.correction.time):
        return verdict
    detail = f"the id is that of {verdict.correction}; every correction needs one of its own"
    return Verdict(correction, verdict.serial, code=ID_USED, detail=detail)
