import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.matching.decide import decide
from streams.matching.features import extract
from streams.matching.wording import SAME, is_misspelling, wording
from streams.records.record import Record

_FEW = st.lists(
    st.sampled_from(("coral", "corals", "reef", "reefs", "of", "a", "b", "2", "ii", "growth", "zinc", "iron")),
    max_size=7,
)


@settings(max_examples=500)
@given(_FEW, _FEW)
def test_words_line_up_the_same_both_ways_round(one: list[str], two: list[str]) -> None:
    a, b = " ".join(one), " ".join(two)
    there, back = wording(a, b), wording(b, a)
    assert (there.left_a, there.left_b) == (back.left_b, back.left_a)
    assert {*there.swapped} == {(x, y) for y, x in back.swapped}
    assert (there.spelled, there.misspelt, there.moved) == (back.spelled, back.misspelt, back.moved)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("non linear waves", "nonlinear waves"),
        ("growth of the moss", "growth of moss"),
        ("mosses of the tundra", "moss of tundra"),
        ("images of hst", "images of hubble space telescope"),
        ("chapter viii of moss", "chapter 8 of moss"),
        ("mhd of stars", "magnetohydrodynamic of stars"),
    ],
)
def test_another_way_to_write_the_same_agrees(one: str, other: str) -> None:
    found = wording(one, other)
    assert found.agrees
    assert found.spelled
    assert not found.misspelt


def test_equal_titles_do_not_differ() -> None:
    assert wording("moss of tundra", "moss of tundra") is SAME


def test_a_slip_agrees_and_is_noted() -> None:
    found = wording("assesment of soil erosion", "assessment of soil erosion")
    assert (found.agrees, found.misspelt) == (True, True)


def test_words_that_take_each_others_place_are_left() -> None:
    found = wording("sorption of iron on sand", "sorption of zinc on fine sand")
    assert found.swapped == ((("iron",), ("zinc",)),)
    assert (found.left_a, found.left_b) == (("iron",), ("zinc", "fine"))
    assert not found.agrees


def test_words_at_another_place_are_moved_and_not_left() -> None:
    found = wording("snow and hearing owls", "hearing owls and snow")
    assert found.moved
    assert (found.left_a, found.left_b, found.agrees) == ((), (), False)


@pytest.mark.parametrize(("one", "other"), [("determnants", "determinants"), ("recruitmnet", "recruitment")])
def test_a_word_and_what_is_none_may_be_a_slip(one: str, other: str) -> None:
    assert is_misspelling(one, other)
    assert is_misspelling(other, one)


@pytest.mark.parametrize(
    ("one", "other"), [("hyper", "hypo"), ("zambia", "gambia"), ("il2", "il6"), ("1998", "1999"), ("ice", "ise")]
)
def test_two_words_numbers_or_short_strings_are_no_slips(one: str, other: str) -> None:
    assert not is_misspelling(one, other)


@pytest.mark.parametrize("cut", [100, 200, 350, 399, 401])
@pytest.mark.parametrize("words", ["Very long title of a paper on corals ", "A b c ", "Corals of lagoon 12 and "])
def test_a_title_that_is_cut_after_a_blank_has_no_empty_word(words: str, cut: int) -> None:
    long, short = (extract(Record(source="mine", source_id="1", title=(words * 300)[:end])) for end in (9000, cut))
    for a, b in ((long, short), (short, long)):
        found = wording(a.title, b.title)
        assert "" not in found.left_a + found.left_b
        decide(a, b)
