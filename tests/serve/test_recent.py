"""Outcomes kept for the page after a form."""

from __future__ import annotations

from streams.serve.recent import Recent


def test_the_last_ones_are_found_by_id_and_kind() -> None:
    recent = Recent(most=2)
    first, second, third = (recent.keep(text) for text in "abc")
    assert recent.find(first, str) is None
    assert (recent.find(second, str), recent.find(third, str)) == ("b", "c")
    assert recent.find(third, int) is None
    assert recent.find("unknown", str) is None
    assert len(third) == 16
