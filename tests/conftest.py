from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from streams.index.connection import Connection, connect
from streams.local.valkey import Valkey
from streams.schemas import NAMES, schema
from streams.settings import Settings

_NUMBERS = itertools.count(1)


@pytest.fixture(autouse=True, scope="session")
def no_settings_from_outside() -> None:
    """What the developer's shell says of Streams must not decide what a test finds."""
    for name in [name for name in os.environ if name.startswith("STREAMS_")]:
        del os.environ[name]


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    """One real server for all tests that need nothing but Redis."""
    server = Valkey(Path(tmp_path_factory.mktemp("valkey")))
    server.start()
    yield server
    server.close()


@pytest.fixture(scope="session")
def new_generation(valkey: Valkey) -> Callable[..., Settings]:
    """Make settings of a generation that nobody has used."""

    def make(**fields: object) -> Settings:
        return Settings(redis_url=valkey.url, generation=f"g{next(_NUMBERS)}", **({"buckets": 16} | fields))  # type: ignore[arg-type]

    return make


@pytest.fixture
def generation(new_generation: Callable[..., Settings]) -> Settings:
    return new_generation()


@pytest.fixture
def new_connection(valkey: Valkey) -> Iterator[Callable[[], Connection]]:
    """Make connections that are closed when the test ends."""
    made: list[Connection] = []

    def make() -> Connection:
        made.append(connect(Settings(redis_url=valkey.url)))
        return made[-1]

    yield make
    for connection in made:
        connection.close()


@pytest.fixture(scope="session")
def validate() -> Callable[[str, Any], None]:
    """Check a value against the schema of a name; fails with what is wrong and where."""
    resources = [(f"urn:streams:schema:{name}", Resource.from_contents(schema(name))) for name in NAMES]
    registry: Registry[Any] = Registry().with_resources(resources)
    validators = {name: Draft202012Validator(schema(name), registry=registry) for name in NAMES}

    def check(name: str, value: Any) -> None:
        errors = [f"{error.json_path}: {error.message}" for error in validators[name].iter_errors(value)]
        assert not errors, (name, errors, value)

    return check
