"""Which rule decides a pair, and what is decided where one rule is missing."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from streams.matching.decide import match_weight, probability, settled_by
from streams.matching.identity import identified_as
from streams.matching.pair import Pair
from streams.matching.reasons import STAGES
from streams.matching.review_rules import REVIEW_RULES, is_firm
from streams.matching.rule import DUPLICATE, Rule, first
from streams.matching.ruleset import Rules

__all__ = ["RULES", "decider", "doubt_of", "holding", "without"]

RULES: dict[str, tuple[str, Rule]] = {rule.code: (stage, rule) for stage, rules in STAGES.items() for rule in rules}
"""All rules by code, each with the stage at which it is tried."""


def doubt_of(pair: Pair) -> Rule | None:
    """Return the first doubt of a pair, None where there is none or where firm evidence answers all."""
    return None if is_firm(pair) else first(REVIEW_RULES, pair)


def decider(pair: Pair, rules: Rules) -> Rule | None:
    """Return the rule that decides a pair, None where its weights do."""
    if rule := settled_by(pair):
        return rule
    return doubt_of(pair) if probability(match_weight(pair.levels, rules)) >= rules.duplicate else None


def holding(pair: Pair) -> list[str]:
    """Return the codes of all guards that hold for a pair: what keeps it from being a duplicate, be it asked or not.

    Of the rules of identity only the one that is asked can hold: their tests suppose what was looked at before.
    """
    first_of_all = identified_as(pair)
    found = [first_of_all.code] if first_of_all and first_of_all.effect != DUPLICATE else []
    for stage in ("contradiction", "doubt"):
        found += [rule.code for rule in STAGES[stage] if rule.test(pair)]
    return found


@contextmanager
def without(code: str) -> Iterator[None]:
    """Let matching decide without one rule in this process: in every table it holds for no pair."""
    modules = [module for name, module in sys.modules.items() if name.startswith("streams.matching.")]
    shipped = [(module, name, value) for module in modules for name, value in vars(module).items() if _has(value, code)]
    try:
        for module, name, value in shipped:
            setattr(module, name, _replaced(value, code))
        yield
    finally:
        for module, name, value in shipped:
            setattr(module, name, value)


def _has(value: Any, code: str) -> bool:
    if isinstance(value, Rule):
        return value.code == code
    if isinstance(value, tuple):
        return any(isinstance(one, Rule) and one.code == code for one in value)
    return isinstance(value, Mapping) and any(isinstance(one, Rule) and one.code == code for one in value.values())


def _replaced(value: Any, code: str) -> Any:
    if isinstance(value, Rule):
        return _never(value, code)
    if isinstance(value, tuple):
        return tuple(_never(one, code) for one in value)
    return {key: _never(one, code) for key, one in value.items()}


def _never(one: Any, code: str) -> Any:
    return one._replace(test=lambda pair: False) if isinstance(one, Rule) and one.code == code else one
