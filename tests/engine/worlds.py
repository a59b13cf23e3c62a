"""A small world of records that link, contradict and bridge one another, and the truth about it by brute force."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import Any, NamedTuple

import orjson

from streams import events
from streams.api.record_pool import RecordPool
from streams.clusters.group import cluster_id
from streams.clusters.partition import Link, Opposition, partition
from streams.engine.engine import Engine
from streams.engine.messages import Batch, Incoming
from streams.engine.prepare import CORRECTIONS
from streams.events import Outgoing
from streams.matching.ruleset import DEFAULT, Rules
from streams.records.record import Record
from streams.records.stored import id_of
from streams.sources import parse
from streams.state.connection import Connection
from streams.state.layout import Layout
from streams.verification.audit import Audit
from streams.verification.comparison import compare
from streams.verification.differences import Difference
from streams.verification.folds import ClusterFold, EventFold
from streams.verification.states import Values

_ONE = "Deep residual learning of sparse graph representations for molecules"
_TWO = "Variational bounds on turbulent transport in rotating stars"
_PAIR, _LONE = ["Ada Lovelace", "Alan Turing"], ["Grace Hopper"]

CONTENTS: tuple[dict[str, Any], ...] = (
    {"title": _ONE, "authors": _PAIR, "year": 2015},
    {"title": _ONE, "authors": _PAIR, "year": 2015, "arxiv_id": "1512.00001"},
    {"title": _ONE, "authors": _PAIR, "year": 2015, "arxiv_id": "1512.00002"},
    {"title": _ONE, "authors": _PAIR, "year": 2016, "doi": "10.5555/aaa.1"},
    {"title": _ONE, "authors": _PAIR, "year": 2015, "arxiv_id": "1512.00001", "doi": "10.5555/aaa.1"},
    {"title": "Erratum to: " + _ONE, "authors": _PAIR, "year": 2016},
    {"title": _TWO, "authors": _LONE, "year": 2015},
    {"title": _TWO, "authors": _LONE, "year": 2015, "doi": "10.5555/bbb.2"},
    {"title": _TWO, "authors": _LONE, "year": 2015, "arxiv_id": "1512.00001"},
    {"title": _ONE + " part II", "authors": _PAIR, "year": 2015},
)
"""Contents a record may have: some pairs link, some veto, some do neither."""

Partition = set[frozenset[str]]


def message(record: str, content: dict[str, Any] | None, taken: int, offset: int | None = None) -> Incoming:
    """A message about `record` (`source:id`), a tombstone where `content` is None."""
    source, _, identifier = record.partition(":")
    value = None if content is None else orjson.dumps({"source": source, "id": identifier, **content})
    return Incoming(
        "document", record.encode(), value, taken, "records.document", 0, taken if offset is None else offset
    )


def correction(identifier: str, action: str, a: str, b: str = "", *, offset: int, author: str = "ada") -> Incoming:
    """A message about two records, or for `undo` about the correction `a`."""
    about = {"undoes": a} if action == "undo" else {"a": a, "b": b}
    told = {"id": identifier, "action": action, "author": author, "time": "2026-11-24T10:00:00Z", **about}
    return Incoming(CORRECTIONS, b"", orjson.dumps(told), 5000 + offset, "dedup.corrections", 0, offset)


class Words(NamedTuple):
    """What corrections say in the end: which were accepted, and of the records they name which are the same and which not."""

    accepted: dict[str, bool]
    same: list[frozenset[str]]
    different: list[tuple[str, str]]


def words(messages: Iterable[Incoming]) -> Words:
    """Corrections taken one after the other, each tried out; no graph, no memory of reasons."""
    accepted: dict[str, bool] = {}
    stands: dict[str, dict[str, str]] = {}
    for item in sorted({m for m in messages if m.source == CORRECTIONS}, key=lambda m: m.offset):
        told = orjson.loads(item.value or b"")
        if told["action"] == "undo":
            accepted[told["id"]] = stands.pop(told["undoes"], None) is not None
        else:
            accepted[told["id"]] = _consistent([*stands.values(), told])
            if accepted[told["id"]]:
                stands[told["id"]] = told
    different = [(told["a"], told["b"]) for told in stands.values() if told["action"] == "different"]
    return Words(accepted, _classes(stands.values()), different)


def _classes(told: Iterable[dict[str, str]]) -> list[frozenset[str]]:
    classes: list[frozenset[str]] = []
    for one in told:
        if one["action"] == "same":
            joined = [c for c in classes if one["a"] in c or one["b"] in c]
            classes = [c for c in classes if c not in joined] + [frozenset({one["a"], one["b"]}).union(*joined)]
    return classes


def _consistent(told: Sequence[dict[str, str]]) -> bool:
    apart = [{one["a"], one["b"]} for one in told if one["action"] == "different"]
    return not any(pair <= members for pair in apart for members in _classes(told))


def pool_of(records: Iterable[Record], rules: Rules) -> RecordPool:
    """Records in memory, with the decisions that the Python API makes: none of the engine's code decides what is true."""
    pool = RecordPool(rules)
    pool.add((record, number) for number, record in enumerate(records))
    return pool


