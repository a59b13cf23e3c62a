"""What a harvester refuses before it asks anything, and its port."""

from __future__ import annotations

import asyncio
import re
import urllib.request

import pytest
from pydantic import SecretStr

from streams.errors import SettingsError
from streams.harvest.feeds import FEEDS
from streams.harvest.process import Wanted, check_settings, harvest
from streams.harvest.source import Options
from streams.settings import Settings
from tests.harvest.arxiv_server import ArxivServer
from tests.harvest.killing import started
from tests.system.processes import wait_for


def test_a_contact_is_needed() -> None:
    with pytest.raises(SettingsError, match="STREAMS_HARVEST_CONTACT: is not set"):
        asyncio.run(harvest(Settings(), Wanted("arxiv", Options())))


def test_nothing_is_asked_faster_than_its_documentation_allows() -> None:
    given = Settings(harvest_contact="ada@example.org", harvest_pace=1)
    with pytest.raises(SettingsError, match="STREAMS_HARVEST_PACE: is 1; expected 3 s or more, which arXiv asks for"):
        check_settings(given, FEEDS["arxiv"], Options())
    check_settings(given.model_copy(update={"harvest_pace": 5.0}), FEEDS["arxiv"], Options())
    check_settings(given.model_copy(update={"harvest_url": "http://127.0.0.1:1"}), FEEDS["arxiv"], Options())


def test_a_key_is_needed_where_the_source_gives_nothing_without_one() -> None:
    given = Settings(harvest_contact="ada@example.org")
    with pytest.raises(
        SettingsError, match="STREAMS_SEMANTIC_SCHOLAR_KEY: is not set; expected the API key of Semantic"
    ):
        check_settings(given, FEEDS["semantic-scholar"], Options())
    check_settings(given, FEEDS["semantic-scholar"], Options(query="coral"))
    check_settings(
        given.model_copy(update={"semantic_scholar_key": SecretStr("k")}), FEEDS["semantic-scholar"], Options()
    )


@pytest.mark.long
def test_metrics_are_served_while_it_follows(settings: Settings) -> None:
    with ArxivServer([]) as server:
        process = started(settings, server, "arxiv", "--from", "2026-11-01", "--until", "2026-11-02", "--follow")
        try:
            lines: list[str] = []

            def address() -> str:
                assert process.stderr is not None
                lines.append(process.stderr.readline().decode())
                found = re.search(r"http://\S+/metrics", lines[-1])
                return found[0] if found else ""

            url = wait_for(address, "its address")

            def harvested() -> bytes:
                with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - loopback
                    body = bytes(answer.read())
                return body if b'last_success_timestamp_seconds{source="arxiv"} 0.0' not in body else b""

            shown = wait_for(harvested, "a pass that ended").decode()
            assert 'streams_harvest_requests_total{source="arxiv",status="200"} 2.0' in shown
        finally:
            process.terminate()
            assert process.wait(30) == 0
