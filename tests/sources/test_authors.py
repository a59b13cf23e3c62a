from __future__ import annotations

from typing import Any

import pytest

from streams.records.record import Author
from tests.sources.documents import DOCUMENT, one


@pytest.mark.parametrize(
    ("authors", "names"),
    [
        ("A. Bee; C. Dee", ["A. Bee", "C. Dee"]),
        ("Bee, A.; Dee, C.", ["Bee, A.", "Dee, C."]),
        ("Bee, Anna and Dee, Carl", ["Bee, Anna", "Dee, Carl"]),
        ("Anna Bee, Carl Dee and Eve Eff", ["Anna Bee", "Carl Dee", "Eve Eff"]),
        ("Bee, A., Dee, C.", ["Bee, A.", "Dee, C."]),
        ("Bee, Anna", ["Bee, Anna"]),
        ("Anna Bee", ["Anna Bee"]),
        (["", None, " Bee  A. ", 7], ["Bee A.", "7"]),
        (
            [{"name": "Anna Bee"}, {"family": "Dee", "given": "Carl"}, {"family": "Plato"}],
            ["Anna Bee", "Carl Dee", "Plato"],
        ),
        (None, []),
        (True, []),
        ({}, []),
    ],
)
def test_authors(authors: Any, names: list[str]) -> None:
    assert [author.name for author in one(DOCUMENT | {"authors": authors}).authors] == names


@pytest.mark.parametrize(
    ("name", "family", "given"),
    [
        ("Zuna, R E", "Zuna", "R E"),
        ("Lewis G. F.", "Lewis", "G. F."),
        ("Smith JA", "Smith", "JA"),
        ("van der Berg J.-P.", "van der Berg", "J.-P."),
        ("John Smith", "", ""),
        ("J. Smith", "", ""),
        ("J. A. Smith", "", ""),
        ("John Smith, Jr.", "", ""),
        ("John Smith III", "", ""),
        ("粟毅", "", ""),
    ],
)
def test_family_names_only_where_the_text_tells(name: str, family: str, given: str) -> None:
    (author,) = one(DOCUMENT | {"authors": [name]}).authors
    assert (author.name, author.family, author.given) == (name, family, given)


def test_et_al_means_the_list_is_cut() -> None:
    record = one(DOCUMENT | {"authors": ["A. Bee", "et al."]})
    assert ([a.name for a in record.authors], record.authors_complete) == (["A. Bee"], False)
    assert one(DOCUMENT | {"authors": ["A. Bee et al."]}).authors == (Author("A. Bee"),)


def test_collaborations_are_organizations() -> None:
    assert one(DOCUMENT | {"authors": ["ATLAS Collaboration"]}).authors[0].organization
    assert one(DOCUMENT | {"authors": [{"name": "WHO", "organization": True}]}).authors[0].organization


@pytest.mark.parametrize(
    ("authors", "expected"),
    [
        (["John Reef, M.D., Ph.D."], [Author("John Reef, M.D., Ph.D.")]),
        (["John Reef, MD"], [Author("John Reef, MD")]),
        (["Reef, M.D."], [Author("Reef, M.D.", "Reef", "M.D.")]),
        (["Leite Lopes, M. A."], [Author("Leite Lopes, M. A.", "Leite Lopes", "M. A.")]),
        (["John Reef1,2", "Reef*, J."], [Author("John Reef"), Author("Reef, J.", "Reef", "J.")]),
        (["M&uuml;ller, A."], [Author("Müller, A.", "Müller", "A.")]),
        ("M&uuml;ller, A.; Reef, J.", [Author("Müller, A.", "Müller", "A."), Author("Reef, J.", "Reef", "J.")]),
        ("John Reef, MD, Jane Reef, PhD", [Author("John Reef, MD"), Author("Jane Reef, PhD")]),
    ],
)
def test_what_surrounds_a_name_is_no_part_of_it(authors: Any, expected: list[Author]) -> None:
    assert list(one(DOCUMENT | {"authors": authors}).authors) == expected
