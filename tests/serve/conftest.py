"""The application over an engine that was fed, without a network between."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from streams.serve.app import create_app
from streams.serve.resources import Resources
from streams.settings import Settings
from streams.state.connection import Connection
from tests.query.conftest import Library
from tests.query.test_lookup import OTHER, PAIR, TITLE

Client = TestClient[Litestar]


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
