"""What `streams harvest` refuses before it asks anything; what it does is in tests/harvest."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Said = tuple[int, str, str]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "SOURCE"),
        (["nonsense"], "one of arxiv, semantic-scholar, crossref, openalex"),
        (["arxiv", "--from", "yesterday"], "--from yesterday is no day; write YYYY-MM-DD"),
        (["arxiv"], "STREAMS_HARVEST_CONTACT: is not set"),
    ],
)
def test_wrong_usage_is_2_and_says_what(say: Callable[..., Said], arguments: list[str], says: str) -> None:
    code, out, err = say("harvest", *arguments, kafka_url="127.0.0.1:1")
    assert code == 2
    assert says in out + err


def test_it_needs_a_kafka_and_no_redis(say: Callable[..., Said]) -> None:
    code, _, err = say("harvest", "arxiv")
    assert code == 2
    assert "nothing runs in" in err
