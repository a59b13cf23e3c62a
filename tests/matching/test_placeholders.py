import pytest

from streams.matching.titles import title_forms

PLACEHOLDERS = """
nan|NULL|undefined|None|[no title]|no title available|(:unav)|Untitled|title not available|N/A|Title|[Not Available]
OUP accepted manuscript|Accepted Manuscript|In press|Article in press|sin título|Ohne Titel|無題|Без названия|paper.pdf
Retracted|[o.T.]|Microsoft Word - Document1|TBA|[object Object]|undefined undefined
"""


@pytest.mark.parametrize("title", [title for line in PLACEHOLDERS.strip().split("\n") for title in line.split("|")])
def test_what_stands_in_place_of_a_title_is_none(title: str) -> None:
    forms = title_forms(title)
    assert forms.placeholder
    assert forms.whole == ""


@pytest.mark.parametrize(
    "title", ["Unknown reefs", "The untitled lagoon", "Null models of reefs", "Title deeds", "Reading a pdf"]
)
def test_a_title_with_such_a_word_is_a_title(title: str) -> None:
    assert not title_forms(title).placeholder


def test_the_name_of_a_supplements_file_says_that_it_is_one() -> None:
    forms = title_forms("Presentation1.pdf")
    assert (forms.derived, forms.whole, forms.placeholder) == ("supplements", "", True)
