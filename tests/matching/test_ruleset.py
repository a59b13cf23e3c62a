"""Weights, thresholds and the preprint policy as they are read from a file."""

from __future__ import annotations

import pytest

from streams.matching.ruleset import DEFAULT, POLICIES, RULESET, load

TEXT = """
ruleset = "test"
prior = -2
duplicate = 0.8
review = 0.4

[title]
exact = 7.5

[doubt]
stop_title = -1.5
"""


def test_weights_are_by_field_and_level_and_doubts_apart() -> None:
    rules = load(TEXT)
    assert (rules.ruleset, rules.prior, rules.duplicate, rules.review) == ("test", -2.0, 0.8, 0.4)
    assert rules.weights == {"title": {"exact": 7.5}}
    assert rules.doubts == {"stop_title": -1.5}
    assert rules.preprints == "merge"


@pytest.mark.parametrize("policy", POLICIES)
def test_a_policy_changes_nothing_but_the_policy(policy: str) -> None:
    rules = load(TEXT).with_policy(policy)
    assert rules.preprints == policy
    assert rules.with_policy("merge") == load(TEXT)


def test_another_policy_is_refused_with_those_there_are() -> None:
    with pytest.raises(ValueError, match="merge, relate, separate"):
        load(TEXT).with_policy("ignore")


def test_the_shipped_rules_have_thresholds_in_order() -> None:
    assert DEFAULT.ruleset == RULESET
    assert 0 < DEFAULT.review < DEFAULT.duplicate < 1
