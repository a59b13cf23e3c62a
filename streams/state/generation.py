"""Which index version is current, and what is fixed for it. Key `N:meta` of `state/layout.py`.

`STREAMS_GENERATION` names the first index version; one that was rebuilt names the next version, and so on to the last. The
settings that decide about records are fixed for an index version (`FIXED`): a program reads each version with the settings it
was built with, whatever the environment says by then.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from streams.errors import StateError
from streams.settings import Settings
from streams.state.connection import Command, Connection
from streams.state.formats import LATEST
from streams.state.layout import Layout, meta_key

__all__ = ["FIXED", "Chain", "current_generation", "facts", "follow", "form_of", "remove"]

FIXED = ("buckets", "preprints")
"""Settings that the first worker stores in an index version, and that hold for every program that opens it."""

_MOST = 10_000
_CHUNK = 500


class Chain(NamedTuple):
    """Settings of the current index version, and the versions before it, the first one first."""

    settings: Settings
    before: tuple[str, ...]


def current_generation(settings: Settings, connection: Connection) -> Settings:
    """Return the settings with the name of the current index version, and the values that are fixed for it.

    Every program that opens the state calls this first, so it follows the switch of a rebuild.
    """
    return follow(settings, connection).settings


def follow(settings: Settings, connection: Connection) -> Chain:
    """Follow the index versions from the one in the settings to the last. Raises StateError where they form a cycle."""
    before: list[str] = []
    name, known = settings.generation, facts(settings.namespace, settings.generation, connection)
    while successor := known.get("successor"):
        before.append(name)
        if successor in before or len(before) > _MOST:
            raise StateError(f"generation {name!r} has a successor that came before it: {successor!r}")
        name, known = successor, facts(settings.namespace, successor, connection)
    return Chain(built_as(settings, name, known) if before else settings, tuple(before))


def built_as(settings: Settings, generation: str, known: dict[str, str]) -> Settings:
    """Return the settings for an index version with what it was begun with (its `facts`)."""
    fixed = {name: known[name] for name in FIXED if name in known}
    if "buckets" in fixed:
        fixed |= {"buckets": int(fixed["buckets"])}  # type: ignore[dict-item]
    return settings.model_copy(update={"generation": generation, **fixed})


def facts(namespace: str, generation: str, connection: Connection) -> dict[str, str]:
    """Read all that is stored in the `meta` of an index version, by name; empty where there is none."""
    reply = connection.call("HGETALL", meta_key(namespace, generation))
    return {name.decode(): value.decode() for name, value in zip(reply[::2], reply[1::2], strict=True)}


def form_of(settings: Settings, connection: Connection) -> int:
    """Return the format of the index version that settings name (`state/formats.py`), the latest where it has not begun."""
    return int(connection.call("HGET", meta_key(settings.namespace, settings.generation), "format") or LATEST)


def remove(layout: Layout, connection: Connection, check: Callable[[], None] = lambda: None) -> None:
    """Remove all keys of an index version but its `meta`; `check` is called before each chunk, and may raise."""
    keys = layout.all_keys()
    for start in range(0, len(keys), _CHUNK):
        check()
        connection.execute([Command(key, ("UNLINK", key)) for key in keys[start : start + _CHUNK]])
