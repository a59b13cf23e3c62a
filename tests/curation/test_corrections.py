"""A correction as a person makes it, and what became of it; publishing it is in tests/cli/test_correct.py."""

from __future__ import annotations

from datetime import datetime

import pytest

from streams.clusters.corrections import Standing, Verdict
from streams.curation.corrections import Status, is_repeated, make_correction, statuses, verdict_fields
from streams.errors import UsageError


def test_a_correction_is_of_now_and_has_an_id_of_its_own_or_the_given_one() -> None:
    made = [make_correction("same", "ada", "one paper", a="s:1", b="s:2") for _ in range(2)]
    assert made[0].id != made[1].id
    assert datetime.fromisoformat(made[0].time).tzinfo is not None
    given = make_correction("undo", "ada", identifier="mine", undoes="k1")
    assert (given.id, given.action, given.undoes, given.a) == ("mine", "undo", "k1", "")


@pytest.mark.parametrize(
    ("about", "says"),
    [
        ({"a": "s:1", "b": "nothing"}, "no record id"),
        ({"a": "s:1", "b": "s:1"}, "one record"),
        ({"a": "s:1"}, "two records"),
        ({"a": "s:1", "b": "s:\ud800"}, "no correction"),
        ({"a": "s:1", "b": "s:2", "identifier": "a space"}, "no correction"),
        ({"a": "s:1", "b": "s:2", "reason": "x" * 3000}, "no correction"),
    ],
)
def test_what_is_none_is_wrong_usage(about: dict[str, str], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        make_correction("same", "ada", **about)


def test_a_correction_is_repeated_whatever_its_time() -> None:
    first = make_correction("same", "ada", identifier="k", a="s:1", b="s:2")
    again = make_correction("same", "ada", identifier="k", a="s:1", b="s:2")
    assert is_repeated(again, first)
    assert not is_repeated(make_correction("same", "bob", identifier="k", a="s:1", b="s:2"), first)
    assert not is_repeated(make_correction("different", "ada", identifier="k", a="s:1", b="s:2"), first)


def test_statuses_follow_the_verdicts() -> None:
    standing, verdicts = Standing(), list[Verdict]()
    for identifier, action, about in (
        ("1", "same", {"a": "s:1", "b": "s:2"}),
        ("2", "different", {"a": "s:2", "b": "s:1"}),
        ("3", "undo", {"undoes": "1"}),
        ("4", "different", {"a": "s:2", "b": "s:1"}),
        ("5", "undo", {"undoes": "1"}),
    ):
        correction = make_correction(action, "ada", identifier=identifier, **about)
        verdicts.append(standing.decide(correction))
        standing.take(verdicts[-1])
    assert statuses(verdicts) == [
        Status("undone", "3"),
        Status("refused"),
        Status("done"),
        Status("active"),
        Status("refused"),
    ]
    assert [verdict_fields(verdict).get("code") for verdict in verdicts] == [
        None,
        "correction_conflict",
        None,
        None,
        "nothing_to_undo",
    ]
    assert verdict_fields(verdicts[2])["a"] == "s:1"


def test_what_a_correction_contradicts_is_named() -> None:
    standing = Standing()
    for identifier, action, a, b in (("1", "same", "s:1", "s:2"), ("2", "different", "s:2", "s:3")):
        standing.take(standing.decide(make_correction(action, "ada", identifier=identifier, a=a, b=b)))
    against = standing.contradicted(make_correction("same", "ada", a="s:3", b="s:1"))
    assert sorted(made.id for made in against) == ["1", "2"]
    assert standing.contradicted(make_correction("undo", "ada", undoes="1")) == []
