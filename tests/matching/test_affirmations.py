"""What makes two records one work under two titles."""

from __future__ import annotations

from typing import Any

import pytest

from streams.matching.affirmations import affirmed_by
from streams.matching.feature_values import Features
from streams.matching.pair import compare_fully
from tests.matching.matching_factory import ABSTRACT, features

TITLE = "Lichens on basalt cliffs of the northern isles"
RETITLED = "Warming and the growth of crustose communities"
REWORDED = "Basalt cliffs of the northern isles and lichens"
TEAM = ("Ines Halvorsen", "Tomas Reyk", "Ylva Sand")


def preprint(title: str = TITLE, *authors: str, **fields: Any) -> Features:
    return features(title, *(authors or TEAM), source="arxiv", arxiv="1105.00001", **fields)


def article(title: str, *authors: str, **fields: Any) -> Features:
    return features(title, *(authors or TEAM), **fields)


ISSUE = {"journal": "Lichen Science", "volume": "4", "number": "2"}


@pytest.mark.parametrize(
    ("code", "a", "b"),
    [
        ("retitled_same_abstract", preprint(abstract=ABSTRACT, date="2011"), article(RETITLED, abstract=ABSTRACT, date="2012")),
        ("retitled_same_place", article(TITLE, volume="4", pages="11-19"),
         article(RETITLED, arxiv="1105.00001", volume="4", pages="11-19")),
        ("translated", article(f"[{TITLE}]", volume="4", pages="11-19", date="2011"),
         article("Flechten an Basaltklippen", volume="4", pages="11-19", date="2011")),
        ("reworded_preprint", preprint(date="2011"), article(REWORDED, date="2012")),
        ("same_meeting", article("Lichens. Proceedings, 5th Workshop on Basalt Cliffs, Suva, May 3-5, 1993"),
         article("Proceedings of the Workshop on Basalt Cliffs, Lichens, 5th, Suva, 3-5 May 1993")),
        ("same_issue", article(TITLE, **ISSUE), article(TITLE.replace("cliffs", "clifs"), **ISSUE)),
    ],
)  # fmt: skip
def test_each_affirmation_is_found(code: str, a: Features, b: Features) -> None:
    for one, other in ((a, b), (b, a)):
        rule = affirmed_by(compare_fully(one, other))
        assert rule is not None
        assert (rule.code, rule.effect) == (code, "duplicate")


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (article(TITLE, abstract=ABSTRACT), article(RETITLED, abstract=ABSTRACT)),  # two talks
        (preprint(date="2012"), article(REWORDED, date="2011")),  # printed before it was posted
        (preprint(date="2011"), article(TITLE.replace("basalt", "granite"), date="2012")),  # another study
        (article(TITLE, volume="4"), article(RETITLED, volume="4")),
        (preprint(), article(TITLE)),  # equal titles need none
    ],
)
def test_what_affirms_nothing(a: Features, b: Features) -> None:
    assert affirmed_by(compare_fully(a, b)) is None
