"""Remembers decisions on pairs of records and the blocking keys of records, by their features."""

from __future__ import annotations

from streams.clusters.planner import Pair
from streams.matching.blocking import blocking_keys
from streams.matching.decide import decide
from streams.matching.decision import DUPLICATE, RELATED, Decision
from streams.matching.prefilter import passes, signature
from streams.matching.ruleset import Rules
from streams.records.stored import Stored
from streams.state.layout import Layout
from streams.state.places import places_of, shared
from streams.state.recent import Recent
from streams.state.record_store import RecordStore

__all__ = ["DecisionCache"]

_DECISIONS = 16_384
"""Decisions that are kept, about 0.4 kB each with the features that they are kept under."""
_BLOCKING_KEYS = 32_768
"""Records whose blocking keys are kept, about 0.45 kB each; those of others are made of their features again."""
_NEITHER = Pair(None, veto=False)


class DecisionCache:
    """Decides on pairs of records by their encoded features, and remembers the decisions.

    A decision depends on the features alone, so records with equal features share it.
    """

    def __init__(self, store: RecordStore, layout: Layout, rules: Rules) -> None:
        self._store = store
        self._layout = layout
        self._rules = rules
        self._decisions = Recent[tuple[bytes, bytes], Decision](_DECISIONS)
        self._blocking_keys = Recent[bytes, tuple[bytes, bytes]](_BLOCKING_KEYS)

    def decide(self, a: bytes, b: bytes) -> Decision:
        """Return the decision on two records' encoded features."""
        pair = (a, b) if a <= b else (b, a)
        decision = self._decisions.get(pair)
        if decision is None:
            decision = decide(self._store.features(pair[0]), self._store.features(pair[1]), self._rules)
            self._decisions.add(pair, decision)
        return decision

    def cache_keys(self, blob: bytes, signature: bytes, places: bytes) -> None:
        """Remember the signature of a record, given by its encoded features, and the index slots of its blocking keys."""
        self._blocking_keys.add(blob, (signature, places))

    def blocking_keys_of(self, blob: bytes) -> tuple[bytes, bytes]:
        """Return the signature of a record, given by its encoded features, and the index slots of its blocking keys."""
        found = self._blocking_keys.get(blob)
        if found is None:
            features = self._store.features(blob)
            self.cache_keys(blob, signature(features), places_of(self._layout, blocking_keys(features)))
            found = self._blocking_keys[blob]
        return found

    def keys_of(self, stored: Stored) -> tuple[bytes, bytes]:
        """Return the signature of a stored record and the index slots of its blocking keys; none where it was deleted."""
        return self.blocking_keys_of(stored.features) if stored.features else (b"", b"")

    def share_blocking_key(self, a: bytes, b: bytes) -> bool:
        """Return whether two records share a blocking key; where it is a weak one, their signatures have to agree too.

        Only such pairs may link: a worker compares no others, or compares them in some orders of arrival alone.
        """
        (first, mine), (second, theirs) = self.blocking_keys_of(a), self.blocking_keys_of(b)
        strong, weak = shared(mine, theirs)
        return strong > 0 or (weak > 0 and passes(first, second))

    def relation(self, a: bytes, b: bytes) -> str:
        """Return the kind of relation between two records, `""` where there is none or one of them was deleted."""
        if not a or not b:
            return ""
        decision = self.decide(a, b)
        return decision.relation if decision.verdict == RELATED and self.share_blocking_key(a, b) else ""

    def pair_for_partition(self, a: bytes, b: bytes) -> Pair:
        """Return what the decision on two records means for clusters; no link and no veto where one of them was deleted."""
        if not a or not b:
            return _NEITHER
        decision = self.decide(a, b)
        link = decision.score if decision.verdict == DUPLICATE and self.share_blocking_key(a, b) else None
        if link is None and not decision.veto and not decision.opposes:
            return _NEITHER
        return Pair(link, decision.veto, decision.opposes, decision.strength)
