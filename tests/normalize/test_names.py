import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from streams.normalize.names import (
    agreement,
    author_key,
    family_in_common,
    initials_in_common,
    is_group,
    same_person,
    split_names,
)
from streams.records.record import Author


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Maria Sklodowska", "sklodowska|maria"),
        ("Sklodowska, Maria", "sklodowska|maria"),
        ("Sklodowska M.", "sklodowska|m"),
        ("Sklodowska MA", "sklodowska|m a"),
        ("M. A. Sklodowska", "sklodowska|m a"),
        ("Vincent van der Berg", "berg|vincent"),
        ("van der Berg, V.", "berg|v"),
        ("Berg, Vincent van der", "berg|vincent"),
        ("Van Anh Nguyen", "nguyen|van anh"),
        ("Sammy Davis Jr.", "davis|sammy"),
        ("Davis, Jr., Sammy", "davis|sammy"),
        ("Wei Zhang 0012", "zhang|wei"),
        ("Jean-Luc Picard", "picard|jean luc"),
        ("Picard, J.-L.", "picard|j l"),
        ("Sinéad O’Hara", "ohara|sinead"),
        ("Ada ARAS", "aras|ada"),
        ("山田 太郎", "太郎|山田"),
        ("Alhazen", "alhazen|"),
        ("et al.", ""),
        ("Anonymous", ""),
        ("N/A", ""),
        ("", ""),
        ("LUX Collaboration", "*lux collaboration"),
        ("Erd\\H{o}s, P.", "erdos|p"),
        ("Maria Sklodowska, M.D., Ph.D.", "sklodowska|maria"),
        ("Maria Sklodowska, MD", "sklodowska|maria"),
        ("Maria Sklodowska, M.P.H.", "sklodowska|maria"),
        ("M. Sklodowska, MBBS, FRCS", "sklodowska|m"),
        ("Maria Sklodowska BSc (Hons)", "sklodowska|maria"),
        ("Maria Sklodowska MD PhD", "sklodowska|maria"),
        ("Sklodowska, Maria, PhD", "sklodowska|maria"),
        ("Dr. Maria Sklodowska", "sklodowska|maria"),
        ("Prof. Dr. med. Maria Sklodowska", "sklodowska|maria"),
        ("Sklodowska, M.D.", "sklodowska|m d"),
        ("Sklodowska Curie, M. A.", "sklodowskacurie|m a"),
        ("Maria Sklodowska1,2", "sklodowska|maria"),
        ("†Maria Sklodowska*", "sklodowska|maria"),
        ("Sklodowska1*, M.", "sklodowska|m"),
        ("M.Sklodowska", "sklodowska|m"),
        ("SklodowskaM.", "sklodowska|m"),
        ("SKLODOWSKA MA", "sklodowska|m a"),
        ("M&uuml;ller, Anna", "muller|anna"),
        ("Anna M&amp;#252;ller", "muller|anna"),
        ("Kühn, Anna", "kuhn|anna"),
        ("Kuehn, Anna", "kuhn|anna"),
        ("Bär, Anna", "baer|anna"),
        ("v.d. Berg, V.", "berg|v"),
    ],
)
def test_names_have_one_key_however_they_are_written(name: str, key: str) -> None:
    assert author_key(Author(name)) == key


def test_what_the_source_says_of_the_parts_is_believed() -> None:
    assert author_key(Author("Ho Van Linh", family="Ho", given="Van Linh")) == "ho|van linh"
    assert author_key(Author("Ho1, V.", family="Ho1", given="V.")) == "ho|v"
    assert author_key(Author("Ho, MD", family="Ho, MD", given="Van")) == "ho|van"
    assert author_key(Author("The Gang of Four", organization=True)) == "*the gang of 4"


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


def test_one_field_may_hold_several_names() -> None:
    assert split_names("A. Smith and B. Jones") == ["A. Smith", "B. Jones"]
    assert split_names("A. Smith; B. Jones") == ["A. Smith", "B. Jones"]
    assert [n.strip() for n in split_names("Clara Immerwahr, Lise Meitner")] == ["Clara Immerwahr", "Lise Meitner"]
    assert split_names("Meitner, Lise") == ["Meitner, Lise"]
    assert split_names("Department of Health and Welfare") == ["Department of Health and Welfare"]
    assert is_group("University of Basel")
    assert split_names("M&uuml;ller, A.") == ["Müller, A."]
    assert split_names("Lise Meitner, M.D., Ph.D.") == ["Lise Meitner"]


keys = st.builds("|".join, st.tuples(st.text("abcdef", max_size=7), st.text("abc ", max_size=4).map(str.strip)))


@example("a|a  a", "a|b")
@given(keys, keys)
def test_being_one_person_is_symmetric(a: str, b: str) -> None:
    assert same_person(a, b) == same_person(b, a)


@given(st.text(), st.text(max_size=5), st.text(max_size=5))
def test_any_name_has_a_key(name: str, family: str, given_name: str) -> None:
    author_key(Author(name, family, given_name))
    split_names(name)
