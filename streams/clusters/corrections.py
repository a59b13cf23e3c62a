"""Corrections: a person's word that two records are the same paper, or are not. Pure.

Corrections come in one order. Each is accepted or refused by those accepted before it: one that contradicts
an active correction is refused, also where the contradiction goes through third records. A verdict never changes;
an accepted `undo` ends the correction it names. So what holds for a pair is a function of the verdicts alone, and
every worker and every replay finds the same.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from streams.clusters.group import Ruling
from streams.errors import PayloadError
from streams.records.stored import id_of

__all__ = [
    "BAD_CORRECTION",
    "CONFLICT",
    "DIFFERENT",
    "ID_USED",
    "NOTHING_TO_UNDO",
    "SAME",
    "UNDO",
    "Correction",
    "Standing",
    "Verdict",
    "read_correction",
    "ruling",
]

SAME: Literal["same"] = "same"
DIFFERENT: Literal["different"] = "different"
UNDO: Literal["undo"] = "undo"

BAD_CORRECTION = "bad_correction"
CONFLICT = "correction_conflict"
NOTHING_TO_UNDO = "nothing_to_undo"
ID_USED = "correction_id_used"

_MOST_BYTES = 64 * 1024
_MOST_NAMED = 4
_RecordId = Annotated[str, Meta(pattern=r"^([^:]+:[^\x00]+)?$", max_length=1000)]
_HOLDS = {SAME: 1, DIFFERENT: -1, "": 0}


class Correction(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One message of `dedup.corrections`.

    `a` and `b` are record ids (`same`, `different`), `undoes` is the id of an earlier correction (`undo`);
    `time` is ISO 8601 with its zone.
    """

    id: Annotated[str, Meta(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
    action: Literal["same", "different", "undo"]
    author: Annotated[str, Meta(min_length=1, max_length=200)]
    time: Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$")]
    a: _RecordId = ""
    b: _RecordId = ""
    undoes: Annotated[str, Meta(pattern=r"^([A-Za-z0-9._-]{1,64})?$")] = ""
    reason: Annotated[str, Meta(max_length=2000)] = ""

    def __post_init__(self) -> None:
        if self.action == UNDO:
            if not self.undoes or self.a or self.b:
                raise ValueError("undo names the correction it `undoes`, and no records")
        elif not self.a or not self.b or self.undoes:
            raise ValueError(f"{self.action} names two records, `a` and `b`, and no correction")
        elif self.a == self.b:
            raise ValueError("a and b are one record")

    def __str__(self) -> str:
        about = self.undoes if self.action == UNDO else f"{self.a} {self.b}"
        return f"{self.id} ({self.action} {about}, by {self.author}, {self.time})"


class Verdict(msgspec.Struct, frozen=True, omit_defaults=True):
    """The verdict on a correction; it never changes.

    `serial` is its place among all verdicts, from 1. `a` < `b` are the records it is about and `holds` is what
    holds for the two from then on: `same`, `different`, or nothing. Where it was refused, `code` and `detail` say why.
    """

    correction: Correction
    serial: int
    a: str = ""
    b: str = ""
    holds: Literal["same", "different", ""] = ""
    code: str = ""
    detail: str = ""

    @property
    def accepted(self) -> bool:
        """Return whether the correction took effect."""
        return not self.code

    def fields(self) -> dict[str, str]:
        """Return the correction as JSON fields, with the records it is about also where it is an `undo`."""
        said = self.correction
        fields = {"id": said.id, "action": said.action, "a": self.a, "b": self.b}
        if said.undoes:
            fields["undoes"] = said.undoes
        return fields | {"author": said.author, "reason": said.reason, "time": said.time}


def read_correction(payload: bytes | None) -> Correction:
    """Read a message of `dedup.corrections`. Raises PayloadError with `not_json` or `bad_correction`."""
    if not payload:
        raise PayloadError(BAD_CORRECTION, "an empty message corrects nothing; send an undo")
    if len(payload) > _MOST_BYTES:
        raise PayloadError(BAD_CORRECTION, f"{len(payload)} bytes; at most {_MOST_BYTES} are read")
    try:
        return msgspec.json.decode(payload, type=Correction)
    except msgspec.ValidationError as error:
        raise PayloadError(BAD_CORRECTION, str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise PayloadError("not_json", str(error)) from None


def ruling(verdict: Verdict) -> Ruling:
    """Return what an accepted correction says to the group of its two records."""
    a, b = sorted((id_of(verdict.a), id_of(verdict.b)))
    return Ruling(a, b, _HOLDS[verdict.holds], verdict.serial)


class Standing:
    """The active corrections after a sequence of verdicts; decides the next one."""

    def __init__(self, verdicts: Iterable[Verdict] = ()) -> None:
        self._known: dict[str, Verdict] = {}
        self._undone: dict[str, Correction] = {}
        self._links: dict[str, dict[str, dict[str, tuple[str, Correction]]]] = {
            action: defaultdict(dict) for action in (SAME, DIFFERENT)
        }  # action -> record -> id of a correction -> (the other record, the correction)
        for verdict in sorted(verdicts, key=lambda verdict: verdict.serial):
            self.take(verdict)

    def take(self, verdict: Verdict) -> None:
        """Add the next verdict of the sequence."""
        correction = verdict.correction
        self._known[correction.id] = verdict
        if not verdict.accepted:
            return
        if correction.action != UNDO:
            self._links[correction.action][verdict.a][correction.id] = verdict.b, correction
            self._links[correction.action][verdict.b][correction.id] = verdict.a, correction
            return
        self._undone[correction.undoes] = correction
        ended = self._known[correction.undoes]
        for record in (ended.a, ended.b):
            del self._links[ended.correction.action][record][correction.undoes]

    def decide(self, correction: Correction) -> Verdict:
        """Return the verdict on a correction, were it the next. Changes nothing."""
        serial = len(self._known) + 1
        if correction.action == UNDO:
            return self._undo(correction, serial)
        a, b = sorted((correction.a, correction.b))
        against = self.contradicted(correction)
        if not against:
            return Verdict(correction, serial, a, b, correction.action)
        named = "; ".join(map(str, against[:_MOST_NAMED])) + ("; …" if len(against) > _MOST_NAMED else "")
        detail = f"{correction.action} {correction.a} {correction.b} contradicts what stands: {named}. Undo that first."
        return Verdict(correction, serial, a, b, "", CONFLICT, detail)

    def contradicted(self, correction: Correction) -> list[Correction]:
        """Return the active corrections that a `same` or `different` contradicts; none of an `undo`."""
        if correction.action == UNDO:
            return []
        a, b = sorted((correction.a, correction.b))
        return self.same(a, b) if correction.action == DIFFERENT else self.different(a, b)

    def verdicts(self) -> list[Verdict]:
        """Return the accepted `same` and `different` that were not undone, oldest first."""
        return [verdict for verdict in self._known.values() if self._is_active(verdict)]

    def same(self, a: str, b: str) -> list[Correction]:
        """Return the corrections by which two records are the same: one, or a chain of them; empty if there are none."""
        return self._reached(a).get(b, [])

    def different(self, a: str, b: str) -> list[Correction]:
        """Return the corrections by which two records are different: one, and those that carry it over to the two."""
        near_a, near_b = self._reached(a), self._reached(b)
        for x, chain in near_a.items():
            for y, correction in self._links[DIFFERENT].get(x, {}).values():
                if y in near_b:
                    return [correction, *chain, *near_b[y]]
        return []

    def _reached(self, start: str) -> dict[str, list[Correction]]:
        """Return every record that is the same as `start`, with the shortest chain of corrections that says so."""
        chains: dict[str, list[Correction]] = {start: []}
        queue = deque([start])
        while queue:
            here = queue.popleft()
            for there, correction in self._links[SAME].get(here, {}).values():
                if there not in chains:
                    chains[there] = [*chains[here], correction]
                    queue.append(there)
        return chains

    def _undo(self, correction: Correction, serial: int) -> Verdict:
        target = self._known.get(correction.undoes)
        if target is None or not self._is_active(target):
            why = self._why_not_undone(target) if target else f"no correction {correction.undoes} is known"
            return Verdict(correction, serial, code=NOTHING_TO_UNDO, detail=why)
        # Nothing that contradicts it could be accepted while it was active, so another on the same two says the same.
        links = self._links[target.correction.action][target.a]
        others = any(other == target.b for name, (other, _) in links.items() if name != correction.undoes)
        return Verdict(correction, serial, target.a, target.b, target.holds if others else "")

    def _is_active(self, verdict: Verdict) -> bool:
        correction = verdict.correction
        return verdict.accepted and correction.action != UNDO and correction.id not in self._undone

    def _why_not_undone(self, target: Verdict) -> str:
        if not target.accepted:
            return f"{target.correction} was refused"
        if target.correction.action == UNDO:
            return f"{target.correction} is an undo itself; make the correction again instead"
        return f"{target.correction} was undone already by {self._undone[target.correction.id]}"
