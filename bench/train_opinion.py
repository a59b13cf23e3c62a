"""The weights, in bits, believed before any counting: what bench/train.py draws sparse levels to.

They state what matching.md's sources agree on (an author list without a name in common speaks as strongly
against as an equal long title speaks for; a preprint's lag says nothing), so a level the sets hardly show keeps sense.
"""

from __future__ import annotations

PRIOR = -3.0
OPINION: dict[str, dict[str, float]] = {
    "title": {
        "exact_long": 9.0, "exact_mid": 7.0, "exact_short": 4.0, "exact_tiny": 1.0, "exact_stop": -2.0, "noisy_long": 7.5,
        "noisy_short": 3.0, "subtitle_long": 6.0, "subtitle_short": 1.5, "prefix_long": 2.5, "prefix_short": -1.0,
        "inner": 0.0, "typo": 6.5, "extra": 1.0, "other": -1.0, "main": -1.5,
        "translated": 0.0, "retitled": -2.5, "similar": -4.0, "different": -10.0,
    },
    "authors": {
        "same_many": 6.0, "same_two": 5.0, "same_one": 4.0, "contained": 4.0, "most": 2.0, "some": 0.0, "family": -3.0,
        "initials": 0.5, "cut": -0.5, "contained_one": 1.5, "none": -7.0, "group": 0.0,
    },
    "year": {"day": 2.5, "same": 1.5, "one": 0.3, "two": -0.3, "four": -1.5, "more": -4.0, "lag": 0.8, "long_lag": -0.5},
    "abstract": {"same": 5.0, "similar": 1.5, "different": -3.5},
    "place": {"issue": -1.0, "same": 5.0, "page": 2.0, "twice": -9.0, "conflict": -4.0, "volume": -2.0},
    "journal": {"same": 1.0, "different": -0.3},
    "identifier": {"same": 11.0, "registrant": -4.0, "preprint": 0.0, "different": -1.0},
}  # fmt: skip
