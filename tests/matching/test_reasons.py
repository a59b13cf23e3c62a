from pathlib import Path

from hypothesis import given, settings

from streams.matching.decide import decide
from streams.matching.features import extract
from streams.matching.reasons import LEVELS, REASONS, meaning, reference
from streams.matching.ruleset import DEFAULT
from streams.records.record import Record
from tests.matching.test_properties import records

PAGE = Path(__file__).parents[2] / "docs" / "matching.md"


@settings(max_examples=200)
@given(records, records)
def test_every_reason_has_a_meaning(one: Record, two: Record) -> None:
    for code in decide(extract(one), extract(two)).reasons:
        assert meaning(code) or code.startswith("same_"), code


def test_every_level_has_a_weight_and_every_weight_a_level() -> None:
    for field, levels in DEFAULT.weights.items():
        assert set(levels) - {"unknown"} == set(LEVELS[field])
    assert len({reason.code for reason in REASONS}) == len(REASONS)


def test_the_page_shows_the_rules_in_force() -> None:
    # Where this fails, put the output of `python -m streams.matching.reasons` into the page.
    assert reference() in PAGE.read_text(encoding="utf-8")