def true_partition(
    records: Iterable[Record], cap: int = 1000, said: Words | None = None, rules: Rules = DEFAULT
) -> Partition:
    """Every pair decided, groups by closure of the links, then `partition` under all that corrections imply; no Redis, no order."""
    pool = pool_of(records, rules)
    names = {key: entry.record.id for key, entry in pool.entries.items()}
    pairs = {(a, b): pool.pair(a, b) for a, b in combinations(sorted(names), 2)}
    found = partition(
        sorted(names),
        [Link(pair.link, a, b, pair.strength) for (a, b), pair in pairs.items() if pair.link is not None],
        [ends for ends, pair in pairs.items() if pair.veto],
        *_implied(said, names.values()),
        [Opposition(a, b, pair.opposes) for (a, b), pair in pairs.items() if pair.opposes],
    )
    assert max(map(len, found), default=0) <= cap
    return {frozenset(names[member] for member in members) for members in found}


Relations = set[tuple[frozenset[str], str, str, str]]
"""(the cluster's records, kind, the record in it, the record that is not)."""


def true_relations(records: Iterable[Record], clusters: Partition, rules: Rules = DEFAULT) -> Relations:
    """Every pair decided: the relations between records of different clusters, from both sides."""
    pool = pool_of(records, rules)
    home = {name: cluster for cluster in clusters for name in cluster}
    found: Relations = set()
    for a, b in combinations([entry.record.id for entry in pool.entries.values()], 2):
        if home[a] != home[b] and (kind := pool.relation(id_of(a), id_of(b))):
            found |= {(home[a], kind, a, b), (home[b], kind, b, a)}
    return found


def stored_relations(engine: Engine) -> Relations:
    """The relations as Redis has them."""
    return {
        (
            frozenset(_name(engine, member) for member in group.records(index)),
            relation.kind,
            _name(engine, relation.record),
            _name(engine, relation.other),
        )
        for _, group in engine.groups.all_groups()
        for index in range(len(group.clusters))
        for relation in group.relations(index)
    }


def told_relations(published: Iterable[Outgoing], topic: str) -> Relations:
    """The relations as the latest message of each cluster tells them."""
    latest: dict[bytes, dict[str, Any] | None] = {}
    for out in published:
        if out.topic == topic:
            message = orjson.loads(out.value) if out.value is not None else None
            known = latest.get(out.key)
            if topic == events.CLUSTERS or not known or (message and message["revision"] > known["revision"]):
                latest[out.key] = message
    return {
        (frozenset(state["after" if topic == events.EVENTS else "records"]), r["relation"], r["record"], r["other"])
        for state in latest.values()
        if state
        for r in state.get("relations", ())
    }


def _implied(said: Words | None, present: Iterable[str]) -> tuple[list[tuple[bytes, bytes]], list[tuple[bytes, bytes]]]:
    """Of the records that are there, all pairs that must be together and all that cannot."""
    if said is None:
        return [], []
    home = {name: members for members in said.same for name in members}
    apart = {frozenset((home.get(a, frozenset({a})), home.get(b, frozenset({b})))) for a, b in said.different}
    must, cannot = [], []
    for a, b in combinations(sorted(present), 2):
        homes = home.get(a, frozenset({a})), home.get(b, frozenset({b}))
        if homes[0] == homes[1]:
            must.append((id_of(a), id_of(b)))
        elif frozenset(homes) in apart:
            cannot.append((id_of(a), id_of(b)))
    return must, cannot


def standing(messages: Iterable[Incoming]) -> list[Record]:
    """The records that live when all messages were handled: of each the one the broker took in last."""
    latest: dict[str, tuple[int, Record | None]] = {}
    for item in messages:
        for parsed in () if item.source == CORRECTIONS else parse(item.source, item.value, item.key):
            assert not isinstance(parsed, Exception)
            if item.taken >= latest.get(parsed.id, (-1, None))[0]:
                latest[parsed.id] = (item.taken, parsed if isinstance(parsed, Record) else None)
    return [record for _, record in latest.values() if record]


def stored_partition(engine: Engine) -> dict[str, set[str]]:
    """Cluster id -> records, as Redis has it."""
    clusters: dict[str, set[str]] = {}
    for _, group in engine.groups.all_groups():
        for index, cluster in enumerate(group.clusters):
            if members := group.records(index):
                name = cluster_id(cluster.key)
                assert name not in clusters, "two groups hold one cluster"
                clusters[name] = {_name(engine, member) for member in members}
    return clusters


def _name(engine: Engine, member: bytes) -> str:
    (blob,) = engine.connection.execute([engine.store.get_document(member)])
    return engine.store.record(blob).id


