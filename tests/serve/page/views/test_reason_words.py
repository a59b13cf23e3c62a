"""Every code that a decision may carry has words, and no words are left of a code that is gone."""

from __future__ import annotations

import pytest

from streams.matching.decision import DISTINCT, DUPLICATE, RELATED, REVIEW
from streams.matching.pair import Levels
from streams.matching.reasons import LEVELS, REASONS
from streams.matching.ruleset import DEFAULT
from streams.serve.page.views.reason_words import _LEVELS, FIELDS, RULES, VERDICTS, level_words, words_of


def test_every_rule_has_words_and_no_words_are_of_a_rule_that_is_gone() -> None:
    assert RULES.keys() == {reason.code for reason in REASONS}


def test_every_level_has_words_that_of_a_missing_value_included() -> None:
    assert set(_LEVELS) == set(LEVELS) == set(Levels._fields)
    for field, levels in LEVELS.items():
        assert _LEVELS[field].keys() == levels.keys() | {"unknown"}, field
        assert DEFAULT.weights[field].keys() <= _LEVELS[field].keys(), field


def test_fields_and_verdicts_have_words() -> None:
    assert FIELDS.keys() == {*Levels._fields, "doubt"}
    assert VERDICTS.keys() == {DUPLICATE, REVIEW, RELATED, DISTINCT}


@pytest.mark.parametrize("words", [*RULES.values(), *(w for levels in _LEVELS.values() for w in levels.values())])
def test_words_are_sentences_and_no_codes(words: str) -> None:
    assert words[0].isupper()
    assert not words.endswith(".")
    assert "_" not in words


def test_a_code_is_looked_up_by_rule_or_by_level() -> None:
    assert words_of("same_doi") == RULES["same_doi"]
    assert words_of("authors_same_two") == level_words("authors", "same_two") == "The same two authors"
    assert level_words("doubt", "stop_title") == RULES["stop_title"]
    assert words_of("of_an_old_ruleset") == "of an old ruleset"
