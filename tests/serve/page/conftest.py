"""The page as a browser asks for it, without a server behind."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from streams.settings import Settings
from tests.serve.conftest import Client, client_of

AWAY = Settings(redis_url="redis://127.0.0.1:1", serve_requests_per_second=0)
HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture(scope="package")
def visitor() -> Iterator[Client]:
    """A browser on loopback that is not signed in; Redis and Kafka are away."""
    with client_of(AWAY, raises=False) as client:
        client.headers.update(HTML)
        client.follow_redirects = False
        yield client
