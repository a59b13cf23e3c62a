from __future__ import annotations

from datetime import date

import pytest

from streams.harvest.feeds import FEEDS
from streams.harvest.source import Options
from streams.settings import Settings
from streams.sources import SOURCES


@pytest.mark.parametrize("name", FEEDS)
def test_a_feed_has_an_adapter_and_settings_that_exist(name: str) -> None:
    feed = FEEDS[name]
    source = feed.make(Options(since=date(2026, 11, 1)), "http://127.0.0.1:1", "")
    assert source.adapter in SOURCES
    assert source.feed.startswith(source.adapter)
    assert feed.pace > 0
    if feed.key:
        assert {feed.key, f"{feed.key}_file"} <= Settings.model_fields.keys()
    assert feed.headers("k") == ({feed.header: "k"} if feed.header else {})
    assert feed.headers("") == {}
