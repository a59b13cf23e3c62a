"""The key index in memory: which records were seen under a blocking key, as `state/add_to_keys.lua` keeps them in Redis.

A record reads its keys and is then added to them; a key keeps a bounded number of records, those with the smallest ids, and
takes others of its overflow where some are removed. Records that share only weak keys are candidates where their signatures
agree (`matching/prefilter.py`).
"""

from __future__ import annotations

from bisect import insort
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from streams.matching.blocking import blocking_keys
from streams.matching.candidate_pairs import make_candidates
from streams.matching.feature_values import Features
from streams.matching.prefilter import WEAK_KINDS, prefilter, signature

__all__ = ["KEY_CAP", "Blocking", "KeyNumbers", "MemoryIndex"]

KEY_CAP = 64
"""Records kept under one key: the default of the setting `key_cap`."""
_OVERFLOW = 4
"""How many times as many a full key keeps in its overflow."""


class _Ordered(Protocol):
    def __lt__(self, other: Any, /) -> bool: ...
    def __hash__(self) -> int: ...


T = TypeVar("T", bound=_Ordered)


class Blocking(NamedTuple):
    """What brings a record together with others: its blocking keys as (number, whether the key is weak), and its signature."""

    keys: tuple[tuple[int, bool], ...]
    signature: bytes

    def shared(self, other: Blocking) -> set[tuple[int, bool]]:
        """Return the keys that two records have in common."""
        return set(self.keys).intersection(other.keys)

    def meets(self, other: Blocking) -> bool:
        """Return whether two records meet in an index: they share a strong key, or a weak one and their signatures agree."""
        return make_candidates([weak for _, weak in self.shared(other)], self.signature, other.signature)


class KeyNumbers:
    """Numbers blocking keys, so that a key that many records share is kept as text once. `kinds` has the kind of each."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, str], int] = {}

    @property
    def kinds(self) -> list[str]:
        """The kinds of all blocking keys; the kind of the key with number n is at index n."""
        return [kind for kind, _ in self._numbers]

    def blocking(self, features: Features) -> Blocking:
        """Return what brings a record with these features together with others."""
        numbers = self._numbers
        numbered = ((numbers.setdefault(key, len(numbers)), key.kind in WEAK_KINDS) for key in blocking_keys(features))
        return Blocking(tuple(numbered), signature(features))


class MemoryIndex(Generic[T]):
    """Records under their blocking keys; ids of any type that can be hashed and ordered."""

    def __init__(self, cap: int = KEY_CAP) -> None:
        """Keep at most `cap` records under one key."""
        self._cap = cap
        self._members: defaultdict[int, list[T]] = defaultdict(list)
        self._overflow: defaultdict[int, list[T]] = defaultdict(list)
        self._signatures: dict[T, bytes] = {}

    def add(self, record: T, blocking: Blocking) -> list[T]:
        """Add a record to its keys, and return the records that it has to be compared with, each once."""
        found: dict[T, None] = {}
        signatures, passes = self._signatures, prefilter(blocking.signature)
        signatures[record] = blocking.signature
        for _, weak, members in self.read_and_add(record, blocking):
            if weak:
                found.update((other, None) for other in members if passes(signatures[other], 0))
            else:
                found.update(dict.fromkeys(members))
        found.pop(record, None)
        return list(found)

    def read_and_add(self, record: T, blocking: Blocking) -> Iterator[tuple[int, bool, list[T]]]:
        """Yield each key, whether it is weak, and the records under it; add the record to a key after it was read."""
        for key, weak in blocking.keys:
            members = self._members[key]
            yield key, weak, members
            if record not in members:
                self._insert(key, members, record)

    def members(self, key: int) -> Sequence[T]:
        """Return the records under a key, in the order in which they came."""
        return self._members.get(key, ())

    def remove(self, record: T, keys: Iterable[tuple[int, bool]]) -> None:
        """Take a record out of keys that are no longer its own; a record of the overflow takes its room."""
        for key, _ in keys:
            members, overflow = self._members.get(key, []), self._overflow.get(key, [])
            if record in overflow:
                overflow.remove(record)
            if record in members:
                members.remove(record)
                members += overflow[:1]
                del overflow[:1]

    def _insert(self, key: int, members: list[T], record: T) -> None:
        if len(members) < self._cap:
            members.append(record)
            return
        most, overflow = max(members), self._overflow[key]
        if record in overflow:
            overflow.remove(record)
        if record < most:
            members[members.index(most)] = record
        insort(overflow, max(record, most))
        del overflow[_OVERFLOW * self._cap :]
