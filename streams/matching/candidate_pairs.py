"""Which pairs of records a feed compares: those that share a blocking key and pass the prefilter.

The key index stores the same keys (`state/key_index.py`), so the answer needs no server. A key that is
full (`STREAMS_KEY_CAP`) may keep apart two records that are candidates by this module.
"""

from __future__ import annotations

from collections.abc import Collection

from streams.matching.blocking import blocking_keys
from streams.matching.feature_values import Features
from streams.matching.prefilter import WEAK_KINDS, passes, signature

__all__ = ["are_candidates", "make_candidates", "shared_key_kinds"]


def are_candidates(a: Features, b: Features) -> bool:
    """Tell whether a feed compares two records.

    It does where they share a strong blocking key, or share weak ones and their signatures pass the prefilter.
    """
    return make_candidates([kind in WEAK_KINDS for kind in shared_key_kinds(a, b)], signature(a), signature(b))


def shared_key_kinds(a: Features, b: Features) -> tuple[str, ...]:
    """Return the kinds of the blocking keys that two records share, one for each key."""
    theirs = frozenset(blocking_keys(b))
    return tuple(key.kind for key in blocking_keys(a) if key in theirs)


def make_candidates(weak: Collection[bool], a: bytes, b: bytes) -> bool:
    """Tell whether shared blocking keys make two records candidates.

    `weak` has one flag for each shared key; `a` and `b` are the signatures of the records.
    """
    return not all(weak) or (bool(weak) and passes(a, b))
