from __future__ import annotations

from streams.serve.page.views.subscriptions import listener_rows
from streams.subscriptions.filters import EVERYTHING, Filter
from streams.subscriptions.hub import Listener


def test_listeners_are_shown_with_what_they_want_in_words_those_far_behind_first() -> None:
    narrow = Filter.of(types=["merged", "created"], dois=["10.5555/a"], corrections_only=True)
    many = Filter.of(sources=[f"s{number}" for number in range(9)])
    rows = listener_rows(
        [
            Listener("127.0.0.1", 1.0, EVERYTHING, 0, False),
            Listener("ada", 2.0, narrow, 9, True),
            Listener("bob", 3.0, many, 1, False),
        ]
    )
    assert [(row.name, row.behind, row.wants) for row in rows] == [
        ("ada", 9, "types created, merged; papers doi:10.5555/a; corrections"),
        ("bob", 1, "sources s0, s1, s2, s3, s4 …"),
        ("127.0.0.1", 0, "everything"),
    ]
