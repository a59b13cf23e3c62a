"""British and American spellings, names of one disease, and forms of one word."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.matching.spelling import _COVID, is_inflection, one_spelling
from streams.normalize.text import word_set


@pytest.mark.parametrize(
    ("british", "american"),
    [
        ("colour of harbour seals", "color of harbor seals"),
        ("haemolysis and anaemia", "hemolysis and anemia"),
        ("oedema of the oesophagus", "edema of the esophagus"),
        ("organisation of labelled fibres", "organization of labeled fibers"),
        ("catalysed by sulphur", "catalyzed by sulfur"),
        ("grey moulds of aluminium", "gray molds of aluminum"),
        ("2nd workshop of 3 feb 1998", "second workshop of 3 february 1998"),
    ],
)
def test_both_spellings_are_one(british: str, american: str) -> None:
    assert one_spelling(british) == american
    assert one_spelling(american) == american


_OF_COVID = sorted(
    word_set("discovery covid 19 20 n cov ncov sars sarscov 2 2019 the novel corona coronavirus virus covariance")
)


@given(st.lists(st.sampled_from(_OF_COVID), max_size=6), st.sampled_from((" ", "")))
def test_names_of_one_disease_are_looked_for_wherever_they_may_be(words: list[str], between: str) -> None:
    title = between.join(words)
    assert ("covid19" in one_spelling(title)) == ("covid19" in title or _COVID.search(title) is not None)


@pytest.mark.parametrize(
    "words", ["noise of the hour", "aerosol and algae", "exercise and promise", "calling a taller metre dwelling"]
)
def test_words_that_only_look_british_stay(words: str) -> None:
    assert one_spelling(words).replace("meter", "metre") == words


@pytest.mark.parametrize("name", ["covid 19", "sars cov 2", "2019 ncov", "novel coronavirus disease 2019", "covid"])
def test_one_disease_has_one_name(name: str) -> None:
    assert one_spelling(f"masks against {name} in schools") == "masks against covid19 in schools"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("estimate", "estimates"),
        ("studies", "study"),
        ("sampling", "sample"),
        ("oxide", "oxidation"),
        ("reef", "reefs"),
        ("box", "boxes"),
    ],
)
def test_forms_of_one_word(one: str, other: str) -> None:
    assert is_inflection(one, other)
    assert is_inflection(other, one)


@pytest.mark.parametrize(
    ("one", "other"), [("linear", "linearly"), ("oxide", "oxidative"), ("a", "as"), ("reef", "wreck")]
)
def test_two_words(one: str, other: str) -> None:
    assert not is_inflection(one, other)
