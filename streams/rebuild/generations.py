"""Name, check, report and remove generations: each is all state in Redis under one prefix, and one of them is in force."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from contextlib import closing
from itertools import count

import msgspec

from streams.errors import RefusedError, UsageError
from streams.matching.ruleset import RULESET
from streams.rebuild.lock import RebuildLock
from streams.settings import Settings
from streams.state.connection import Connection, connect
from streams.state.generation import built_as, facts, follow, remove
from streams.state.layout import Layout

__all__ = [
    "GenerationStatus",
    "abort",
    "drop",
    "live_generation",
    "new_name",
    "refuse_other_rules",
    "refuse_without_room",
    "status",
]


class GenerationStatus(msgspec.Struct):
    """The generation in force, as `streams rebuild --status --json` prints it.

    `before` lists the generations that it replaced, the first one first; `ruleset` is the one it was begun with. `rebuilding` is
    the generation that a rebuild has begun, `""` where none has; `running`: a rebuild is at work now; `closed`: it keeps workers
    out; `workers` is the number of workers inside.
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
    """Return the settings that the generation in force was built with, whatever the environment says.

    Raises UsageError where no worker has begun it.
    """
    name = follow(settings, connection).settings.generation
    known = facts(settings.namespace, name, connection)
    if "buckets" not in known:
        raise UsageError(f"generation {name!r} was never begun: there is nothing to rebuild; start a worker")
    return built_as(settings, name, known)


def new_name(live: Settings, connection: Connection) -> str:
    """Return the generation that a rebuild of `live` has begun, else the next free name: `1` → `2`, `blue` → `blue-2`."""
    known = facts(live.namespace, live.generation, connection)
    if begun := known.get("rebuilding"):
        return begun
    found = re.fullmatch(r"(.*?-|)(\d+)", live.generation)
    stem, number = (found[1], int(found[2])) if found else (live.generation + "-", 1)
    names = (f"{stem}{number + step}" for step in count(1))
    return next(name for name in names if not facts(live.namespace, name, connection))


def refuse_other_rules(given: Settings, live: Settings, name: str, connection: Connection) -> None:
    """Raise RefusedError where generation `name` exists and no rebuild of `live` began it, or it was begun under other rules."""
    known = facts(live.namespace, name, connection)
    if not known:
        return
    if facts(live.namespace, live.generation, connection).get("rebuilding") != name:
        raise RefusedError(f"there is a generation {name!r} already; choose another name with --to")
    ours = {"ruleset": RULESET, "buckets": str(given.buckets), "preprints": given.preprints}
    for fact, value in ours.items():
        if (begun_with := known.get(fact, value)) != value:
            raise RefusedError(
                f"the rebuild to {name!r} was begun with {fact} {begun_with}, now it is {value}; "
                "`streams rebuild --abort`, then begin again"
            )


def refuse_without_room(live: Settings, connection: Connection) -> None:
    """Raise RefusedError where Redis has no room for a second generation: a full Redis refuses the workers' writes as well."""
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


def status(settings: Settings) -> GenerationStatus:
    """Read the status of the generation in force."""
    with closing(connect(settings)) as connection:
        current, before = follow(settings, connection)
        known = facts(current.namespace, current.generation, connection)
    running = int(known.get("held_until", 0)) > time.time() * 1000
    return GenerationStatus(
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
    """Give up the rebuild that was begun, and remove the generation it made; returns its name.

    Raises RefusedError while the rebuild runs, or where none was begun.
    """
    with closing(connect(settings)) as connection, closing(connect(settings)) as holding:
        live = live_generation(settings, connection)
        known = facts(live.namespace, live.generation, connection)
        if not (name := known.get("rebuilding", "")):
            raise RefusedError(f"no rebuild of generation {live.generation} was begun")
        with RebuildLock(live, holding, name) as lock:
            _remove(live.namespace, name, connection, lock.check)
            connection.call("UNLINK", Layout(live.namespace, name, 1).meta)
            lock.abort()
    return name


def drop(settings: Settings, old: str) -> None:
    """Remove a generation that another one has replaced. Raises RefusedError for any other.

    Its `meta` key stays: it names the next generation, which processes started with the old name follow.
    """
    with closing(connect(settings)) as connection:
        if "successor" not in facts(settings.namespace, old, connection):
            raise RefusedError(f"generation {old!r} was not replaced by another one; it stays")
        _remove(settings.namespace, old, connection)


def _remove(namespace: str, generation: str, connection: Connection, check: Callable[[], None] = lambda: None) -> None:
    """Remove all Redis keys of a generation but its `meta`; calls `check` before each chunk, which may raise."""
    known = facts(namespace, generation, connection)
    if "buckets" not in known:
        return  # nothing was written to it yet
    remove(Layout(namespace, generation, int(known["buckets"])), connection, check)
