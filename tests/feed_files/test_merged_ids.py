"""Rows of OpenAlex's merged ids."""

from __future__ import annotations

import orjson
import pytest

from streams.feed_files.merged_ids import HEADING, merged_row


def test_a_row_is_json_the_heading_is_nothing_and_another_line_is_an_error() -> None:
    assert merged_row(HEADING) == b""
    expected = {"merge_date": "2026-09-02", "id": "W2", "merge_into_id": "W4"}
    assert orjson.loads(merged_row(b'2026-09-02,"W2",W4')) == expected
    with pytest.raises(ValueError, match="2 columns"):
        merged_row(b"W2,W4")
