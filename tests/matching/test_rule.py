from streams.matching.decision import DISTINCT, DUPLICATE, RELATED, REVIEW
from streams.matching.reasons import STAGES
from streams.matching.rule import APART


def test_rules_are_rows_with_a_meaning_and_a_source() -> None:
    rules = [rule for stage in STAGES.values() for rule in stage]
    codes = [rule.code for rule in rules]
    assert len(codes) == len(set(codes))
    for rule in rules:
        assert rule.effect in (DUPLICATE, RELATED, REVIEW, DISTINCT, APART)
        assert rule.meaning
        assert rule.source
