"""Corrections as values: which are read, which are accepted, what stands; and their verdicts in Redis."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.clusters.corrections import Correction, Standing, Verdict, read_correction, ruling
from streams.errors import PayloadError
from streams.records.stored import id_of
from streams.state.correction_log import CorrectionLog
from streams.state.layout import Layout
from tests.engine.worlds import correction as message
from tests.engine.worlds import words

GOOD = {"id": "k1", "action": "same", "a": "s:a", "b": "t:b", "author": "ada", "time": "2026-11-24T10:00:00Z"}
UNDO = {"id": "k2", "action": "undo", "undoes": "k1", "author": "ada", "time": "2026-11-24T10:00:00+01:00"}
Validate = Callable[[str, Any], None]


@pytest.mark.parametrize("fields", [GOOD, UNDO, GOOD | {"action": "different", "reason": "two editions"}])
def test_a_correction_is_read_as_the_schema_says(fields: dict[str, str], validate: Validate) -> None:
    validate("correction", fields)
    found = read_correction(orjson.dumps(fields))
    assert orjson.loads(_json(found)) == fields


def _json(correction: Correction) -> bytes:
    return CorrectionLog(Layout("n", "g", 16), None)._encoder.encode(correction)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "change",
    [
        {"id": ""},
        {"id": "k 1"},
        {"id": 7},
        {"id": "k" * 65},
        {"action": "merge"},
        {"a": "no-source"},
        {"a": ":1"},
        {"a": "s:\0"},
        {"a": "s:" + "1" * 1000},
        {"a": ["s:a"]},
        {"b": None},
        {"undoes": "k0"},
        {"author": ""},
        {"author": "x" * 201},
        {"reason": "x" * 2001},
        {"time": "yesterday"},
        {"time": "2026-11-24T10:00:00"},
        {"surprise": 1},
        {"action": "undo"},
    ],
)
def test_what_is_no_correction_is_refused_by_us_and_by_the_schema(change: dict[str, Any], validate: Validate) -> None:
    fields = GOOD | change
    with pytest.raises(PayloadError) as refused:
        read_correction(orjson.dumps(fields))
    assert refused.value.code == "bad_correction"
    with pytest.raises(AssertionError):
        validate("correction", fields)


@pytest.mark.parametrize("missing", ["id", "action", "a", "b", "author", "time"])
def test_nothing_may_be_missing(missing: str, validate: Validate) -> None:
    fields = {name: value for name, value in GOOD.items() if name != missing}
    with pytest.raises(PayloadError):
        read_correction(orjson.dumps(fields))
    with pytest.raises(AssertionError):
        validate("correction", fields)


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (None, "bad_correction"),
        (b"", "bad_correction"),
        (b"{", "not_json"),
        (b"\xff\xfe", "not_json"),
        (b"[]", "bad_correction"),
        (b"[" * 100_000, "bad_correction"),
        (b"[" * 2000, "bad_correction"),
        (b'{"id": "k1", "author": "\\ud800"}', "not_json"),
        (orjson.dumps(GOOD | {"b": "s:a"}), "bad_correction"),
        (orjson.dumps(GOOD | {"reason": "x" * 100_000}), "bad_correction"),
    ],
)
def test_every_payload_gives_a_correction_or_a_reason(payload: bytes | None, code: str) -> None:
    with pytest.raises(PayloadError) as refused:
        read_correction(payload)
    assert refused.value.code == code


def said(*told: tuple[str, ...]) -> list[Verdict]:
    """Verdicts on corrections k0, k1, … given as (action, a, b) or ("undo", id)."""
    verdicts: list[Verdict] = []
    standing = Standing()
    for number, (action, *about) in enumerate(told):
        correction = read_correction(message(f"k{number}", action, *about, offset=number, author=f"a{number}").value)
        verdicts.append(standing.decide(correction))
        standing.take(verdicts[-1])
    return verdicts


A, B, C, D = "s:a", "s:b", "s:c", "s:d"


def test_what_contradicts_through_others_is_refused_and_says_what_stands() -> None:
    *_, refused = said(("same", A, B), ("same", C, B), ("different", A, C))
    assert (refused.accepted, refused.code) == (False, "correction_conflict")
    for named in ("k0", "a0", "k1", "a1", "2026-11-24T10:00:00Z"):
        assert named in refused.detail
    *_, refused = said(("different", A, B), ("same", C, B), ("same", A, D), ("same", D, C))
    assert refused.code == "correction_conflict"
    assert all(f"k{number} (" in refused.detail for number in range(3))
    *_, fine = said(("different", A, B), ("different", B, C), ("same", A, C))
    assert fine.accepted


def test_an_undo_ends_one_correction_and_leaves_another_on_the_same_two() -> None:
    *_, first = said(("same", A, B), ("same", B, A), ("undo", "k0"))
    assert (first.accepted, first.holds, first.a, first.b) == (True, "same", A, B)
    verdicts = said(("same", A, B), ("same", B, A), ("undo", "k0"), ("undo", "k1"), ("different", A, B))
    assert [v.holds for v in verdicts] == ["same", "same", "same", "", "different"]
    assert [v.correction.id for v in Standing(verdicts).verdicts()] == ["k4"]
    assert [v.serial for v in verdicts] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ([("undo", "k9")], "no correction k9 is known"),
        ([("same", A, B), ("undo", "k0"), ("undo", "k0")], "undone already by k1"),
        ([("same", A, B), ("undo", "k0"), ("undo", "k1")], "is an undo itself"),
        ([("same", A, B), ("different", A, B), ("undo", "k1")], "was refused"),
    ],
)
def test_what_cannot_be_undone_says_why(told: list[tuple[str, ...]], why: str) -> None:
    *_, refused = said(*told)
    assert refused.code == "nothing_to_undo"
    assert why in refused.detail


def test_a_ruling_does_not_depend_on_the_order_of_the_two() -> None:
    (one,), (other,) = said(("same", A, B)), said(("same", B, A))
    assert ruling(one) == ruling(other)
    assert {ruling(one).a, ruling(one).b} == {id_of(A), id_of(B)}


_names = st.sampled_from([A, B, C, D, "s:e"])
_told = st.one_of(
    st.tuples(st.sampled_from(["same", "different"]), _names, _names).filter(lambda told: told[1] != told[2]),
    st.tuples(st.just("undo"), st.integers(0, 12).map("k{}".format)),
)


@given(told=st.lists(_told, max_size=14))
def test_verdicts_are_those_of_trying_every_correction_out(told: list[tuple[str, ...]]) -> None:
    verdicts = said(*told)
    truth = words([message(f"k{n}", action, *about, offset=n) for n, (action, *about) in enumerate(told)])
    assert {v.correction.id: v.accepted for v in verdicts} == truth.accepted
    stands = Standing(reversed(verdicts)).verdicts()
    assert sorted((v.a, v.b) for v in stands if v.holds == "different") == sorted(
        tuple(sorted(pair)) for pair in truth.different
    )
