from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.normalize.names import (
    author_key,
    is_group,
    split_names,
)
from streams.normalize.names.reading import (
    _DBLP_SUFFIX,
    _ET_AL,
    _GROUP_STEM,
    _GROUP_WORDS,
    _PARTICLES,
    _SUFFIXES,
    _TITLES,
    _UNKNOWN_AUTHOR_PHRASES,
    _without_et_al,
    _without_number,
    key_by_rules,
)  # fmt: skip
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


def test_one_field_may_hold_several_names() -> None:
    assert split_names("A. Smith and B. Jones") == ["A. Smith", "B. Jones"]
    assert split_names("A. Smith; B. Jones") == ["A. Smith", "B. Jones"]
    assert [n.strip() for n in split_names("Clara Immerwahr, Lise Meitner")] == ["Clara Immerwahr", "Lise Meitner"]
    assert split_names("Meitner, Lise") == ["Meitner, Lise"]
    assert split_names("Department of Health and Welfare") == ["Department of Health and Welfare"]
    assert is_group("University of Basel")
    assert split_names("M&uuml;ller, A.") == ["Müller, A."]
    assert split_names("Lise Meitner, M.D., Ph.D.") == ["Lise Meitner"]


@given(st.text(), st.text(max_size=5), st.text(max_size=5))
def test_any_name_has_a_key(name: str, family: str, given_name: str) -> None:
    author_key(Author(name, family, given_name))
    split_names(name)


_PARTS = st.sampled_from(
    [
        "Et",
        "et",
        " al",
        "AL.",
        "and ",
        "And others",
        "otherſ",
        "Peters",
        " 0001",
        "٠١٢٣",
        "\n",
        ", ",
        "universit",
        "institut",
        "x",
    ]
)


@given(st.lists(_PARTS | st.text(max_size=3), max_size=6).map("".join))
def test_patterns_are_left_out_only_where_they_find_nothing(name: str) -> None:
    assert _without_et_al(name) == _ET_AL.sub("", name)
    assert _without_number(name.strip()) == _DBLP_SUFFIX.sub("", name.strip())
    assert is_group(name) or _GROUP_STEM.search(name.lower()) is None


_WORDS_OF_RULES = sorted(
    {
        *_GROUP_WORDS,
        *_PARTICLES,
        *_SUFFIXES,
        *_TITLES,
        *_UNKNOWN_AUTHOR_PHRASES,
        "et",
        "al",
        "others",
        "University",
        "institut",
    }
)
_CASES: tuple[Callable[[str], str], ...] = (str, str.title, str.upper)
_NAME_PARTS = st.sampled_from(
    (
        *_WORDS_OF_RULES,
        "Reef",
        "Shoal",
        "Kuehn",
        "haase",
        "yi",
        "J",
        "J.",
        "j.k.",
        "AB",
        "AB.",
        "ABC",
        "A.B",
        "Li",
        "LI",
        "o'hara",
        "ß",
    )
)
_name_words = st.lists(
    st.tuples(_NAME_PARTS, st.sampled_from(_CASES), st.sampled_from((" ", " ", " ", ". ", ".", ", ", "  "))),
    max_size=4,
).map(lambda parts: "".join(change(part) + mark for part, change, mark in parts))


@settings(max_examples=400, deadline=None)
@given(_name_words, _name_words)
def test_a_name_without_rules_is_read_as_by_all_rules(one: str, other: str) -> None:
    for name in (one, one.strip(), f"{one} Reef", f"J. {other}".strip()):
        assert author_key(Author(name)) == key_by_rules(Author(name))
    family, given_names = one.strip(), other.strip()
    for name in (f"{family}, {given_names}", f"{given_names} {family}", other):
        author = Author(name, family, given_names)
        assert author_key(author) == key_by_rules(author)
