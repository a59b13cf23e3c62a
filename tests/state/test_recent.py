from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streams.state.recent import Recent


@given(added=st.lists(st.tuples(st.integers(0, 9), st.integers())), most=st.integers(1, 5))
def test_the_entries_that_were_added_last_are_kept_with_their_latest_values(
    added: list[tuple[int, int]], most: int
) -> None:
    recent = Recent[int, int](most)
    kept: dict[int, int] = {}
    for key, value in added:
        recent.add(key, value)
        if key not in kept and len(kept) == most:
            del kept[next(iter(kept))]
        kept[key] = value
        assert recent == kept
        assert recent.get(key) == value
