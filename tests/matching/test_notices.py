from streams.matching.notices import DERIVED
from streams.matching.titles import title_forms

TITLE = "Coral growth in warm lagoons"


def test_every_rule_has_an_example_it_knows() -> None:
    for rule in DERIVED:
        example = rule.example.replace("...", TITLE)
        assert rule.pattern.search(example), rule
        assert rule.source
        forms = title_forms(example)
        assert forms.derived == rule.kind, rule
