"""State of release 0.1.0 goes on in its own format, and a new index version begins in the latest."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from streams.engine.engine import Engine
from streams.engine.messages import Incoming
from streams.events import Outgoing
from streams.settings import Settings
from streams.state.connection import Connection
from streams.state.formats import FIRST, LATEST
from streams.synthetic import generate
from tests.engine.worlds import handle, stored_partition
from tests.rebuild.test_rebuild_from_old_rules import snapshot

New = Callable[[], Connection]


def values(engine: Engine) -> Iterator[tuple[str, bytes, bytes]]:
    """Read the kind, the record and the bytes of every value of records and groups."""
    prefix = f"{engine.settings.namespace}:{engine.settings.generation}:"
    for kind in "rdg":
        for key in engine.connection.call("KEYS", f"{prefix}*:{kind}"):
            found = engine.connection.call("HGETALL", key)
            yield from ((kind, record, value) for record, value in zip(found[::2], found[1::2], strict=True))


def form(kind: str, value: bytes) -> int:
    """Return the format of a value; a group of more than one record, or a pointer, is the same in all: 0."""
    if kind == "r":
        return LATEST if value[0] & 32 else FIRST
    if kind == "d":
        return LATEST if value[0] > 1 else FIRST
    return LATEST if value[:1] == b"." else 0


def fingerprints(engine: Engine) -> set[int]:
    """Return how long the fingerprints of blocking keys are."""
    keys = engine.connection.call("KEYS", f"{engine.settings.namespace}:{engine.settings.generation}:*:k")
    return {len(field) for key in keys for field in engine.connection.call("HKEYS", key)}


def more() -> list[Incoming]:
    return [
        Incoming(
            "document", message.key, message.value or None, 1_800_000_000_000 + n, "records.document", 0, 10_000 + n
        )
        for n, message in enumerate(generate(77, 12))
    ]


def published(engine: Engine, messages: list[Incoming]) -> list[Outgoing]:
    found: list[Outgoing] = []
    handle(engine, messages, found.extend)
    return found


def test_state_of_release_0_1_0_is_handled_in_its_own_format(generation: Settings, new_connection: New) -> None:
    connection, old = new_connection(), snapshot()
    prefix = f"{generation.namespace}:{generation.generation}".encode()
    for suffix, command, fields in old["keys"]:
        connection.call(command, prefix + suffix, *fields)
    engine = Engine(generation, connection)
    assert engine.form == FIRST
    before = sorted(values(engine))

    again = [Incoming(*message) for message in old["messages"]]
    versions = {name: stored for kind, name, stored in before if kind == "r"}
    published(engine, again)
    assert {name: stored for kind, name, stored in values(engine) if kind == "r"} == versions, "nothing is newer"

    assert published(engine, more())
    assert {form(kind, value) for kind, _, value in values(engine)} == {0, FIRST}
    assert fingerprints(engine) == {4}


def test_a_new_index_version_has_the_latest_format(generation: Settings, new_connection: New) -> None:
    engine = Engine(generation, new_connection())
    assert engine.form == LATEST
    published(engine, more())
    assert {form(kind, value) for kind, _, value in values(engine)} == {0, LATEST}
    assert {form(kind, value) for kind, _, value in values(engine) if kind in "rd"} == {LATEST}
    assert fingerprints(engine) == {3}


def test_both_formats_hold_the_same_records_and_clusters(generation: Settings, new_connection: New) -> None:
    found = []
    for number in (FIRST, LATEST):
        connection = new_connection()
        settings = generation.model_copy(update={"generation": f"of{number}"})
        connection.call("HSET", f"{settings.namespace}:{settings.generation}:meta", "format", number)
        engine = Engine(settings, connection)
        assert engine.form == number
        events = [(out.topic, out.key, out.value) for out in published(engine, more())]
        found.append((events, stored_partition(engine), dict(engine.groups.all_groups())))
    assert found[0] == found[1]
