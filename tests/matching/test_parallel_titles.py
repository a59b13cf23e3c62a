"""Titles in two languages side by side."""

import pytest

from streams.matching.titles import title_forms
from streams.normalize.text import normalize

GERMAN, ENGLISH = "korallenwachstum in warmen lagunen", "coral growth in warm lagoons"


@pytest.mark.parametrize(
    "title",
    [
        "Korallenwachstum in warmen Lagunen = Coral growth in warm lagoons",
        "Korallenwachstum in warmen Lagunen [Coral growth in warm lagoons]",
        "Korallenwachstum in warmen Lagunen. [Coral growth in warm lagoons].",
        "[Coral growth in warm lagoons] Korallenwachstum in warmen Lagunen",
    ],
)
def test_each_language_is_a_title(title: str) -> None:
    forms = title_forms(title)
    assert (forms.whole, forms.others) == (GERMAN, (ENGLISH,))


@pytest.mark.parametrize(
    ("title", "titles"),
    [
        ("Le récif et la mer / The reef and the sea", ("le recif et la mer", "the reef and the sea")),
        ("El arrecife y las olas | The reef and the waves", ("el arrecife y las olas", "the reef and the waves")),
        (
            "Рост кораллов в лагунах (Growth of corals in lagoons)",
            ("рост кораллов в лагунах", "growth of corals in lagoons"),
        ),
        ("珊瑚生长研究 [A study of coral growth]", (normalize("珊瑚生长研究"), "a study of coral growth")),
    ],
)
def test_small_words_or_the_script_tell_two_languages(title: str, titles: tuple[str, str]) -> None:
    forms = title_forms(title)
    assert (forms.whole, *forms.others) == titles


@pytest.mark.parametrize(
    "title",
    [
        "From N = 2 strings to reefs", "W bosons at √s = 14 TeV: split reefs",
        "integrity = validity + completeness", "Integrity = Validity + Completeness",
        "Coral growth / Ngozi Okafor", "Coral growth (a review of the literature)", "Deep reefs [Guest Editorial]",
        "Coral growth [From the Editor's Desk]", "Riffe und Lagunen (Eine Einführung in die Theorie)",
        "Molecular binding of Tcc = DD∗ tetraquark", "Coral growth [in the lagoon]",
        "Erratum [Coral growth in warm lagoons]",
    ],
)  # fmt: skip
def test_other_things_beside_a_title_are_no_title(title: str) -> None:
    assert title_forms(title).others == ()
