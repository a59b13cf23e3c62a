"""What brought a change of a cluster about, as its event names it: messages, a correction, a rebuild or a failover. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from streams.clusters.corrections import Verdict
from streams.events.messages import Evidence

__all__ = ["Cause"]

_Decisions = Mapping[str, Sequence[Evidence]]


@dataclass(frozen=True, slots=True)
class Cause:
    """The cause of all changes of one group plan, made by `messages`, `correction`, `rebuild` or `failover`.

    - `records` are the ids of the records that changed; an event names those of its own cluster only.
    - `evidence` has, by record id, the accepted decisions on it.
    - `name`, where not empty, is in `causes` of every event in place of record ids.
    - `verdict` is the accepted correction; its fields are in `corrections` of every event.
    """

    records: frozenset[str] = frozenset()
    evidence: _Decisions = field(default_factory=dict)
    name: str = ""
    verdict: Verdict | None = None

    @classmethod
    def messages(cls, records: Iterable[str], evidence: _Decisions | None = None) -> Cause:
        """Return the cause of changes that messages of these records brought about."""
        return cls(frozenset(records), evidence or {})

    @classmethod
    def correction(cls, verdict: Verdict) -> Cause:
        """Return the cause of changes that an accepted correction brought about: `correction:ID`."""
        return cls(name=f"correction:{verdict.correction.id}", verdict=verdict)

    @classmethod
    def rebuild(cls, generation: str, evidence: _Decisions) -> Cause:
        """Return the cause of changes that the rebuild of `generation` brought about: `rebuild:GENERATION`."""
        return cls(frozenset(evidence), evidence, f"rebuild:{generation}")

    @classmethod
    def failover(cls, generation: str) -> Cause:
        """Return the cause of changes that undo what Redis lost in a failover: `forgotten:GENERATION`."""
        return cls(name=f"forgotten:{generation}")

    def of(
        self, before: Sequence[str], after: Sequence[str], pairs: frozenset[tuple[str, ...]] = frozenset()
    ) -> tuple[list[str], list[Evidence]]:
        """Return the `causes` and the `evidence` of one event, whose cluster had the records `before` and has `after`.

        The evidence is the decisions within the cluster, or those on `pairs` across its border where any are given.
        """
        ends = {end for pair in pairs for end in pair} if pairs else {*before, *after}
        moved, inside = self.records & ends, set(after)
        found = {
            (e.a, e.b): e
            for record in moved
            for e in self.evidence.get(record, ())
            if ((e.a, e.b) in pairs if pairs else e.a in inside and e.b in inside)
        }
        return [self.name] if self.name else sorted(moved), [found[pair] for pair in sorted(found)]
