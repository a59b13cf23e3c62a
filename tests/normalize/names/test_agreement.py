import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from streams.normalize.names import (
    agreement,
    family_in_common,
    initials_in_common,
    same_person,
)


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ("berg|vincent", "berg|v", True),
        ("berg|vincent", "berg|", True),
        ("berg|vincent", "berg|anna", False),
        ("wang|ke", "ke|wang", True),
        ("zhou|xiaom", "xiaoming|z", True),
        ("li|w", "wu|l", False),
        ("lee|s", "lea|s", False),
        ("schneider|k", "schnieder|k", True),
        ("garciamolina|h", "molina|h", True),
        ("petrov|serge", "petrov|sergi", True),
        ("kim|d", "kim|s", False),
        ("street|b", "street|brian", True),
        ("vanderberg|j", "berg|jan", True),
        ("mccoy|a", "coy|a", True),
        ("leung|a", "ung|a", False),
        ("baer|hans", "bar|hans", True),
        ("baer|h", "bar|h", False),
        ("yuen|w", "yun|w", False),
        ("sue|anna", "su|anna", False),
        ("joe|anna", "jo|anna", False),
        ("li|anna", "lie|anna", False),
        ("johnsmith|m a", "smith|john", True),
        ("johnsmith|m a", "smith|jane", False),
        ("weiming|zhang", "zhang|wei m", True),
        ("ming|zhang w", "zhang|weimi", True),
        ("hua|zhang l", "zhang|weimi", False),
        ("smith|john w", "john|wolfg", False),
        ("pazgil|a", "gil|ana p", True),
    ],
)
def test_when_two_names_may_be_one_person(a: str, b: str, same: bool) -> None:
    assert same_person(a, b) is same
    assert same_person(b, a) is same


def test_lists_agree_whatever_their_order_and_length() -> None:
    found = agreement(("berg|v", "zhang|wei", "ohara|s"), ("zhang|w", "berg|vincent"))
    assert (found.matched, found.shorter, found.longer) == (2, 2, 3)


def test_a_name_is_matched_once() -> None:
    assert agreement(("li|w",), ("li|w", "li|wei")).matched == 1
    assert agreement(("li|w", "li|wei"), ("li|wen",)).matched == 1


def test_weak_agreement_is_told_apart() -> None:
    assert family_in_common(("sommerfeld|a",), ("sommerfeld|k",))
    assert not family_in_common(("li|a",), ("li|k",))
    assert initials_in_common(("agarwal|s", "rao|v"), ("sameet|a", "vijay|r")) == 2


keys = st.builds("|".join, st.tuples(st.text("abcdef", max_size=7), st.text("abc ", max_size=4).map(str.strip)))


@example("a|a  a", "a|b")
@given(keys, keys)
def test_being_one_person_is_symmetric(a: str, b: str) -> None:
    assert same_person(a, b) == same_person(b, a)
