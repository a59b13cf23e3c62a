import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.normalize.signs import SIGNS, Sign, read_signs, signs_in
from streams.normalize.text import compact, normalize


@pytest.mark.parametrize("sign", SIGNS, ids=lambda sign: sign.example)
def test_every_sign_reads_as_its_example_says(sign: Sign) -> None:
    assert normalize(sign.example) == sign.reads


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("An amplifier for 2.4 GHz", "An amplifier for 24 GHz"),
        ("Version 2.0 of a tool", "Version 20 of a tool"),
        ("Lecture notes in C", "Lecture notes in C++"),
        ("Lecture notes in C++", "Lecture notes in C#"),
        ("Excited D mesons", "Excited D* mesons"),
        ("On C-algebras", "On C*-algebras"),
        ("Indexing by B-trees", "Indexing by B+-trees"),
        ("Diffraction in e+p collisions", "Diffraction in e-p collisions"),
        ("Diffraction in e⁺p collisions", "Diffraction in e⁻p collisions"),
        (r"Total cross section of $\pi^+p$", r"Total cross section of $\pi^-p$"),
        ("Search for a Z boson", "Search for a Z' boson"),
        ("Search for a Z0 boson", "Search for a Z′ boson"),
        ("Gravity in (2+1) dimensions", "Gravity in 21 dimensions"),
        ("Groups SU(N+1)", "Groups SU(N-1)"),
        ("Total synthesis of (+)-mentholin", "Total synthesis of (−)-mentholin"),
        ("Memory CD4+ T cells", "Memory CD4- T cells"),
        ("p53-/- mice", "p53+/- mice"),
    ],
)
def test_a_sign_that_decides_tells_two_titles_apart(one: str, two: str) -> None:
    assert compact(normalize(one)) != compact(normalize(two))
    assert signs_in(normalize(one)) != signs_in(normalize(two)) or "." in one or "." in two


@pytest.mark.parametrize(
    "title",
    ["Sharp bounds for star queries", "Prime numbers", "Atoms minuscule", "Insulin plus diet", "Bounds on star graphs"],
)
def test_words_of_titles_are_no_signs(title: str) -> None:
    assert signs_in(normalize(title)) == []


@pytest.mark.parametrize(
    "titles",
    [
        ("Noise in 0.18 um CMOS", "Noise in .18 um CMOS", "Noise in 0·18 um CMOS"),
        ("Magnets of 3.0 T, version 2.0", "Magnets of 3T, version 2"),
        ("Follow-up of 1,573 patients", "Follow-up of 1573 patients"),
        ("Collisions of Au+Au", "Collisions of Au-Au", "Collisions of Au + Au", "Collisions of AuAu"),
        ("Jets in p+p", "Jets in p-p", "Jets in pp"),
        ("W+jets at threshold", "W + jets at threshold"),
        ("The Na+/K+-ATPase", "The Na(+)/K(+)-ATPase", "The Na/K-ATPase", "The Na⁺/K⁺-ATPase"),
        ("Memory CD4+ T cells", "Memory CD4(+) T cells", "Memory CD4 T cells", "Memory CD4<sup>+</sup> T cells"),
        ("Naive CD4- T cells", "Naive CD4(-) T cells", "Naive CD4⁻ T cells", "Naive CD4<sup>−</sup> T cells"),
        ("Hadrons in e+e- annihilation", "Hadrons in e+ e- annihilation", "Hadrons in $e^+e^-$ annihilation",
         "Hadrons in $e^{+}e^{-}$ annihilation", "Hadrons in e⁺e⁻ annihilation", "HADRONS IN E+E- ANNIHILATION"),
        ("Spin in e⁻p scattering", "Spin in e-p scattering", "Spin in $e^-p$ scattering", "Spin in ep scattering"),
        ("On C*-algebras", "On $C^*$-algebras", r"On $C^\ast$-algebras", "On C∗-algebras", "On C-star algebras"),
        ("A Z' boson", "A Z′ boson", "A Z’ boson", r"A $Z^\prime$ boson", "A $Z'$ boson"),
        ("η′ decays", r"$\eta^\prime$ decays", "η' decays"),
        ("Chloride: Cl- channels", "Chloride: Cl(-) channels", "Chloride: Cl channels"),
        ("self-adjoint", "self adjoint", "selfadjoint"),
        ("COVID-19 in 2003-2011", "COVID 19 in 2003–2011"),
    ],
)  # fmt: skip
def test_one_title_however_its_signs_are_written(titles: tuple[str, ...]) -> None:
    assert len({compact(normalize(title)) for title in titles}) == 1


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("L'Europe d' Alembert et l' eau", "leurope d alembert et l eau"),
        ("Ships of O' Neil", "ships of o neil"),
        ("Plan 'B' of the 1990's", "plan b of the 1990s"),
        ("Vitamin D*", "vitamin d"),
        ("pre- and post-war e-mail", "pre and post war e mail"),
        ("2,4-D and 5'-UTR", "2 4 d and 5 utr"),
        ("of 12.05.2010", "of 12 05 2010"),
        ("T-cell, X-ray, p-value", "t cell x ray p value"),
        ("a 10⁻³ effect", "a 10 3 effect"),
        ("Google+ for women 50+", "google for women 50"),
    ],
)
def test_what_looks_like_a_sign_and_is_none(title: str, words: str) -> None:
    assert normalize(title) == words


@given(st.text(alphabet="aeKCp12 +-*#'′.,/()−⁻π", max_size=40))
def test_no_text_raises_and_words_stay_words(text: str) -> None:
    words = normalize(text)
    assert words == " ".join(words.split())


def test_hostile_text_takes_no_long() -> None:
    begin = time.perf_counter()
    for unit in ("+", "e+", "K+ ", "1,", "1.1", "(-)", "- ", "a*", "'", "+/-", "pi "):
        read_signs(unit * (10_000 // len(unit)))
    assert time.perf_counter() - begin < 2
