from hypothesis import given, settings
from hypothesis import strategies as st

from streams.matching.wording import wording

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
