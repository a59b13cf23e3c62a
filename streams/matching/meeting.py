"""Which records meet in a feed: a pair is compared only where the blocking keys bring the two together.

The key index stores what this says (`state/key_index.py`), so the answer is the same without any server. A key that is
full (`STREAMS_KEY_CAP`) may keep two records apart that would meet by this.
"""

from __future__ import annotations

from collections.abc import Collection

from streams.matching.blocking import keys
from streams.matching.features import Features
from streams.matching.prefilter import LOOSE_KINDS, allows, signature

__all__ = ["brought_together", "meets", "shared_kinds"]


def meets(a: Features, b: Features) -> bool:
    """Return whether a feed compares two records: they share a strong key, or a loose one and their signatures agree."""
    return brought_together([kind in LOOSE_KINDS for kind in shared_kinds(a, b)], signature(a), signature(b))


def shared_kinds(a: Features, b: Features) -> tuple[str, ...]:
    """Return the kinds of the keys that two records share, one for each key."""
    theirs = frozenset(keys(b))
    return tuple(key.kind for key in keys(a) if key in theirs)


def brought_together(loose: Collection[bool], a: bytes, b: bytes) -> bool:
    """Return whether shared keys bring two records of these signatures together; `loose` has one flag for each key."""
    return not all(loose) or (bool(loose) and allows(a, b))
