"""A feed without new papers may go on for ever: updates, deletes and re-sends make no state that stays."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import orjson
import pytest

from streams.engine.engine import Engine
from streams.engine.messages import Incoming
from streams.events import EVENTS, Outgoing
from streams.settings import Settings
from streams.state.connection import Connection
from tests.engine.worlds import handle

AUTHORS = {"authors": ["Ada Lovelace", "Charles Babbage"], "year": 2015}
ONE = {"title": "Deep residual learning of sparse graphs", **AUTHORS}
OTHER = {"title": "Quiet stars and loud planets of the southern sky", **AUTHORS}
THIRD = {"title": "On the migration of small birds over large oceans", **AUTHORS}

REDIRECT_BYTES = 50

Say = dict[str, object] | None


class Feed:
    """Handles messages one after the other, as a worker does, and weighs what Redis holds afterwards."""

    def __init__(self, settings: Settings, connection: Connection) -> None:
        self.engine = Engine(settings, connection)
        self.prefix = f"{settings.namespace}:{settings.generation}:"
        self.offset = 0
        self.events: list[dict[str, object]] = []

    def __call__(self, name: str, says: Say) -> None:
        self.offset += 1
        value = None if says is None else orjson.dumps({"source": "s", "id": name, **says})
        key = f"s:{name}".encode()
        item = Incoming("document", key, value, self.offset, "r.document", 0, self.offset)
        handle(self.engine, [item], self._publish)

    def _publish(self, messages: Sequence[Outgoing]) -> None:
        self.events += [orjson.loads(out.value) for out in messages if out.topic == EVENTS and out.value]

    def weight(self) -> dict[str, tuple[int, int]]:
        """Fields and bytes of values, by kind of key; revisions are left out of account by rounding."""
        found: dict[str, tuple[int, int]] = {}
        call = self.engine.connection.call
        for key in call("KEYS", self.prefix + "*"):
            kind = key.decode().rpartition(":")[2]
            values = call("HVALS", key)
            fields, size = found.get(kind, (0, 0))
            found[kind] = fields + len(values), size + sum(map(len, values))
        return found


def cycle_of_updates() -> Iterator[tuple[str, Say]]:
    """Records that become one paper, and part again; a bridge that comes and goes; a delete and a re-send."""
    yield from [("1", ONE), ("2", OTHER), ("3", THIRD)]
    yield from [("2", ONE), ("3", ONE), ("2", OTHER), ("3", OTHER), ("1", OTHER), ("1", ONE), ("3", THIRD)]
    yield from [("4", ONE), ("4", OTHER), ("4", None), ("1", None), ("1", ONE), ("2", None), ("2", OTHER), ("2", OTHER)]


def cycle_of_founders() -> Iterator[tuple[str, Say]]:
    """The founder of a cluster leaves it and comes back, so that another record has its id meanwhile."""
    yield from [
        ("1", ONE),
        ("2", ONE),
        ("3", ONE),
        ("1", OTHER),
        ("2", OTHER),
        ("3", OTHER),
        ("1", THIRD),
        ("2", THIRD),
    ]
    yield from [("1", None), ("3", THIRD), ("2", ONE), ("1", OTHER)]


@pytest.mark.parametrize("cycle", [cycle_of_updates, cycle_of_founders])
def test_updates_deletes_and_resends_for_ever_take_no_more_room(
    cycle: Callable[[], Iterator[tuple[str, Say]]],
    generation: Settings,
    new_connection: Callable[[], Connection],
) -> None:
    feed = Feed(generation, new_connection())
    weights = []
    for _ in range(24):
        for name, says in cycle():
            feed(name, says)
        weights.append(feed.weight())
    settled, last = weights[3], weights[-1]
    assert {kind: fields for kind, (fields, _) in last.items()} == {
        kind: fields for kind, (fields, _) in settled.items()
    }
    since = [event for event in feed.events if event["type"] == "merged" and not event["after"]]
    for kind, (_, size) in last.items():
        if kind == "g":
            # The one thing that grows: an id that was merged away stands for its survivor for ever (ADR 18).
            assert size - settled[kind][1] <= REDIRECT_BYTES * len(since) + 2 * 8
            continue
        # A revision takes a byte or two more as it grows.
        assert size - settled[kind][1] <= 2 * 8, (kind, [weight.get(kind) for weight in weights])
    assert not feed.engine.groups.owed()
    assert len({event["event_id"] for event in feed.events}) == len(feed.events)
