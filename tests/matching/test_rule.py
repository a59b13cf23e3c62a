from streams.matching.decision import DISTINCT, DUPLICATE, RELATED, REVIEW
from streams.matching.pair import compare_fully
from streams.matching.reasons import STAGES
from streams.matching.rule import VETO, Rule, first
from tests.matching.matching_factory import features


def test_rules_are_rows_with_a_meaning_and_a_source() -> None:
    rules = [rule for stage in STAGES.values() for rule in stage]
    codes = [rule.code for rule in rules]
    assert len(codes) == len(set(codes))
    for rule in rules:
        assert rule.effect in (DUPLICATE, RELATED, REVIEW, DISTINCT, VETO)
        assert rule.meaning
        assert rule.source


def test_the_first_row_that_holds_is_taken() -> None:
    pair = compare_fully(features("Lichens on basalt cliffs"), features("Lichens on basalt cliffs"))
    never, always, later = (
        Rule(code, REVIEW, 0.0, lambda _, holds=holds: holds, "", "", "")  # type: ignore[misc]
        for code, holds in (("never", False), ("always", True), ("later", True))
    )
    assert first((never, always, later), pair) is always
    assert first((never,), pair) is None
