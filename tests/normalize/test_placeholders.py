import pytest

from streams.normalize.names import author_key
from streams.normalize.placeholders import is_missing
from streams.records.record import Author


@pytest.mark.parametrize(
    "value", ["nan", "NaN", "None", "null", "undefined", "N/A", "NA", "-", "?", ":unav", "(:unkn)", ":none"]
)
def test_what_says_that_there_is_no_value(value: str) -> None:
    assert is_missing(value)


@pytest.mark.parametrize("value", ["Na", "Nan Li", "Nano", "None of the above", "0", "x", "Nature"])
def test_what_is_a_value(value: str) -> None:
    assert not is_missing(value)


@pytest.mark.parametrize(
    "name",
    ["nan", "NaN, nan", "None None", "undefined", ":unav", "(:unkn)", "[s.n.]", "s.n.", "No Author", "no authors listed",
     "Author Unknown", "Unknown, Unknown", "Anonymous", "Anonymous, A.", "[Anonymous]", "Not Provided", "n/a", "-",
     "No authorship, indicated", "et al.", "Various", "Unbekannt"],
)  # fmt: skip
def test_nobody_has_no_key(name: str) -> None:
    assert author_key(Author(name)) == ""


@pytest.mark.parametrize("name", ["Nan Li", "Null, C.", "None, Ada", "Na Li", "Author, Jane", "Anon Yamada", "Kim, Na"])
def test_persons_whose_names_look_like_nobody_s_have_one(name: str) -> None:
    assert author_key(Author(name))