def fold_events(published: Iterable[Outgoing]) -> dict[str, set[str]]:
    """Cluster id -> records, from `dedup.events` alone; checks what is promised of each cluster's events."""
    published = list(published)
    early = out_of_turn(published)
    assert not early, f"events that came before one they follow, or it was never published: {early}"
    by_cluster: dict[str, dict[int, dict[str, Any]]] = defaultdict(dict)
    for out in published:
        if out.topic != events.EVENTS:
            continue
        event = orjson.loads(out.value or b"")
        assert out.key.decode() == event["cluster_id"]
        history = by_cluster[event["cluster_id"]]
        assert event["revision"] <= len(history) + 1, (
            f"an event came before one of its cluster that it follows: {event}"
        )
        known = history.setdefault(event["revision"], event)
        assert known == event, f"one event id with two meanings: {known}, {event}"
    state: dict[str, set[str]] = {}
    for name, by_revision in by_cluster.items():
        members: list[str] = []
        for event in by_revision.values():
            assert event["before"] == members, "an event does not follow from the one before"
            members = event["after"]
        if members:
            state[name] = set(members)
    return state


def fold_clusters(published: Iterable[Outgoing]) -> dict[str, set[str]]:
    """Cluster id -> records, from `dedup.clusters`: the last message of each key."""
    latest: dict[str, dict[str, Any] | None] = {}
    for out in published:
        if out.topic == events.CLUSTERS:
            latest[out.key.decode()] = orjson.loads(out.value) if out.value is not None else None
    return {name: set(state["records"]) for name, state in latest.items() if state}


def out_of_turn(published: Iterable[Outgoing]) -> list[str]:
    """The ids of events that came before one of their cluster that they follow."""
    latest: Counter[bytes] = Counter()
    early = []
    for out in published:
        if out.topic == events.EVENTS:
            event = orjson.loads(out.value or b"")
            if event["revision"] > latest[out.key] + 1:
                early.append(event["event_id"])
            latest[out.key] = max(latest[out.key], event["revision"])
    return early


def event_ids(published: Iterable[Outgoing]) -> set[str]:
    return {orjson.loads(out.value or b"")["event_id"] for out in published if out.topic == events.EVENTS}


def settle(engine: Engine, batch: Batch, publish: Any) -> None:
    """Publish a batch and what acknowledging it brings, to the end."""
    while not batch.is_empty:
        publish(batch.outgoing)
        batch = engine.outbox.acknowledge(batch)


def handle(engine: Engine, messages: Sequence[Incoming], publish: Any) -> None:
    """A micro-batch to the end, as a worker does it."""
    settle(engine, engine.process(messages), publish)


def drain(engine: Engine, publish: Any) -> None:
    """What a worker does when it starts."""
    settle(engine, engine.outbox.drain(), publish)


def finish(engine: Engine, publish: Any) -> None:
    """What a worker does when it has partitions and some time went by."""
    settle(engine, engine.finish(engine.groups.begun()), publish)


def make_due(connection: Connection, key: bytes) -> int:
    """All states that are to be told again some time are to be told now; returns how many."""
    members = connection.call("ZRANGE", key, 0, -1)
    for member in members:
        connection.call("ZADD", key, 0, member)
    return len(members)


def repeat(engine: Engine, publish: Any) -> None:
    """What workers do in the quarter of an hour after a drain, as if it were over."""
    key = Layout(engine.settings.namespace, engine.settings.generation, engine.settings.buckets).late
    while make_due(engine.connection, key):
        while (batch := engine.outbox.repeat()).outgoing:
            settle(engine, batch, publish)


def differences(engine: Engine, published: Iterable[Outgoing]) -> list[Difference]:
    """What `streams verify` would report."""
    values = Values()
    told, states = EventFold(values), ClusterFold(values)
    for out in published:
        if out.topic == events.EVENTS:
            told.add(out.key, out.value or b"")
        elif out.topic == events.CLUSTERS:
            states.add(out.key, out.value)
    findings = Audit(engine.settings, engine.connection).scan_all(values)
    return compare(findings, told, states, values, lambda _: False, Counter())


def check(engine: Engine, published: Sequence[Outgoing], messages: Iterable[Incoming], rules: Rules = DEFAULT) -> None:
    """Redis, both folded topics and the truth agree; so do the verdicts on corrections, and `streams verify` says so."""
    log = list(messages)
    stored, records, said = stored_partition(engine), standing(log), words(log)
    assert {v.correction.id: v.accepted for v in engine.corrections.all()} == said.accepted
    truth = true_partition(records, said=said, rules=rules)
    assert {frozenset(members) for members in stored.values()} == truth
    assert fold_events(published) == stored
    assert fold_clusters(published) == stored
    related = true_relations(records, truth, rules)
    assert stored_relations(engine) == related, (stored_relations(engine) - related, related - stored_relations(engine))
    assert told_relations(published, events.EVENTS) == related
    assert told_relations(published, events.CLUSTERS) == related
    found = differences(engine, published)
    assert found == [], [str(difference)[:200] for difference in found]
