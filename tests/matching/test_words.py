"""How much titles say, and which strings are words."""

from __future__ import annotations

import pytest

from streams.matching.words import RAREST, hash_of, information, is_word, shared_information


@pytest.mark.parametrize("word", ["water", "model", "analysis", "水"])
def test_words_of_titles_are_words(word: str) -> None:
    assert is_word(word)


@pytest.mark.parametrize("word", ["watre", "mdoel", "qzxvk"])
def test_slips_are_no_words(word: str) -> None:
    assert not is_word(word)


def test_a_rare_word_says_more_than_a_common_one() -> None:
    assert 0 < information("analysis") < information("lichen")
    assert information("qzxvk") == RAREST


def test_a_word_that_follows_as_usual_says_less_than_alone() -> None:
    together = information("climate change")
    assert together < information("climate") + information("change")


def test_letters_of_scripts_without_blanks_count_one_by_one() -> None:
    assert information("ก") * 2 == pytest.approx(information("กข"))


def test_what_two_titles_share_does_not_depend_on_order() -> None:
    a, b = "frost in alpine lakes", "lakes of frost"
    assert shared_information(a, b) == shared_information(b, a) == pytest.approx(shared_information("frost lakes", a))
    assert shared_information("frost", "thaw") == 0.0


def test_a_hash_leaves_its_lower_bits_to_the_class() -> None:
    assert hash_of("frost") & 0x7F == 0
    assert hash_of("frost") == hash_of("frost")
    assert hash_of("\ud800") >= 0, "a lone surrogate has a hash as well"
