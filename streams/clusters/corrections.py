"""Corrections: a person's word that two records are the same paper, or are not. Pure.

Corrections come in one order. Each is accepted or refused by those accepted before it: one that contradicts
what stands is refused, also where the contradiction goes through third records. A verdict never changes;
an accepted `undo` ends what it names. So what holds for a pair is a function of the verdicts alone, and
every worker and every replay finds the same.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from streams.clusters.group import Ruling
from streams.errors import PayloadError
from streams.index.layout import id_of

__all__ = [
    "BAD_CORRECTION",
    "CONFLICT",
    "DIFFERENT",
    "ID_USED",
    "NOTHING_TO_UNDO",
    "SAME",
    "UNDO",
    "Correction",
    "Verdict",
    "decide",
    "read_correction",
    "ruling",
    "standing",
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
    """What became of a correction, for ever.

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
        """Whether it took effect."""
        return not self.code

    def fields(self) -> dict[str, str]:
        """The correction as JSON fields, with the records it is about also where it is an `undo`."""
        told = self.correction
        fields = {"id": told.id, "action": told.action, "a": self.a, "b": self.b}
        if told.undoes:
            fields["undoes"] = told.undoes
        return fields | {"author": told.author, "reason": told.reason, "time": told.time}


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


def decide(correction: Correction, earlier: Sequence[Verdict]) -> Verdict:
    """The verdict on a correction, given all verdicts before it (in any order)."""
    serial = max((verdict.serial for verdict in earlier), default=0) + 1
    stands = standing(earlier)
    if correction.action == UNDO:
        return _undo(correction, serial, earlier, stands)
    against = _contradiction(correction, stands)
    a, b = sorted((correction.a, correction.b))
    if against:
        named = "; ".join(map(str, against[:_MOST_NAMED])) + ("; …" if len(against) > _MOST_NAMED else "")
        detail = f"{correction.action} {correction.a} {correction.b} contradicts what stands: {named}. Undo that first."
        return Verdict(correction, serial, a, b, "", CONFLICT, detail)
    return Verdict(correction, serial, a, b, correction.action)


def standing(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """The accepted `same` and `different` that nobody has undone, oldest first."""
    accepted = [verdict for verdict in verdicts if verdict.accepted]
    undone = {verdict.correction.undoes for verdict in accepted}
    stands = (v for v in accepted if v.correction.action != UNDO and v.correction.id not in undone)
    return sorted(stands, key=lambda verdict: verdict.serial)


def ruling(verdict: Verdict) -> Ruling:
    """What an accepted correction says to the group of its two records."""
    a, b = sorted((id_of(verdict.a), id_of(verdict.b)))
    return Ruling(a, b, _HOLDS[verdict.holds], verdict.serial)


def _undo(correction: Correction, serial: int, earlier: Sequence[Verdict], stands: Sequence[Verdict]) -> Verdict:
    target = next((verdict for verdict in stands if verdict.correction.id == correction.undoes), None)
    if target is None:
        detail = _why_not_undone(correction.undoes, earlier)
        return Verdict(correction, serial, code=NOTHING_TO_UNDO, detail=detail)
    # Nothing that contradicts it could be accepted while it stood, so another on the same two says the same.
    others = (v for v in stands if v is not target and (v.a, v.b) == (target.a, target.b))
    holds = target.holds if any(others) else ""
    return Verdict(correction, serial, target.a, target.b, holds)


def _why_not_undone(identifier: str, earlier: Sequence[Verdict]) -> str:
    known = next((verdict for verdict in earlier if verdict.correction.id == identifier), None)
    if known is None:
        return f"no correction {identifier} is known"
    if not known.accepted:
        return f"{known.correction} was refused"
    if known.correction.action == UNDO:
        return f"{known.correction} is an undo itself; make the correction again instead"
    by = next(v for v in earlier if v.accepted and v.correction.undoes == identifier)
    return f"{known.correction} was undone already by {by.correction}"


def _contradiction(correction: Correction, stands: Sequence[Verdict]) -> list[Correction]:
    """The standing corrections that together say the opposite; empty where none do."""
    same: dict[str, list[tuple[str, Correction]]] = defaultdict(list)
    for verdict in stands:
        if verdict.holds == SAME:
            same[verdict.a].append((verdict.b, verdict.correction))
            same[verdict.b].append((verdict.a, verdict.correction))
    near_a = _paths(same, correction.a)
    if correction.action == DIFFERENT:
        return near_a.get(correction.b, [])
    near_b = _paths(same, correction.b)
    for verdict in stands:
        if verdict.holds == DIFFERENT:
            for x, y in ((verdict.a, verdict.b), (verdict.b, verdict.a)):
                if x in near_a and y in near_b:
                    return [verdict.correction, *near_a[x], *near_b[y]]
    return []


def _paths(same: Mapping[str, Sequence[tuple[str, Correction]]], start: str) -> dict[str, list[Correction]]:
    """Every record that is the same as `start`, with the shortest chain of corrections that says so."""
    paths: dict[str, list[Correction]] = {start: []}
    queue = deque([start])
    while queue:
        here = queue.popleft()
        for there, correction in same.get(here, ()):
            if there not in paths:
                paths[there] = [*paths[here], correction]
                queue.append(there)
    return paths
