"""What is believed of the weights before any counting: their values in bits, their order, and bounds.

`OPINION` states what matching.md's sources agree on (an author list without a name in common speaks as strongly against as an
equal rare title speaks for; a preprint's lag says nothing). The fit is drawn to it, so a level the sets hardly show keeps
sense.
"""

from __future__ import annotations

PRIOR = -3.0
"""Bits before any comparison: one candidate pair in nine is one work."""
PRIOR_MAX = -2.0
"""The prior never rises above this: the labelled sets hold more duplicates than a feed does."""

OPINION: dict[str, dict[str, float]] = {
    "title": {
        "exact_rare": 9.0, "exact_uncommon": 6.5, "exact_common": 3.5, "exact_frequent": 0.5, "exact_stop": -2.0,
        "variant_rare": 8.0, "variant_common": 4.0, "typo_rare": 7.0, "typo_common": 3.0,
        "noisy_rare": 6.5, "noisy_common": 2.5, "subtitle_rare": 5.5, "subtitle_common": 1.5,
        "prefix_rare": 2.5, "prefix_common": -1.0, "inner": 0.0, "extra": 1.0, "reordered": 2.0,
        "other": -1.0, "main": -1.5, "similar": -4.0, "different": -10.0,
    },
    "authors": {
        "same_many": 6.0, "same_two": 5.0, "same_one": 4.0, "contained": 4.0, "most": 2.0, "some": 0.0, "family": -3.0,
        "initials": 0.5, "cut": -0.5, "contained_one": 1.5, "none": -7.0, "group": 0.0,
    },
    "year": {"day": 2.5, "same": 1.5, "one": 0.3, "two": -0.3, "four": -1.5, "more": -4.0, "lag": 0.8, "long_lag": -0.5},
    "abstract": {"same": 5.0, "similar": 1.5, "different": -3.5},
    "place": {
        "issue": -1.0, "same": 5.0, "same_range": 7.0, "range": 4.0, "page": 2.0, "twice": -9.0, "conflict": -4.0,
        "volume": -2.0, "one_issue": 3.0, "one_volume": 1.0, "number": -2.0,
    },
    "journal": {"same": 1.0, "different": -0.5},
    "identifier": {
        "same": 11.0, "registrant": -4.0, "preprint": 0.0, "different": -2.0, "pmid": -8.0, "listed": -3.0, "edition": 0.0,
    },
}  # fmt: skip

ORDER: dict[str, list[list[str]]] = {
    "title": [
        ["different", "similar", "main", "other", "extra", "prefix_rare", "typo_rare", "variant_rare", "exact_rare"],
        ["other", "reordered", "variant_rare"],
        ["exact_stop", "exact_frequent", "exact_common", "exact_uncommon", "exact_rare"],
        ["inner", "prefix_rare", "subtitle_rare", "exact_rare"],
        ["prefix_common", "prefix_rare"],
        ["subtitle_common", "subtitle_rare"],
        ["noisy_common", "noisy_rare", "exact_rare"],
        ["typo_common", "variant_common", "exact_uncommon"],
        ["typo_common", "typo_rare"],
        ["variant_common", "variant_rare"],
    ],
    "authors": [
        ["none", "family", "some", "most", "contained", "same_two", "same_many"],
        ["none", "initials", "most"],
        ["none", "cut"],
        ["some", "contained_one", "same_one", "same_two"],
    ],
    "year": [["more", "four", "two", "one", "same", "day"], ["four", "long_lag", "lag", "same"], ["two", "lag"]],
    "abstract": [["different", "similar", "same"]],
    "place": [
        ["twice", "volume"],
        ["twice", "conflict", "issue", "page", "same", "same_range"],
        ["page", "range", "same_range"],
        ["number", "one_volume", "one_issue", "same"],
    ],
    "journal": [["different", "same"]],
    "identifier": [["registrant", "different", "preprint", "same"], ["pmid", "listed", "preprint"]],
}
"""Chains of levels, weakest evidence first: no level weighs more than the next. `unknown` is 0 and outside."""

FLOOR = {
    ("year", "one"): -0.3, ("year", "two"): -0.8, ("year", "four"): -1.5, ("year", "long_lag"): -1.5,
    ("place", "page"): 0.5, ("abstract", "different"): -4.0, ("abstract", "similar"): 0.0,
    ("identifier", "different"): -2.5, ("identifier", "registrant"): -5.0, ("identifier", "preprint"): -0.5,
}  # fmt: skip
"""No weight below these, whatever the sets say: they hold few preprints with a rewritten abstract or a late journal."""

CEIL = {
    ("title", "similar"): -4.0, ("title", "inner"): -1.5, ("title", "main"): -2.5, ("title", "other"): -1.0,
    ("title", "noisy_common"): 2.5, ("title", "prefix_common"): -1.0, ("title", "subtitle_common"): 1.0,
    ("title", "exact_frequent"): 0.0, ("title", "exact_stop"): -3.0, ("title", "different"): -8.0,
    ("authors", "group"): 0.0, ("journal", "different"): 0.0, ("identifier", "preprint"): 0.0,
}  # fmt: skip
"""No weight above these: most candidates of a labelled set are one work, also those whose titles say little, and in a feed
such titles are another work's more often than in a set that was made to hold duplicates."""

SHARE = {"scholarly_pairs": 3.0, "dblp_scholar": 1.5, "judged_pairs": 1.5, "dirty_dblp_acm": 0.3, "archive_pairs": 0.7}
"""How much a set counts, 1 where it is not named: the pairs of this project's own domain most, values in wrong columns least."""

DOUBT = -2.0
"""Bits believed of a doubt before any counting."""
DOUBT_MIN, DOUBT_MAX = -12.0, -0.1
"""A doubt never speaks for a pair, and never outweighs an identifier."""
