"""Decisions on stored records, each made once while it is remembered."""

from __future__ import annotations

from streams.clusters.planner import Pair
from streams.index.store import RecordStore
from streams.matching.decide import decide
from streams.matching.decision import DUPLICATE, Decision
from streams.matching.keys import Key, keys
from streams.matching.rules import Rules
from streams.matching.screen import LOOSE_KINDS, allows, signature

__all__ = ["Judge"]

_MEMO_ENTRIES = 200_000
_NEITHER = Pair(None, veto=False)


class Judge:
    """Answers for encoded features. Decisions depend on the features alone, so equal bytes share an answer."""

    def __init__(self, store: RecordStore, rules: Rules) -> None:
        self._store = store
        self._rules = rules
        self._decisions: dict[tuple[bytes, bytes], Decision] = {}
        self._keys: dict[bytes, tuple[Key, ...]] = {}

    def decide(self, a: bytes, b: bytes) -> Decision:
        """The decision on two records' encoded features."""
        pair = (a, b) if a <= b else (b, a)
        decision = self._decisions.get(pair)
        if decision is None:
            decision = decide(self._store.features(pair[0]), self._store.features(pair[1]), self._rules)
            if len(self._decisions) >= _MEMO_ENTRIES:
                self._decisions.clear()
            self._decisions[pair] = decision
        return decision

    def keys(self, blob: bytes) -> tuple[Key, ...]:
        """The keys of a record, from its encoded features."""
        found = self._keys.get(blob)
        if found is None:
            found = keys(self._store.features(blob))
            if len(self._keys) >= _MEMO_ENTRIES:
                self._keys.clear()
            self._keys[blob] = found
        return found

    def signature(self, blob: bytes) -> bytes:
        """The signature of a record, from its encoded features."""
        return signature(self._store.features(blob))

    def meet(self, a: bytes, b: bytes) -> bool:
        """Whether two records meet in the key index. Only such pairs may link: others never meet in some order of arrival."""
        shared = set(self.keys(a)).intersection(self.keys(b))
        if any(key.kind not in LOOSE_KINDS for key in shared):
            return True
        return bool(shared) and allows(self.signature(a), self.signature(b))

    def pair(self, a: bytes, b: bytes) -> Pair:
        """What the decision on two records means for clusters; neither where one of them is gone."""
        if not a or not b:
            return _NEITHER
        decision = self.decide(a, b)
        link = decision.score if decision.verdict == DUPLICATE and self.meet(a, b) else None
        return Pair(link, decision.veto) if link is not None or decision.veto else _NEITHER
