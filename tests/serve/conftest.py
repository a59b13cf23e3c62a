"""The application over an engine that was fed, without a network between."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from streams.kafka.topics import create_topics
from streams.local.services import Services
from streams.serve.app import create_app
from streams.serve.resources import Resources
from streams.serve.tokens import TokenFile
from streams.settings import Settings
from streams.state.connection import Connection
from tests.query.conftest import Library
from tests.query.test_lookup import OTHER, PAIR, TITLE
from tests.serve.desk import Desk

Client = TestClient[Litestar]
_NUMBERS = itertools.count(1)


@contextmanager
def client_of(settings: Settings, resources: Resources | None = None, *, raises: bool = True) -> Iterator[Client]:
    """Open the application as a client on loopback sees it; `raises` false answers 500 where the application fails."""
    app = create_app(resources or Resources(settings))
    with TestClient(app, base_url="http://127.0.0.1:6060", raise_server_exceptions=raises) as client:
        yield client


@pytest.fixture
def library(generation: Settings, new_connection: Callable[[], Connection]) -> Library:
    """Three records: two of one paper, one of another."""
    made = Library(generation, new_connection(), new_connection())
    made.send("mine:1", title=TITLE, authors=PAIR, year=2015, doi="10.5555/aaa.1")
    made.send("mine:2", title=TITLE, authors=PAIR, year=2015, doi="10.5555/aaa.1", pages="7")
    made.send("mine:3", title=OTHER, authors=["Grace Hopper"], year=2015)
    return made


@pytest.fixture
def client(library: Library) -> Iterator[Client]:
    """A client on loopback without a token, which may ask and not change anything, at any pace."""
    with client_of(library.settings.model_copy(update={"serve_requests_per_second": 0})) as client:
        yield client


@pytest.fixture
def operator(library: Library, tmp_path: Path) -> Iterator[Client]:
    """A client whose token may do everything."""
    with client_with_token(library.settings, tmp_path) as client:
        yield client


@contextmanager
def client_with_token(settings: Settings, folder: Path) -> Iterator[Client]:
    """Open the application as a client that sends a token named `curator` with scope `operate`."""
    file = TokenFile(folder / "tokens")
    secret = file.create("curator", "operate")
    own = settings.model_copy(update={"serve_tokens_file": str(file.path), "serve_requests_per_second": 0})
    with client_of(own) as client:
        client.headers["Authorization"] = f"Bearer {secret}"
        yield client


@pytest.fixture(scope="package")
def services(broker_settings: Callable[[], dict[str, Any]]) -> Iterator[Services]:
    """A broker and a Redis for all tests of the service that need both."""
    with Services(Settings(**broker_settings())) as running:
        yield running


@pytest.fixture
def desk(services: Services, connected: Callable[[Settings], Connection], tmp_path: Path) -> Iterator[Desk]:
    """The service with topics and an index of its own, and an engine beside it."""
    name = f"desk{next(_NUMBERS)}"
    given = services.settings
    own = given.model_copy(update={"generation": name, "topic_prefix": f"{given.topic_prefix}{name}.", "buckets": 16})
    asyncio.run(create_topics(own))
    desk = Desk(own, connected(own))
    with client_with_token(own, tmp_path) as desk.api:
        yield desk
