"""The ruleset: weights, thresholds and the preprint policy, read from `weights.toml`."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Any

import msgspec

__all__ = ["DEFAULT", "POLICIES", "RULESET", "Rules", "load"]

POLICIES = ("merge", "relate", "separate")


class Rules(msgspec.Struct, frozen=True):
    """Settings of a decision.

    `prior` and `weights` (field, then level) are match weights in bits; a pair is a duplicate from a score of `duplicate` on, and
    doubtful from `review` on. `preprints` is the policy for a preprint and its published version: `merge` (one work),
    `relate` (two related works) or `separate` (two works).
    """

    ruleset: str
    prior: float
    duplicate: float
    review: float
    weights: dict[str, dict[str, float]]
    doubts: dict[str, float] = {}
    preprints: str = "merge"

    def with_policy(self, preprints: str) -> Rules:
        """Return these rules under another preprint policy."""
        if preprints not in POLICIES:
            raise ValueError(f"preprint policy must be one of {', '.join(POLICIES)}, not {preprints!r}")
        return msgspec.structs.replace(self, preprints=preprints)


def load(text: str) -> Rules:
    """Parse the text of a weights file."""
    data: dict[str, Any] = tomllib.loads(text)
    weights = {field: dict(levels) for field, levels in data.items() if isinstance(levels, dict)}
    doubts = weights.pop("doubt", {})
    return Rules(
        data["ruleset"], float(data["prior"]), float(data["duplicate"]), float(data["review"]), weights, doubts
    )


DEFAULT = load(files("streams.matching").joinpath("weights.toml").read_text(encoding="utf-8"))
RULESET = DEFAULT.ruleset
