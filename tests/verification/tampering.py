"""What can be wrong in Redis or in what was published, made wrong; and the codes that name it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import orjson

from streams import events
from streams.clusters.group import Member, Ruling, cluster_id
from streams.events import Outgoing
from streams.matching.blocking import blocking_keys
from streams.records.stored import id_of
from streams.state.key_index import Entry
from streams.state.places import places_of
from tests.verification.stage import Stage

Tamper = Callable[[Stage], Any]


def outdated_member(stage: Stage) -> None:
    _, group = stage.home("u:erratum")
    stage.rewrite("u:erratum", members=(msgspec.structs.replace(group.members[0], digest=b"xxxxxx"),))


def pointer_to_another_group(stage: Stage) -> None:
    pointing = next(name for name in ("s:kept", "t:merged") if stage.home(name)[0] != id_of(name))
    stage.put_group(id_of(pointing), stage.engine.groups.pointer(stage.home("u:erratum")[0]))


def member_of_no_cluster(stage: Stage) -> None:
    stage.rewrite("u:erratum", members=(Member(id_of("u:erratum"), b"xxxxxx", 7),))


def frozen(stage: Stage) -> None:
    root, group = stage.home("u:erratum")
    raw = stage.engine.groups.encode(root, group)
    stage.put_group(root, stage.engine.groups.frozen(raw, stage.home("s:kept")[0]))


def redirect_to_nowhere(stage: Stage) -> None:
    _, group = stage.home("t:merged")
    stage.rewrite("t:merged", merged=dict.fromkeys(group.merged, id_of("no:body")))


def redirect_of_one_that_stands(stage: Stage) -> None:
    _, group = stage.home("t:merged")
    key = group.clusters[0].key
    stage.rewrite("t:merged", merged=group.merged | {key: key})


def pending_event(stage: Stage) -> None:
    """As if a worker had died between the commit and the publication."""
    stage.leave_pending(stage.published.pop(stage.events(stage.cluster("s:kept"))[-1]))


def out_of_a_key(stage: Stage) -> None:
    features = stage.engine.store.features(stored_features(stage, "u:erratum"))
    first = places_of(stage.layout, blocking_keys(features)[:1])
    stage.connection.execute(stage.engine.index.remove(id_of("u:erratum"), first))


def old_signature(stage: Stage) -> None:
    features = stage.engine.store.features(stored_features(stage, "u:erratum"))
    stage.connection.execute(
        stage.engine.index.add([Entry(id_of("u:erratum"), b"old!", places_of(stage.layout, blocking_keys(features)))])
    )


def stored_features(stage: Stage, record: str) -> bytes:
    (reply,) = stage.connection.execute([stage.engine.store.get(id_of(record))])
    stored = stage.engine.store.stored(reply)
    assert stored is not None
    return stored.features


def garbage_for_a_group(stage: Stage) -> None:
    stage.put_group(stage.home("u:erratum")[0], b"=garbage")


def garbage_for_a_record(stage: Stage) -> None:
    record = id_of("u:erratum")
    stage.connection.call("HSET", stage.layout.records(record), record, b"\1garbage")


def pointers_in_a_circle(stage: Stage) -> None:
    root = stage.home("u:erratum")[0]
    stage.put_group(root, stage.engine.groups.pointer(root))


def without_rulings(stage: Stage) -> None:
    stage.rewrite("s:a", rulings=())


def an_older_ruling(stage: Stage) -> None:
    _, group = stage.home("s:a")
    stage.rewrite("s:a", rulings=tuple(msgspec.structs.replace(ruling, serial=0) for ruling in group.rulings))


def against_a_ruling(stage: Stage) -> None:
    """Who is one by a correction is two: the members of the cluster are put apart."""
    _, group = stage.home("s:a")
    alone = group.member(id_of("s:alone"))
    other = group.member(id_of("t:b"))
    assert alone is not None
    assert other is not None
    moved = tuple(
        msgspec.structs.replace(member, cluster=other.cluster) if member is alone else member
        for member in group.members
    )
    stage.rewrite("s:a", members=moved)


def ruling_of_nobody(stage: Stage) -> None:
    a, b = sorted((id_of("u:erratum"), id_of("no:body")))
    stage.rewrite("u:erratum", rulings=(Ruling(a, b, 1, 1),))


def without_the_last_verdict(stage: Stage) -> None:
    stage.connection.call("HDEL", stage.layout.corrections, "k2")


def without_the_first_verdict(stage: Stage) -> None:
    stage.connection.call("HDEL", stage.layout.corrections, "k1")


def garbage_for_a_verdict(stage: Stage) -> None:
    stage.connection.call("HSET", stage.layout.corrections, "k1", b"{}")


def last_event(stage: Stage, record: str) -> int:
    return stage.events(stage.cluster(record))[-1]


def another_type(stage: Stage) -> None:
    stage.edit(last_event(stage, "u:erratum"), type="split")


def unreadable_event(stage: Stage) -> None:
    message = Outgoing(events.EVENTS, stage.cluster("u:erratum").encode(), b"nonsense")
    stage.published.append(message)


def two_contents(stage: Stage) -> None:
    place = last_event(stage, "u:erratum")
    stage.published.append(stage.published[place])
    stage.edit(len(stage.published) - 1, causes=["s:a"])


def without_a_middle_event(stage: Stage) -> None:
    del stage.published[stage.events(stage.cluster("s:a"))[1]]


def without_the_first_event(stage: Stage) -> None:
    del stage.published[stage.events(stage.cluster("s:a"))[0]]


def without_the_last_event(stage: Stage) -> None:
    del stage.published[last_event(stage, "s:kept")]


def without_events(stage: Stage) -> None:
    for place in reversed(stage.events(stage.cluster("s:kept"))):
        del stage.published[place]


def without_the_end(stage: Stage) -> None:
    """The last event of the cluster whose record was deleted."""
    name = stage.engine.groups.resolve([id_of("s:gone")])[id_of("s:gone")].group.clusters[0].key
    del stage.published[stage.events(cluster_id(name))[-1]]


def from_elsewhere(stage: Stage) -> None:
    stage.edit(stage.events(stage.cluster("s:a"))[1], before=["x:x"], after=["x:x", "y:y"], type="record_added")


def into_another(stage: Stage) -> None:
    place = next(
        n
        for n, out in enumerate(stage.published)
        if out.topic == events.EVENTS and b'"merged_into"' in (out.value or b"")
    )
    stage.edit(place, merged_into=[stage.cluster("u:erratum")])


def no_state(stage: Stage) -> None:
    name = stage.cluster("u:erratum")
    stage.published.append(Outgoing(events.CLUSTERS, name.encode(), b'{"cluster_id": "' + name.encode() + b'"}'))


def without_a_state(stage: Stage) -> None:
    for place in reversed(stage.states(stage.cluster("u:erratum"))):
        del stage.published[place]


def ghost(stage: Stage) -> None:
    place = stage.states(stage.cluster("u:erratum"))[-1]
    name = "caaaaaaaaaaaaa"
    stage.published.append(stage.published[place]._replace(key=name.encode()))
    stage.edit(len(stage.published) - 1, cluster_id=name)


def without_a_tombstone(stage: Stage) -> None:
    place = next(n for n, out in enumerate(stage.published) if out.topic == events.CLUSTERS and out.value is None)
    del stage.published[place]


def an_older_state(stage: Stage) -> None:
    stage.published.append(stage.published[stage.states(stage.cluster("s:kept"))[0]])


def another_document(stage: Stage) -> None:
    place = stage.states(stage.cluster("u:erratum"))[-1]
    stage.edit(place, document=orjson.loads(stage.published[place].value or b"")["document"] | {"volume": "7"})


def another_document_in_the_last_event(stage: Stage) -> None:
    place = last_event(stage, "u:erratum")
    stage.edit(place, document=orjson.loads(stage.published[place].value or b"")["document"] | {"volume": "7"})


def an_older_group(stage: Stage) -> None:
    """As a Redis that forgot its last writes."""
    _, group = stage.home("u:erratum")
    cluster = group.clusters[0]
    stage.rewrite("u:erratum", clusters=(msgspec.structs.replace(cluster, revision=cluster.revision - 1),))


def a_cluster_that_ended(stage: Stage) -> None:
    for publish in (events.EVENTS, events.CLUSTERS):
        name = stage.cluster("u:erratum")
        place = stage.events(name)[-1] if publish == events.EVENTS else stage.states(name)[-1]
        if publish == events.CLUSTERS:
            stage.published.append(stage.published[place]._replace(value=None))
            continue
        told = orjson.loads(stage.published[place].value or b"")
        told |= {"type": "record_removed", "before": told["after"], "after": [], "revision": told["revision"] + 1}
        told["event_id"] = f"{name}:{told['revision']}"
        stage.published.append(stage.published[place]._replace(value=orjson.dumps(told)))


def events_of_nothing(stage: Stage) -> None:
    place = stage.events(stage.cluster("u:erratum"))[0]
    name = "caaaaaaaaaaaaa"
    stage.published.append(stage.published[place]._replace(key=name.encode()))
    stage.edit(len(stage.published) - 1, cluster_id=name, event_id=f"{name}:1")


CASES: list[tuple[Tamper, set[str]]] = [
    (lambda stage: stage.drop("groups", "u:erratum"), {"record_without_cluster", "redis_missing"}),
    (lambda stage: stage.drop("documents", "t:b"), {"document_missing", "redis_missing", "redis_differs"}),
    (lambda stage: stage.drop("records", "t:b"), {"member_not_live", "redis_missing", "redis_differs"}),
    (outdated_member, {"member_outdated"}),
    (pointer_to_another_group, {"record_without_cluster", "pointer_differs"}),
    (member_of_no_cluster, {"group_malformed", "redis_missing"}),
    (frozen, {"group_frozen", "redis_missing"}),
    (redirect_to_nowhere, {"redirect_broken", "redirect_differs"}),
    (redirect_of_one_that_stands, {"redirect_broken"}),
    (pending_event, {"event_owed", "events_differ"}),
    (out_of_a_key, {"key_missing"}),
    (old_signature, {"key_outdated"}),
    (garbage_for_a_group, {"unreadable", "redis_missing"}),
    (garbage_for_a_record, {"unreadable", "redis_missing"}),
    (pointers_in_a_circle, {"unreadable", "redis_missing"}),
    (without_rulings, {"correction_not_applied"}),
    (an_older_ruling, {"correction_not_applied"}),
    (against_a_ruling, {"correction_not_followed", "redis_differs"}),
    (ruling_of_nobody, {"correction_unknown", "pointer_differs"}),
    (without_the_last_verdict, {"correction_unknown"}),
    (without_the_first_verdict, {"correction_unknown", "correction_gap"}),
    (garbage_for_a_verdict, {"correction_gap"}),
    (another_type, {"event_malformed"}),
    (unreadable_event, {"event_malformed"}),
    (two_contents, {"event_conflict"}),
    (without_a_middle_event, {"event_gap"}),
    (without_the_first_event, {"event_gap"}),
    (without_the_last_event, {"events_differ"}),
    (without_events, {"events_missing"}),
    (without_the_end, {"events_ghost"}),
    (from_elsewhere, {"event_chain"}),
    (into_another, {"redirect_differs"}),
    (no_state, {"state_malformed", "clusters_missing"}),
    (without_a_state, {"clusters_missing"}),
    (ghost, {"clusters_ghost"}),
    (without_a_tombstone, {"clusters_ghost"}),
    (an_older_state, {"clusters_differ"}),
    (another_document, {"clusters_differ"}),
    (another_document_in_the_last_event, {"events_differ"}),
    (an_older_group, {"redis_differs"}),
    (a_cluster_that_ended, {"redis_ghost"}),
    (events_of_nothing, {"events_ghost"}),
]
