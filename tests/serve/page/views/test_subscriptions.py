from __future__ import annotations

from streams.serve.page.views.subscriptions import endpoint_rows, listener_rows
from streams.subscriptions.filters import EVERYTHING, Filter
from streams.subscriptions.subscription import Listener
from streams.webhooks.states import EndpointState


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


def test_endpoints_that_fail_come_first_and_can_be_tried() -> None:
    rows = endpoint_rows(
        [
            EndpointState("a"),
            EndpointState("b", status="off", reason="410 Gone", failing_since=1.0, off_since=5.0),
            EndpointState("c", status="retrying", failing_since=7.0),
        ]
    )
    assert [(row.name, row.tone, row.since, row.can_be_enabled) for row in rows] == [
        ("b", "bad", 5.0, True),
        ("c", "warn", 7.0, True),
        ("a", "good", 0.0, False),
    ]
