"""Remembers decisions on pairs of records and the blocking keys of records, by their features."""

from __future__ import annotations

from streams.clusters.planner import Pair
from streams.matching.blocking import blocking_keys
from streams.matching.decide import decide
from streams.matching.decision import DUPLICATE, RELATED, Decision
from streams.matching.prefilter import passes, signature
from streams.matching.ruleset import Rules
from streams.records.stored import Stored
from streams.state.key_index import Place, places
from streams.state.layout import Layout
from streams.state.record_store import RecordStore

__all__ = ["Judge"]

_MEMO_ENTRIES = 200_000
_NEITHER = Pair(None, veto=False)


class Judge:
    """Decides on encoded features. Decisions depend on the features alone, so equal bytes share an answer."""

    def __init__(self, store: RecordStore, layout: Layout, rules: Rules) -> None:
        self._store = store
        self._layout = layout
        self._rules = rules
        self._decisions: dict[tuple[bytes, bytes], Decision] = {}
        self._whereabouts: dict[bytes, tuple[bytes, tuple[Place, ...]]] = {}

    def decide(self, a: bytes, b: bytes) -> Decision:
        """Return the decision on two records' encoded features."""
        pair = (a, b) if a <= b else (b, a)
        decision = self._decisions.get(pair)
        if decision is None:
            decision = decide(self._store.features(pair[0]), self._store.features(pair[1]), self._rules)
            if len(self._decisions) >= _MEMO_ENTRIES:
                self._decisions.clear()
            self._decisions[pair] = decision
        return decision

    def know(self, blob: bytes, signature: bytes, places: tuple[Place, ...]) -> None:
        """Remember the signature and the places of the keys of a record, where they are known already."""
        if len(self._whereabouts) >= _MEMO_ENTRIES:
            self._whereabouts.clear()
        self._whereabouts[blob] = signature, places

    def whereabouts(self, blob: bytes) -> tuple[bytes, tuple[Place, ...]]:
        """Return a record's signature and the places of its keys, from its encoded features."""
        found = self._whereabouts.get(blob)
        if found is None:
            features = self._store.features(blob)
            self.know(blob, signature(features), places(self._layout, blocking_keys(features)))
            found = self._whereabouts[blob]
        return found

    def keys_of(self, stored: Stored) -> tuple[bytes, tuple[Place, ...]]:
        """Return the signature of a stored record and the places of its keys; none where it was deleted."""
        return self.whereabouts(stored.features) if stored.features else (b"", ())

    def meet(self, a: bytes, b: bytes) -> bool:
        """Return whether two records share a blocking key. Only such pairs may link: others never meet in some order of arrival."""
        (first, mine), (second, theirs) = self.whereabouts(a), self.whereabouts(b)
        shared = [place for place in mine if place in theirs]
        return any(not place.loose for place in shared) or (bool(shared) and passes(first, second))

    def relation(self, a: bytes, b: bytes) -> str:
        """Return the kind of relation between two records, `""` where there is none or one of them is gone."""
        if not a or not b:
            return ""
        decision = self.decide(a, b)
        return decision.relation if decision.verdict == RELATED and self.meet(a, b) else ""

    def pair(self, a: bytes, b: bytes) -> Pair:
        """Return what the decision on two records means for clusters; nothing where one of them is gone."""
        if not a or not b:
            return _NEITHER
        decision = self.decide(a, b)
        link = decision.score if decision.verdict == DUPLICATE and self.meet(a, b) else None
        if link is None and not decision.veto and not decision.opposes:
            return _NEITHER
        return Pair(link, decision.veto, decision.opposes, decision.strength)
