from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streams.records.stored import ID_BYTES, id_of


@given(record=st.text())
def test_an_id_is_eight_bytes_and_always_the_same(record: str) -> None:
    assert len(id_of(record)) == ID_BYTES
    assert id_of(record) == id_of(record)


def test_the_id_of_a_record_never_changes_between_versions() -> None:
    assert id_of("arxiv:2111.12710").hex() == "5f3969ff72851628"
