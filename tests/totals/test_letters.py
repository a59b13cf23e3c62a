from __future__ import annotations

import pytest

from streams.engine.messages import Incoming
from streams.errors import PayloadError
from streams.totals import letters
from streams.totals.letters import LetterFold


def add(fold: LetterFold, number: int, *, code: str = "not_json", where: str = "", partition: int = 0) -> bytes:
    """Add the dead letter of a message; return its id."""
    letter = Incoming("core", b"k", b"{", 1, "records.core", 0, number).letter(PayloadError(code, "cut", where))
    fold.add(letter.key, dict(letter.headers), partition, number)
    return letter.key


def test_a_dead_letter_counts_until_its_tombstone_however_often_it_comes() -> None:
    fold = LetterFold()
    one = add(fold, 1)
    add(fold, 1)
    add(fold, 2, code="too_deep")
    assert fold.counts() == {"core": {"not_json": 1, "too_deep": 1}}
    fold.add(one, {}, 0, 5)
    fold.add(one, {}, 0, 6)
    assert fold.counts() == {"core": {"too_deep": 1}}
    add(fold, 1)
    assert fold.counts() == {"core": {"not_json": 1, "too_deep": 1}}, "its message was read again"


def test_items_of_one_payload_count_each() -> None:
    fold = LetterFold()
    add(fold, 1, where="[1]")
    add(fold, 1, where="[2]")
    assert fold.counts() == {"core": {"not_json": 2}}


def test_what_retention_deletes_is_no_longer_counted() -> None:
    fold = LetterFold()
    add(fold, 1)
    add(fold, 2, partition=1)
    fold.expire({0: 2, 1: 2})
    assert fold.counts() == {"core": {"not_json": 1}}
    fold.expire({0: 2, 1: 3})
    assert fold.counts() == {}


def test_of_too_many_the_number_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(letters, "MOST", 2)
    fold = LetterFold()
    add(fold, 1)
    assert fold.counts() is not None
    add(fold, 2)
    assert fold.counts() is None
