"""What generations there are, and how one that is not needed goes away."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from itertools import count

import msgspec

from streams.errors import RefusedError, UsageError
from streams.matching.ruleset import RULESET
from streams.rebuild.lock import Holder
from streams.settings import Settings
from streams.state.connection import Connection, connect
from streams.state.generation import built_as, facts, follow, remove
from streams.state.layout import Layout

__all__ = [
    "Status",
    "abort",
    "drop",
    "live_generation",
    "new_name",
    "refuse_other_rules",
    "refuse_without_room",
    "status",
]


class Status(msgspec.Struct):
    """What there is: the `generation` in force, those `before` it, and by which ruleset it was begun.

    `rebuilding` is the generation that a rebuild has begun, `""` where none has; `running`: a rebuild is at work now;
    `closed`: it keeps workers out; `workers` are inside.
    """

    generation: str
    before: list[str]
    ruleset: str
    our_ruleset: str
    rebuilding: str
    running: bool
    closed: bool
    workers: int


def live_generation(settings: Settings, connection: Connection) -> Settings:
    """Settings of the generation in force as it was built, whatever the environment says. Raises UsageError where there is none."""
    name = follow(settings, connection).settings.generation
    known = facts(settings.namespace, name, connection)
    if "buckets" not in known:
        raise UsageError(f"generation {name!r} was never begun: there is nothing to rebuild; start a worker")
    return built_as(settings, name, known)


def new_name(live: Settings, connection: Connection) -> str:
    """The generation a rebuild of this one has begun, else the next that is not there yet: `1` → `2`, `blue` → `blue-2`."""
    known = facts(live.namespace, live.generation, connection)
    if begun := known.get("rebuilding"):
        return begun
    found = re.fullmatch(r"(.*?-|)(\d+)", live.generation)
    stem, number = (found[1], int(found[2])) if found else (live.generation + "-", 1)
    names = (f"{stem}{number + step}" for step in count(1))
    return next(name for name in names if not facts(live.namespace, name, connection))


def refuse_other_rules(given: Settings, live: Settings, name: str, connection: Connection) -> None:
    """Raise RefusedError where generation `name` is not ours to build, or was begun in another way than it would go on."""
    known = facts(live.namespace, name, connection)
    if not known:
        return
    if facts(live.namespace, live.generation, connection).get("rebuilding") != name:
        raise RefusedError(f"there is a generation {name!r} already; choose another name")
    ours = {"ruleset": RULESET, "buckets": str(given.buckets), "preprints": given.preprints}
    for fact, value in ours.items():
        if (stands := known.get(fact, value)) != value:
            raise RefusedError(
                f"the rebuild to {name!r} was begun with {fact} {stands}, now it is {value}; "
                "`streams rebuild --abort`, then begin again"
            )


def refuse_without_room(live: Settings, connection: Connection) -> None:
    """Raise RefusedError where Redis cannot hold a second generation: full, it would refuse the workers' writes as well."""
    if facts(live.namespace, live.generation, connection).get("rebuilding"):
        return
    for info in connection.everywhere("INFO", "memory"):
        memory = dict(re.findall(rb"^(used_memory|maxmemory):(\d+)", info, re.MULTILINE))
        used, most = int(memory.get(b"used_memory", 0)), int(memory.get(b"maxmemory", 0))
        if most and 2 * used > most:
            raise RefusedError(
                f"Redis uses {used / 2**20:.0f} of at most {most / 2**20:.0f} MiB, and a second generation takes about as "
                "much again; raise maxmemory first"
            )


def status(settings: Settings) -> Status:
    """Read what there is."""
    connection = connect(settings)
    try:
        current, before = follow(settings, connection)
        known = facts(current.namespace, current.generation, connection)
    finally:
        connection.close()
    running = int(known.get("held_until", 0)) > time.time() * 1000
    return Status(
        current.generation,
        list(before),
        known.get("ruleset", ""),
        RULESET,
        known.get("rebuilding", ""),
        running,
        running and "closing" in known,
        sum(name.startswith("worker:") for name in known),
    )


def abort(settings: Settings) -> str:
    """Give up the rebuild that was begun and remove what it made; returns its generation. Raises RefusedError while it runs."""
    connection, holding = connect(settings), connect(settings)
    try:
        live = live_generation(settings, connection)
        known = facts(live.namespace, live.generation, connection)
        if not (name := known.get("rebuilding", "")):
            raise RefusedError(f"no rebuild of generation {live.generation} was begun")
        with Holder(live, holding, name) as holder:
            _remove(live.namespace, name, connection, holder.check)
            connection.call("UNLINK", Layout(live.namespace, name, 1).meta)
            holder.abort()
    finally:
        connection.close()
        holding.close()
    return name


def drop(settings: Settings, old: str) -> None:
    """Remove a generation that another one has replaced; what stays says which. Raises RefusedError for any other."""
    connection = connect(settings)
    try:
        if "successor" not in facts(settings.namespace, old, connection):
            raise RefusedError(f"generation {old!r} was not replaced by another one; it stays")
        _remove(settings.namespace, old, connection, lambda: None)
    finally:
        connection.close()


def _remove(namespace: str, generation: str, connection: Connection, check: Callable[[], None]) -> None:
    """Remove all keys of a generation but its `meta`."""
    known = facts(namespace, generation, connection)
    if "buckets" not in known:
        return  # it was not even begun
    remove(Layout(namespace, generation, int(known["buckets"])), connection, check)
